# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes fixtures/all_graphs: the bundle of a one-layer random ranker with a graph of each format.

No environment writes all of them, so it is run twice with the same directory, by the Python of the
card's set, whose Paddle 2 writes the ``.pdmodel``, and then by one with Paddle 3, PaddleNLP and
paddle2onnx, which writes the ``.json`` and the ``.onnx`` and publishes::

    python -m tests.make_graph_fixture SCRATCH
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from contract.bundle.graphs import JSON, paddle_reader
from contract.rankers import PAIRWISE
from export import export_model, export_to_serving
from tests.bundles import golden_file, write_checkpoint

FIXTURE = Path(__file__).resolve().parent / "fixtures" / "all_graphs"

_SHAPE = {"hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 32}


def main(scratch: Path) -> int:
    """Do the half of this environment's Paddle."""
    checkpoint, paddle2, paddle3 = (scratch / name for name in ("checkpoint", "paddle2", "paddle3"))
    writes_json = JSON in paddle_reader().formats
    if not writes_json:
        checkpoint.mkdir(parents=True)
        write_checkpoint(checkpoint, PAIRWISE, 0, **_SHAPE)
        golden_file(scratch)
    arguments = ["--params_path", str(checkpoint / "model_state.pdparams")]
    arguments += ["--golden_file", str(scratch / "golden.tsv")]
    output = paddle3 if writes_json else paddle2
    status = export_model.main([*arguments, "--output_path", str(output)])
    if status or not writes_json:
        return status
    (program,) = (path for path in paddle3.glob("*.json") if path.name != "export.json")
    shutil.rmtree(FIXTURE, ignore_errors=True)
    arguments = ["--dirname", str(paddle2), "--with_graph", str(program), "--onnx", "True"]
    return export_to_serving.main([*arguments, "--bundle", str(FIXTURE)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
