# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""bootstrap.sh on a copy of itself, with locks of one tiny wheel, without network."""

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

from tests.sets import modern_only

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PATH = "/usr/bin:/bin"
# the set whose Python runs these tests, the variable that names that Python, and its version
SET, NAMED = ("card", "PYTHON_CARD") if sys.version_info < (3, 10) else ("modern", "PYTHON_MODERN")
MINOR = sys.version_info[1]
PYTHON = os.path.realpath(sys.executable)


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def linked_python(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.symlink_to(PYTHON)
    return path


def find_python(path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bootstrap.sh", "--find-python"],
        env={"PATH": path, "HOME": "/nonexistent", "SET": SET, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_finder_skips_a_shim_that_does_not_run(tmp_path: Path) -> None:
    executable(tmp_path / "shims" / f"python3.{MINOR}", "echo 'pyenv: not found' >&2; exit 127")
    real = linked_python(tmp_path / "a folder" / f"python3.{MINOR}")
    found = find_python(f"{tmp_path}/shims:{tmp_path}/a folder:{SYSTEM_PATH}")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{real}\n", "")


def test_the_finder_skips_another_version_under_the_right_name(tmp_path: Path) -> None:
    disguise = "import sys; sys.version_info = (3, 8, 20); exec(sys.argv[1])"
    executable(tmp_path / "other" / f"python3.{MINOR}", f'exec "{PYTHON}" -c "{disguise}" "$2"')
    real = linked_python(tmp_path / "here" / "python3")
    assert find_python(f"{tmp_path}/other:{tmp_path}/here:{SYSTEM_PATH}").stdout == f"{real}\n"


def test_the_finder_looks_behind_pyenv_shims(tmp_path: Path) -> None:
    executable(tmp_path / "shims" / f"python3.{MINOR}", "exit 127")
    linked_python(tmp_path / "pyenv" / "versions" / "3.10.1" / "bin" / "python3")
    real = linked_python(tmp_path / "pyenv" / "versions" / f"3.{MINOR}.1" / "bin" / "python3")
    for tool in ("dirname", "ls", "sed"):
        (tmp_path / "shims" / tool).symlink_to(str(shutil.which(tool)))
    found = find_python(f"{tmp_path}/shims", PYENV_ROOT=str(tmp_path / "pyenv"))
    assert found.stdout == f"{real}\n"


@pytest.mark.parametrize("set_name", ["modern", "card"])
def test_a_named_python_of_another_version_is_refused_in_one_line(
    tmp_path: Path, set_name: str
) -> None:
    wrong = executable(tmp_path / "python", "exit 1")
    variable = f"PYTHON_{set_name.upper()}"
    found = find_python(SYSTEM_PATH, SET=set_name, **{variable: str(wrong)})
    assert found.returncode == 1
    assert found.stderr.startswith(f"bootstrap: {variable}=")
    assert found.stderr.count("\n") == 1


VENV = {"modern": ".venv", "card": ".venv-card"}[SET]
# each holds those before it
PARTS = {"modern": ("serving", "export", "dev"), "card": ("serving", "train", "test")}[SET]
SMALLEST, MIDDLE, LARGEST = PARTS
BESIDE = "experiments"
LOCKS = f"requirements/{SET}"


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
            # without a time: written again later, it must still be what the lock says
            archive.writestr(zipfile.ZipInfo(name), text)
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\n")
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A copy of the script with its own locks, whose packages come from a local folder."""

    def __init__(self, folder: Path, uv: str) -> None:
        self.folder = folder
        self.requirements = folder / "requirements"
        self.requirements.mkdir()
        shutil.copy(ROOT / "bootstrap.sh", folder)
        for name in ("modern", "card"):
            (self.requirements / name).mkdir()
            (self.requirements / name / "build.lock").write_text("")
        self._environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(folder),
            "UV": uv,
            NAMED: PYTHON,
            "SET": SET,
            "UV_FIND_LINKS": str(folder / "wheels"),
            "UV_OFFLINE": "1",
            "UV_CACHE_DIR": str(folder / "uv-cache"),
        }
        for name in (*PARTS, BESIDE):
            self.lock(name, "1.0")

    def lock(self, name: str, version: str) -> None:
        line = tiny_wheel(self.folder / "wheels", version)
        path = self.requirements / SET / f"{name}.lock"
        path.write_text(f"# {name}\n{line}", encoding="utf-8")

    def bootstrap(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["./bootstrap.sh", *arguments],
            cwd=self.folder,
            env={**self._environment, **variables},
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
        python = self.folder / VENV / "bin" / "python"
        command = [str(python), "-c", "import tiny; print(tiny.version)"]
        return subprocess.check_output(command, text=True).strip()

    def stamps(self) -> list[str]:
        return sorted(path.name for path in (self.folder / VENV).glob("sync*"))


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
    assert f"syncing {VENV} to {LOCKS}/serving.lock" in checkout.synced("serving")
    assert checkout.installed() == "1.0"
    assert checkout.synced("serving") == ""


def test_parts_do_not_undo_each_other(checkout: Checkout) -> None:
    checkout.synced(SMALLEST)
    assert f"{LOCKS}/{LARGEST}.lock" in checkout.synced(LARGEST)
    assert checkout.synced(SMALLEST) == ""
    assert checkout.synced(MIDDLE) == ""
    checkout.lock(LARGEST, "2.0")
    assert f"{LOCKS}/{LARGEST}.lock" in checkout.synced(SMALLEST)
    assert checkout.installed() == "2.0"


@modern_only
def test_a_part_beside_another_brings_what_holds_both(checkout: Checkout) -> None:
    assert f"{LOCKS}/{BESIDE}.lock" in checkout.synced(BESIDE)
    assert checkout.synced(BESIDE) == ""
    assert f"{LOCKS}/{LARGEST}.lock" in checkout.synced(SMALLEST)
    assert checkout.synced(BESIDE) == ""
    assert checkout.stamps() == [f"synced-{LARGEST}-cpu.lock"]


@modern_only
def test_experiments_do_not_undo_what_exports(checkout: Checkout) -> None:
    checkout.synced(MIDDLE)
    assert f"{LOCKS}/{LARGEST}.lock" in checkout.synced(BESIDE)
    assert checkout.synced(MIDDLE) == ""


def test_a_package_with_another_hash_is_refused_and_leaves_no_stamp(checkout: Checkout) -> None:
    checkout.synced("serving")
    lock = checkout.requirements / SET / "serving.lock"
    good = lock.read_text(encoding="utf-8")
    checkout.lock("serving", "2.0")
    lock.write_text(lock.read_text(encoding="utf-8")[:-6] + "00000\n", encoding="utf-8")
    done = checkout.bootstrap("serving")
    assert done.returncode == 1
    assert f"bootstrap: the packages of {LOCKS}/serving.lock" in done.stderr
    assert not [name for name in checkout.stamps() if name.startswith("synced")]
    lock.write_text(good, encoding="utf-8")
    assert "syncing" in checkout.synced("serving")
    assert checkout.synced("serving") == ""


def test_a_sync_that_was_cut_short_is_finished_as_it_began(checkout: Checkout) -> None:
    checkout.synced(LARGEST)
    stamp = checkout.folder / VENV / f"synced-{LARGEST}-cpu.lock"
    stamp.rename(stamp.with_name(f"syncing-{LARGEST}-cpu.lock"))
    assert f"{LOCKS}/{LARGEST}.lock" in checkout.synced("serving")
    assert checkout.stamps() == [f"synced-{LARGEST}-cpu.lock"]


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.synced("serving")
    python = checkout.folder / VENV / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3")
    assert "syncing" in checkout.synced("serving")
    assert checkout.installed() == "1.0"


def test_an_environment_of_another_python_is_made_again_without_its_packages(
    checkout: Checkout,
) -> None:
    checkout.synced("serving")
    python = checkout.folder / VENV / "bin" / "python"
    left = checkout.folder / VENV / "left-by-the-other-python"
    left.touch()
    python.unlink()
    older = "import sys; sys.version_info = (3, 8); exec(sys.argv[1])"
    executable(python, f'exec "{PYTHON}" -c "{older}" "$2"')
    assert "syncing" in checkout.synced("serving")
    assert checkout.installed() == "1.0"
    assert not left.exists()


def test_a_folder_that_is_no_environment_keeps_its_files(
    checkout: Checkout, tmp_path: Path
) -> None:
    mine = tmp_path / "mine" / "notes.txt"
    mine.parent.mkdir()
    mine.touch()
    assert checkout.bootstrap("serving", VENV=str(mine.parent)).returncode == 0
    assert mine.exists()


def test_without_such_a_python_the_status_says_so(checkout: Checkout) -> None:
    other = {"modern": "card", "card": "modern"}[SET]
    shutil.copytree(checkout.requirements / SET, checkout.requirements / other, dirs_exist_ok=True)
    path = checkout.folder / "bin"
    path.mkdir()
    for name in (
        "sh",
        "dirname",
        "ls",
        "sed",
        "head",
        "grep",
        "cmp",
        "mkdir",
        "rmdir",
        "flock",
        "uname",
    ):
        found = shutil.which(name)
        if found:
            (path / name).symlink_to(found)
    done = checkout.bootstrap("serving", SET=other, PATH=str(path), UV_PYTHON_DOWNLOADS="never")
    assert done.returncode == 3, done.stderr
    assert not (checkout.folder / {"modern": ".venv", "card": ".venv-card"}[other]).exists()
    assert "install one, or name it with PYTHON_" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(shutil.which("flock") is None, reason="this machine has no flock")
def test_two_at_a_time_sync_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(checkout.synced, ["serving", "serving"]))
    assert sum("syncing" in text for text in said) == 1
    assert checkout.installed() == "1.0"


@pytest.mark.parametrize(
    "arguments",
    [("everything",), ("serving", "tpu"), ("dev", "gpu"), ("experiments", "gpu"), ("clients-3.8",)],
)
def test_an_unknown_part_or_device_is_refused(checkout: Checkout, arguments: tuple[str]) -> None:
    done = checkout.bootstrap(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("bootstrap: there is no part")
    assert done.stderr.count("\n") == 1


def test_an_unknown_set_is_refused(checkout: Checkout) -> None:
    done = checkout.bootstrap("serving", SET="old")
    assert (done.returncode, done.stderr) == (
        1,
        "bootstrap: there is no set 'old': take modern or card\n",
    )
