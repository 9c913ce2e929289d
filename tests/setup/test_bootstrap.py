# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""bootstrap.sh as it is, on a copy of itself with locks of one tiny wheel. No network.

In: the script, the uv that it finds. Out: environments in temporary folders.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON39 = os.path.realpath(sys.executable)
SYSTEM_PATH = "/usr/bin:/bin"


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def linked_python(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.symlink_to(PYTHON39)
    return path


def find_python(path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bootstrap.sh", "--find-python"],
        env={"PATH": path, "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_finder_skips_a_shim_that_does_not_run(tmp_path: Path) -> None:
    executable(tmp_path / "shims" / "python3.9", "echo 'pyenv: python3.9: not found' >&2; exit 127")
    real = linked_python(tmp_path / "a folder" / "python3.9")
    found = find_python(f"{tmp_path}/shims:{tmp_path}/a folder:{SYSTEM_PATH}")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{real}\n", "")


def test_the_finder_skips_another_version_under_the_right_name(tmp_path: Path) -> None:
    disguise = "import sys; sys.version_info = (3, 8, 20); exec(sys.argv[1])"
    executable(tmp_path / "other" / "python3.9", f'exec "{PYTHON39}" -c "{disguise}" "$2"')
    real = linked_python(tmp_path / "here" / "python3")
    assert find_python(f"{tmp_path}/other:{tmp_path}/here:{SYSTEM_PATH}").stdout == f"{real}\n"


def test_the_finder_looks_behind_pyenv_shims(tmp_path: Path) -> None:
    executable(tmp_path / "shims" / "python3.9", "exit 127")
    linked_python(tmp_path / "pyenv" / "versions" / "3.10.1" / "bin" / "python3")
    real = linked_python(tmp_path / "pyenv" / "versions" / "3.9.1" / "bin" / "python3")
    for tool in ("dirname", "ls"):
        (tmp_path / "shims" / tool).symlink_to(str(shutil.which(tool)))
    found = find_python(f"{tmp_path}/shims", PYENV_ROOT=str(tmp_path / "pyenv"))
    assert found.stdout == f"{real}\n"


def test_a_named_python_that_is_not_39_is_refused_in_one_line(tmp_path: Path) -> None:
    wrong = executable(tmp_path / "python", "exit 1")
    found = find_python(SYSTEM_PATH, PYTHON39=str(wrong))
    assert found.returncode == 1
    assert found.stderr.startswith("bootstrap: PYTHON39=")
    assert found.stderr.count("\n") == 1


def tiny_wheel(folder: Path, version: str) -> str:
    """Write a wheel of one empty module; return its line in a lock."""
    folder.mkdir(exist_ok=True)
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            record += f"{name},sha256={digest.decode()},{len(text)}\n"
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A copy of the script with its own locks, whose packages come from a local folder."""

    def __init__(self, folder: Path, uv: str) -> None:
        self.folder = folder
        self.requirements = folder / "requirements"
        self.requirements.mkdir()
        shutil.copy(ROOT / "bootstrap.sh", folder)
        (self.requirements / "build.lock").write_text("")
        self._environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(folder),
            "UV": uv,
            "PYTHON39": PYTHON39,
            "UV_FIND_LINKS": str(folder / "wheels"),
            "UV_OFFLINE": "1",
            "UV_CACHE_DIR": str(folder / "uv-cache"),
        }
        for name in ("serving", "train", "experiments", "dev"):
            self.lock(name, "1.0")

    def lock(self, name: str, version: str) -> None:
        line = tiny_wheel(self.folder / "wheels", version)
        (self.requirements / f"{name}.lock").write_text(f"# {name}\n{line}", encoding="utf-8")

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["./bootstrap.sh", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def synced(self, *arguments: str) -> str:
        """Run it, and return what it said: nothing when there was nothing to do."""
        done = self.bootstrap(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def installed(self) -> str:
        python = self.folder / ".venv" / "bin" / "python"
        command = [str(python), "-c", "import tiny; print(tiny.version)"]
        return subprocess.check_output(command, text=True).strip()

    def stamps(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".venv").glob("sync*"))


@pytest.fixture(scope="module")
def uv() -> str:
    found = subprocess.run(
        [ROOT / "bootstrap.sh", "--find-uv"], capture_output=True, text=True, check=True
    )
    return str((ROOT / found.stdout.strip()).resolve())


@pytest.fixture
def checkout(tmp_path: Path, uv: str) -> Checkout:
    return Checkout(tmp_path, uv)


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    assert "syncing .venv to requirements/serving.lock" in checkout.synced("serving")
    assert checkout.installed() == "1.0"
    assert checkout.synced("serving") == ""


def test_sets_do_not_undo_each_other(checkout: Checkout) -> None:
    checkout.synced("serving")
    assert "requirements/dev.lock" in checkout.synced("dev")
    assert checkout.synced("serving") == ""
    assert checkout.synced("train") == ""
    checkout.lock("dev", "2.0")
    assert "requirements/dev.lock" in checkout.synced("serving")
    assert checkout.installed() == "2.0"


def test_a_set_beside_another_brings_what_holds_both(checkout: Checkout) -> None:
    assert "requirements/experiments.lock" in checkout.synced("experiments")
    assert checkout.synced("experiments") == ""
    assert "requirements/dev.lock" in checkout.synced("serving")
    assert checkout.synced("experiments") == ""
    assert checkout.stamps() == ["synced-dev-cpu.lock"]


def test_experiments_do_not_undo_what_trains(checkout: Checkout) -> None:
    checkout.synced("train")
    assert "requirements/dev.lock" in checkout.synced("experiments")
    assert checkout.synced("train") == ""


def test_a_package_with_another_hash_is_refused_and_leaves_no_stamp(checkout: Checkout) -> None:
    checkout.synced("serving")
    lock = checkout.requirements / "serving.lock"
    good = lock.read_text(encoding="utf-8")
    checkout.lock("serving", "2.0")
    lock.write_text(lock.read_text(encoding="utf-8")[:-6] + "00000\n", encoding="utf-8")
    done = checkout.bootstrap("serving")
    assert done.returncode == 1
    assert "bootstrap: the packages of requirements/serving.lock" in done.stderr
    assert not [name for name in checkout.stamps() if name.startswith("synced")]
    lock.write_text(good, encoding="utf-8")
    assert "syncing" in checkout.synced("serving")
    assert checkout.synced("serving") == ""


def test_a_dev_sync_that_was_cut_short_is_finished_as_dev(checkout: Checkout) -> None:
    checkout.synced("dev")
    stamp = checkout.folder / ".venv" / "synced-dev-cpu.lock"
    stamp.rename(stamp.with_name("syncing-dev-cpu.lock"))
    assert "requirements/dev.lock" in checkout.synced("serving")
    assert checkout.stamps() == ["synced-dev-cpu.lock"]


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.synced("serving")
    python = checkout.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.9")
    assert "syncing" in checkout.synced("serving")
    assert checkout.installed() == "1.0"


@pytest.mark.skipif(shutil.which("flock") is None, reason="this machine has no flock")
def test_two_at_a_time_sync_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(checkout.synced, ["serving", "serving"]))
    assert sum("syncing" in text for text in said) == 1
    assert checkout.installed() == "1.0"


@pytest.mark.parametrize(
    "arguments", [("everything",), ("serving", "tpu"), ("dev", "gpu"), ("experiments", "gpu")]
)
def test_an_unknown_set_or_device_is_refused(checkout: Checkout, arguments: tuple[str]) -> None:
    done = checkout.bootstrap(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: there is no set")
    assert done.stderr.count("\n") == 1
