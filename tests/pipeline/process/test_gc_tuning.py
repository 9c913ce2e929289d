# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Garbage collection: objects of the start are left out of it, later ones are found."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import REPOSITORY

_CHILD = """
import gc, weakref
from pipeline.process.gc_tuning import spare_lasting_objects

class Node:
    pass

lasting = [Node() for _ in range(1000)]
spare_lasting_objects()
assert not any(item is lasting for item in gc.get_objects())
later, found = Node(), []
later.itself = later
# a look at it by a weak reference would hold it while the search runs
weakref.finalize(later, found.append, True)
del later
made = []
while not found and len(made) < 10_000_000:
    made.append([])
print(bool(found), gc.isenabled())
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
