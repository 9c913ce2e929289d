# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write a Paddle layer as a static graph, in the format of this environment's Paddle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from contract.bundle.graphs import JSON, PDMODEL, paddle_reader
from export.graphs.first_position import first_position_only
from export.graphs.program import name_outputs


def save_static(layer: Any, specs: Sequence[Any], path: Path, outputs: Sequence[str]) -> None:
    """Write ``path``.pdmodel, or .json, and .pdiparams.

    Args:
        layer: to be called with one tensor for each of ``specs``.
        specs: of ``paddle.static.InputSpec``.
        path: of the graph, without an ending.
        outputs: names of what the layer returns.
    """
    import paddle

    layer.eval()
    static = paddle.jit.to_static(layer, input_spec=list(specs), full_graph=True)
    paddle.jit.save(static, str(path))
    # of use only to paddle.jit.load, and holds nothing a predictor reads
    path.with_name(f"{path.name}.pdiparams.info").unlink(missing_ok=True)
    name_outputs(path.with_name(f"{path.name}.{written_format()}"), outputs)


def written_format() -> str:
    """What ``paddle.jit.save`` of this environment's Paddle writes."""
    return JSON if JSON in paddle_reader().formats else PDMODEL


def narrow_last_layer(model: Path) -> None:
    """Compute the last layer for the first position only, or say on stderr why not."""
    if written_format() == JSON:
        reason: Optional[str] = "a program of Paddle 3 is left as it is"
    else:
        reason = first_position_only(model)
    if reason is not None:
        print(f"{model.name}: exported without --optimize: {reason}", file=sys.stderr)
