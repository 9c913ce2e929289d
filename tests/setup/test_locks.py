# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The locks: what pyproject.toml asks for, pinned, hashed, alike in every set, naming no host.

In: pyproject.toml and requirements/*.lock. No network.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
SETS = {
    "serving": ("serving",),
    "train": ("serving", "train"),
    "experiments": ("experiments",),
    "dev": ("serving", "train", "experiments", "dev"),
    "gpu": ("gpu",),
    "train-gpu": ("gpu", "train"),
}
DROPPED = {"grpcio-tools", "opencv-python", "pyclipper", "shapely"}


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(package): version
        for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def asked_for(project: dict[str, Any], extras: tuple[str, ...]) -> list[Requirement]:
    table = project["project"]
    lines = table["dependencies"] + [
        line for extra in extras for line in table["optional-dependencies"][extra]
    ]
    requirements = [Requirement(line) for line in lines]
    return [r for r in requirements if r.name != table["name"]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, re.MULTILINE), "an option line"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_nothing_that_reports_to_its_makers(lock: Path) -> None:
    assert "openvino-telemetry" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_line_of_a_lock_is_an_exact_pin_with_a_hash(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").strip().splitlines()
    assert entries
    for entry in entries:
        assert re.fullmatch(
            r"[\w.-]+==[\w.+!]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry
        )


@pytest.mark.parametrize("name", SETS)
def test_a_lock_satisfies_what_pyproject_asks_for(project: dict[str, Any], name: str) -> None:
    locked = pins(name)
    for requirement in asked_for(project, SETS[name]):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run make lock"
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", SETS)
def test_a_lock_obeys_the_overrides(project: dict[str, Any], name: str) -> None:
    locked = pins(name)
    assert not DROPPED & set(locked)
    for line in project["tool"]["uv"]["override-dependencies"]:
        requirement = Requirement(line)
        version = locked.get(canonicalize_name(requirement.name))
        if version is not None:
            assert requirement.specifier.contains(version), requirement


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [("serving", "train"), ("train", "dev"), ("experiments", "dev"), ("gpu", "train-gpu")],
)
def test_a_larger_set_holds_the_very_pins_of_the_smaller(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()


def test_what_reads_experiments_is_of_the_versions_that_serve() -> None:
    serving, experiments = pins("serving"), pins("experiments")
    assert {n: serving[n] for n in experiments if n in serving}.items() <= experiments.items()
    assert not {"openvino", "paddlepaddle", "paddlenlp"} & set(experiments)


def test_the_gpu_sets_differ_from_the_others_by_two_packages() -> None:
    assert set(pins("gpu")) ^ set(pins("serving")) == {
        "paddlepaddle",
        "paddlepaddle-gpu",
        "paddle-serving-server",
        "paddle-serving-server-gpu",
    }


def test_what_serves_has_no_training_package() -> None:
    for name in ("serving", "gpu"):
        assert not {"paddlenlp", "tqdm", "datasets", "pandas"} & set(pins(name))


# Refuses what the serving set lacks, as an environment with that set alone would.
_IMPORT_WITH_SERVING_SET = """
import importlib.abc, importlib.metadata, sys

serving = set(sys.argv[1].split(","))
kept, others = set(), set()
for distribution in importlib.metadata.distributions():
    name = distribution.metadata["Name"].lower().replace("_", "-").replace(".", "-")
    tops = {str(file).split("/")[0].split(".")[0] for file in distribution.files or []}
    (kept if name in serving else others).update(tops)

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in others - kept:
            raise ModuleNotFoundError(f"{name} is not in requirements/serving.lock", name=name)

sys.meta_path.insert(0, Refuse())
try:
    import paddlenlp
except ModuleNotFoundError:
    import pipeline.web_service, paddle_serving_app.local_predict
    print("imported")
"""


def test_the_service_imports_nothing_beyond_the_serving_set(tmp_path: Path) -> None:
    """The environment under test holds more, so such an import would pass unseen."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_WITH_SERVING_SET, ",".join(pins("serving"))],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "imported\n"), done.stderr
