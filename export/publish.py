# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Publish a checkpoint as a bundle: ``export_model`` and ``export_to_serving`` in one step.

Run as ``python -m export.publish --params_path checkpoints/best --bundle serving_models/pairwise``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle.graphs import graph_files
from export.bundle.publishing import BundleParts, Published, publish_bundle
from export.command import run_command
from export.export_model import add_options, load_and_export
from export.graphs.graph_sources import with_onnx
from export.graphs.program import read_tensors


def publish(options: argparse.Namespace) -> Published:
    """Export to a directory that goes away, and publish what passed both parity checks."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        output = Path(folder)
        facts = load_and_export(options, output)
        graph = graph_files(output / facts.model_filename, output / facts.params_filename)
        feeds, fetches = read_tensors(graph.model)
        graphs = with_onnx([graph], output)
        parts = BundleParts(output, graphs, facts, feeds, fetches, options.model_card)
        return publish_bundle(parts, options.bundle)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="publish", description="Turn a checkpoint into a bundle, after proving its scores."
    )
    add_options(parser)
    parser.add_argument(
        "--bundle",
        type=Path,
        required=True,
        help="directory to publish, such as serving_models/pairwise",
    )
    parser.add_argument(
        "--model_card", type=Path, help="put this file into the bundle as MODEL_CARD.md"
    )
    return run_command(lambda options: print(publish(options)), parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
