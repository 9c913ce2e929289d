# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/clients.md: its program runs, and its versions are those of the lock."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from child_services.running_service import RunningService


@pytest.fixture(scope="module")
def document(repository: Path) -> str:
    return (repository / "docs" / "clients.md").read_text(encoding="utf-8")


def test_its_program_runs(document: str, repository: Path, service: RunningService) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program.replace("http://127.0.0.1:8088", service.url)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert re.match(r"[01] \(0\.\d+, 0\.\d+\)", done.stdout), done.stderr


def test_its_versions_are_the_locks(document: str, repository: Path) -> None:
    lock = (repository / "requirements" / "modern" / "sdks.lock").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)`.*?\| (\d[\d.]+) \|", document, re.MULTILINE)
    assert len(rows) == 13
    for package, version in rows:
        assert f"\n{package}=={version} " in lock, package
