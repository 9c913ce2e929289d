# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that a model frees stays with the process, unless the user has set glibc otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

BLOCK = 64 * 1024 * 1024
# a process of its own: what mallopt sets stays set
PROGRAM = f"""
import ctypes, os
from pathlib import Path
from train.model.memory import keep_freed_memory
keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.free.restype = [ctypes.c_void_p], None
block = libc.malloc({BLOCK})
ctypes.memset(block, 1, {BLOCK})
libc.free(block)
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(pages * os.sysconf("SC_PAGE_SIZE") >= {BLOCK})
"""


@pytest.mark.parametrize(
    ("settings", "kept"), [({}, "True"), ({"MALLOC_MMAP_MAX_": "65536"}, "False")]
)
def test_a_freed_block_is_kept_unless_the_user_says_otherwise(
    settings: dict[str, str], kept: str
) -> None:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env={**inherited, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == kept
