# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What importing the edges and the door costs: no Paddle, and no folder of logs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

_PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print([m for m in sys.modules if m.split(".")[0] in ("paddle", "paddle_serving_server")])
"""


@pytest.mark.parametrize(
    "module",
    [
        "pipeline.edges.http.server",
        "pipeline.edges.http.app",
        "pipeline.edges.http.json_body",
        "pipeline.door.front_door",
        "pipeline.records.shadow",
        "pipeline.batching.scheduler",
    ],
)
def test_importing_it_loads_no_paddle_and_leaves_no_logs(module: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, module],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "[]\n"
    assert list(tmp_path.iterdir()) == []


def test_the_program_sees_paddle_where_it_is_loaded(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "pipeline.edges.rpc.edge"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "paddle_serving_server" in run.stdout
