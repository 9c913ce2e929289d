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

def packages():
    places = ((name, getattr(module, "__file__", None)) for name, module in sys.modules.items())
    return {{name.partition(".")[0] for name, file in places if file and "site-packages" in file}}

for needed in {needed!r}:
    __import__(needed)
import httpx
httpx.Client(), httpx.AsyncClient()  # they import what they need when they are made
before = packages()
from {module} import {name}
client = {name}()
print(sorted(packages() - before))
"""


@pytest.mark.parametrize(
    ("module", "name", "needed"),
    [
        ("clients", "RankerClient", ()),
        ("clients", "AsyncRankerClient", ()),
        (
            "clients.rpc_client",
            "RpcRankerClient",
            ("grpc", "google.protobuf.message_factory", "google.protobuf.descriptor_pb2"),
        ),
    ],
)
def test_it_starts_with_no_more(
    tmp_path: Path, module: str, name: str, needed: tuple[str, ...]
) -> None:
    for folder in ("clients", "contract"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    code = _CHILD.format(needed=needed, module=module, name=name)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
