# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What large requests needed goes back to the system, also when it lay in small blocks."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.conftest import REPOSITORY

# as many threads as a core has heaps by default, each with blocks that lie in its heap; what one
# small block at the end keeps there is given back too
PROGRAM = """
import threading
from pathlib import Path
from pipeline.process.memory import FreedMemory, prepare_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

prepare_memory()
freed = FreedMemory()
before, kept = resident_mb(), []
barrier = threading.Barrier(16)

def work():
    barrier.wait()
    blocks = [bytes(100_000) for _ in range(100)]
    kept.append(bytes(1_000))
    barrier.wait()
    del blocks
    barrier.wait()

threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
freed.look()
print(resident_mb() - before)
"""


def test_what_is_free_goes_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    # of 160
    assert float(done.stdout) < 30
