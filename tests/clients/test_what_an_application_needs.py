# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Two folders and the packages that docs/clients.md names: nothing of the service or of numpy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

_CHILD = """
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden!r}:
            raise ImportError(name + " is not needed")

sys.meta_path.insert(0, Forbid())
from {module} import {name}
client = {name}()
"""
HEAVY = {
    "numpy",
    "paddle",
    "paddle_serving_client",
    "fast_tokenizer",
    "yaml",
    "pipeline",
    "fastapi",
}


@pytest.mark.parametrize(
    ("module", "name", "forbidden"),
    [
        ("clients", "RankerClient", HEAVY | {"google", "grpc"}),
        ("clients", "AsyncRankerClient", HEAVY | {"google", "grpc"}),
        ("clients.rpc_client", "RpcRankerClient", HEAVY),
    ],
)
def test_it_starts_with_no_more(
    tmp_path: Path, module: str, name: str, forbidden: set[str]
) -> None:
    for folder in ("clients", "contract"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    code = _CHILD.format(forbidden=forbidden, module=module, name=name)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
