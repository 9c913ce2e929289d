# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Put the two graphs of a split ranker into a bundle, from an export or from another bundle."""

from __future__ import annotations

import shutil
from pathlib import Path

from contract.bundle.split import Split
from contract.errors import SetUpError


def copy_split(split: Split, source: Path, target: Path) -> None:
    """Put the graphs of a split ranker into a bundle.

    Raises:
        SetUpError: one is missing.
    """
    for graph in split.graphs:
        for name in (graph.path, graph.params):
            if not (source / name).is_file():
                raise SetUpError(f"{source} has no {name}; run export_model again", field="dirname")
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, target / name)
