# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The locks: what pyproject.toml asks for, pinned, hashed, the same in all of a set; no host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.sets import ON_CARD

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").rglob("*.lock"))
# what each holds of pyproject.toml
PARTS = {
    "modern/serving": ("serving",),
    "modern/export": ("serving", "export"),
    "modern/experiments": ("experiments",),
    "modern/dev": ("serving", "experiments", "export", "dev"),
    "card/serving": ("serving",),
    "card/train": ("serving", "train"),
    "card/test": ("serving", "train", "test"),
    "card/serving-gpu": ("gpu",),
    "card/train-gpu": ("gpu", "train"),
}
PYTHON = {"modern": "3.12", "card": "3.9"}
OURS = "ranking-stack"
SET = "card" if ON_CARD else "modern"
# installed where the tests run, and of no use to a service
NOT_SERVING = "paddlenlp" if ON_CARD else "pytest"
DROPPED = {"grpcio-tools", "opencv-python", "pyclipper", "shapely"}


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(package): version
        for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def applies(requirement: Requirement, lock: str) -> bool:
    """Whether it is asked of this lock's Python."""
    version = PYTHON[lock.split("/")[0]]
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def asked_for(project: dict[str, Any], lock: str) -> list[Requirement]:
    table = project["project"]
    lines = table["dependencies"] + [
        line for extra in PARTS[lock] for line in table["optional-dependencies"][extra]
    ]
    requirements = [Requirement(line) for line in lines]
    return [r for r in requirements if r.name != OURS and applies(r, lock)]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_names_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, re.MULTILINE), "an option line"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_holds_nothing_that_reports_to_its_makers(lock: Path) -> None:
    assert "openvino-telemetry" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_line_of_a_lock_is_an_exact_pin_with_a_hash(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").strip().splitlines()
    assert entries
    for entry in entries:
        assert re.fullmatch(
            r"[\w.-]+==[\w.+!]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry
        )


@pytest.mark.parametrize("name", PARTS)
def test_a_lock_satisfies_what_pyproject_asks_for(project: dict[str, Any], name: str) -> None:
    locked = pins(name)
    for requirement in asked_for(project, name):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run make lock"
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", PARTS)
def test_a_lock_obeys_the_overrides(project: dict[str, Any], name: str) -> None:
    locked = pins(name)
    assert not DROPPED & set(locked)
    for line in project["tool"]["uv"]["override-dependencies"]:
        requirement = Requirement(line)
        version = locked.get(canonicalize_name(requirement.name))
        if version is not None and applies(requirement, name):
            assert requirement.specifier.contains(version), requirement


def test_the_two_sets_are_locked_for_their_pythons() -> None:
    for lock in LOCKS:
        if lock.parent.name in PYTHON:
            text = lock.read_text(encoding="utf-8")
            assert "python_version" not in text, "markers are gone where one Python is meant"
    modern, card = pins("modern/serving"), pins("card/serving")
    assert (modern["paddlepaddle"], card["paddlepaddle"]) == ("3.3.1", "2.6.2")
    assert "tokenizers" in modern
    assert {"fast-tokenizer-python", "paddle-serving-client"} <= set(card)
    assert not {"fast-tokenizer-python", "paddle-serving-client"} & set(modern)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("modern/serving", "modern/export"),
        ("modern/export", "modern/dev"),
        ("modern/experiments", "modern/dev"),
        ("card/serving", "card/train"),
        ("card/train", "card/test"),
        ("card/serving-gpu", "card/train-gpu"),
    ],
)
def test_a_larger_part_holds_the_very_pins_of_the_smaller(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()


def test_what_reads_experiments_is_of_the_versions_that_serve() -> None:
    serving, experiments = pins("modern/serving"), pins("modern/experiments")
    assert {n: serving[n] for n in experiments if n in serving}.items() <= experiments.items()
    assert not {"openvino", "paddlepaddle", "paddlenlp"} & set(experiments)


def test_the_gpu_parts_differ_from_the_others_by_two_packages() -> None:
    assert set(pins("card/serving-gpu")) ^ set(pins("card/serving")) == {
        "paddlepaddle",
        "paddlepaddle-gpu",
        "paddle-serving-server",
        "paddle-serving-server-gpu",
    }


def test_what_serves_has_no_training_package() -> None:
    for name in ("modern/serving", "card/serving", "card/serving-gpu"):
        assert not {"paddlenlp", "datasets", "pandas", "nncf"} & set(pins(name))


def test_what_serves_on_modern_has_neither_tests_nor_downloads() -> None:
    left_out = {"pytest", "huggingface-hub", "paddle2onnx", "onnx"}
    assert not left_out & set(pins("modern/serving"))


# Refuses what the serving set lacks, as an environment with that set alone would.
_IMPORT_WITH_SERVING_SET = """
import importlib.abc, importlib.metadata, sys

serving = set(sys.argv[1].split(","))
kept, others = set(), set()
for distribution in importlib.metadata.distributions():
    name = distribution.metadata["Name"].lower().replace("_", "-").replace(".", "-")
    files = [str(file) for file in distribution.files or []]
    if name in serving:
        # setuptools brings some packages inside itself
        files += [file.split("/_vendor/")[1] for file in files if "/_vendor/" in file]
    tops = {file.split("/")[0].split(".")[0] for file in files}
    (kept if name in serving else others).update(tops)

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in others - kept:
            raise ModuleNotFoundError(f"{name} is not in the lock of what serves", name=name)

sys.meta_path.insert(0, Refuse())
try:
    __import__(sys.argv[2])
except ModuleNotFoundError as error:
    assert "is not in the lock" in str(error), error
    import pipeline.web_service, pipeline.dag.paddle_serving, paddle_serving_app.local_predict
    import pipeline.edges.http.server, pipeline.dag.build, pipeline.engines.openvino
    import pipeline.edges.rpc.edge
    print("imported")
"""


def test_the_service_imports_nothing_beyond_the_serving_part(tmp_path: Path) -> None:
    """The environment under test holds more, so such an import would pass unseen."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _IMPORT_WITH_SERVING_SET,
            ",".join(pins(f"{SET}/serving")),
            NOT_SERVING,
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "imported\n"), done.stderr
