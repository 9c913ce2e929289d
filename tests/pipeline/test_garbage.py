# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is there at the start is left out of searches; what comes later is still found."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import REPOSITORY

_CHILD = """
import gc, weakref
from pipeline.garbage import spare_lasting_objects

class Node:
    pass

lasting = [Node() for _ in range(1000)]
spare_lasting_objects()
assert not any(item is lasting for item in gc.get_objects())
later = Node()
later.itself, found = later, weakref.ref(later)
del later
made = []
while found() is not None and len(made) < 10_000_000:
    made.append([])
print(found() is None, gc.isenabled())
"""


def test_cycles_that_come_later_are_found_without_the_lasting_ones() -> None:
    # in a process of its own: what is spared stays spared
    done = subprocess.run(
        [sys.executable, "-c", _CHILD],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
