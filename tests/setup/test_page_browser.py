# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How make test finds a browser: it takes one that is there, installs as root, else says how."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "tests" / "pipeline" / "edges" / "http" / "page" / "browser.sh"


def run(programs: Path, **scripts: str) -> subprocess.CompletedProcess[str]:
    """Run it where only these programs are, each a line of shell."""
    for name in ("dirname", "tr", "sh"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    for name, line in scripts.items():
        program = programs / name.replace("_", "-")
        program.write_text(f"#!{programs}/sh\n{line}\n", encoding="utf-8")
        program.chmod(0o755)
    environment = {"PATH": str(programs)}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], capture_output=True, text=True, env=environment, timeout=60
    )


def test_with_a_browser_it_does_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, chromium="exit 1", apt_get="exit 1", id="echo 0")
    assert (done.returncode, done.stderr) == (0, "")


def test_as_root_it_installs(tmp_path: Path) -> None:
    done = run(tmp_path, apt_get=f'echo "$*" >>{tmp_path}/asked', id="echo 0")
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[0].startswith("update")
    assert "install --yes --no-install-recommends chromium fonts-noto-cjk" in asked[1]


def test_an_install_that_fails_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, apt_get="exit 100", id="echo 0")
    assert done.returncode == 0
    assert "apt-get failed" in done.stderr


def test_without_root_it_says_how(tmp_path: Path) -> None:
    done = run(tmp_path, apt_get="exit 1", id="echo 1000")
    assert done.returncode == 0
    assert "will skip; to run them: sudo apt-get install" in done.stderr


def test_without_apt_it_says_what(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 0")
    assert done.returncode == 0
    assert "by your system's means" in done.stderr
