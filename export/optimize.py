# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make a bundle faster: compute its last layer only where a score depends on it.

Run as ``python -m export.optimize --bundle serving_models/pairwise --output faster/pairwise``. It
needs no checkpoint: the parameters are copied, the graph is rewritten
(``export.graphs.first_position``), and the source's golden pairs prove the result before it is
published.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle import Bundle
from contract.bundle.graphs import PDMODEL, GraphSpec, Reader, graph_files, readable
from contract.errors import BundleError
from export.bundle.model_dir import fp32_graph
from export.bundle.publishing import Published, publish_bundle, republished
from export.bundle.source_facts import described_path
from export.bundle.split_files import copy_split
from export.command import run_command
from export.graphs.first_position import first_position_only

_REWRITES = Reader("export.optimize", (PDMODEL,))


def optimize(source: Path, target: Path) -> Published:
    """Rewrite a bundle's ``.pdmodel`` and publish it as another version, its other graphs as are.

    Of a split ranker the scorer is rewritten too; where that cannot be, stderr says so.

    Raises:
        BundleError: the bundle is damaged or its graph cannot be narrowed, or the result scores
            the golden pairs differently; nothing is published.
    """
    bundle = Bundle.open(source)
    if not readable(bundle.graphs, _REWRITES):
        raise BundleError(
            "has no .pdmodel, the only kind of graph that can be rewritten",
            field=f"bundle {source}",
        )
    model, params = fp32_graph(bundle, _REWRITES)
    with tempfile.TemporaryDirectory(prefix="optimize-") as folder:
        graph = Path(folder) / model.name
        shutil.copyfile(model, graph)
        reason = first_position_only(graph)
        if reason is not None:
            raise BundleError(f"cannot be optimized: {reason}", field=f"bundle {source}")
        facts = {
            "optimized": f"python -m export.optimize --bundle {described_path(str(source))}",
            "optimized_from": bundle.manifest.version,
        }
        others = [bundle.files_of(spec) for spec in bundle.graphs if spec.format != PDMODEL]
        parts = republished(bundle, [graph_files(graph, params), *others], facts)
        split = bundle.manifest.split
        if split is not None:
            copy_split(split, bundle.root, Path(folder))
            _narrow_scorer(split.scorer, Path(folder), source)
            parts = replace(parts, split_dir=Path(folder))
        return publish_bundle(parts, target)


def _narrow_scorer(scorer: GraphSpec, folder: Path, source: Path) -> None:
    """Rewrite a copy of a split ranker's scorer, or say why it is left."""
    reason: Optional[str] = f"a .{scorer.format} cannot be rewritten"
    if scorer.format == PDMODEL:
        reason = first_position_only(folder / scorer.path)
    if reason is not None:
        print(f"bundle {source}: {scorer.path} is left as it is: {reason}", file=sys.stderr)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="optimize", description="Publish a bundle with a faster graph and the same scores."
    )
    parser.add_argument(
        "--bundle", type=Path, required=True, help="such as serving_models/pairwise"
    )
    parser.add_argument(
        "--output", type=Path, help="directory of the new bundle (default: it replaces the old one)"
    )
    return run_command(
        lambda options: print(optimize(options.bundle, options.output or options.bundle)),
        parser,
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
