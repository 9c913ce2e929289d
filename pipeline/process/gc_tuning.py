# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps Python's search for unreachable cycles from halting every request at once.

A search through all that a started service holds takes 60 to 180 ms. So a process makes it once,
when it has started and before it takes requests. (docs/decisions/overload.md)
"""

from __future__ import annotations

import gc

# new objects between searches among the young, and how many of these between deeper ones
_THRESHOLDS = (20_000, 20, 50)


def spare_lasting_objects() -> None:
    """Search once, then never again among what is there now: models, modules, routes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
