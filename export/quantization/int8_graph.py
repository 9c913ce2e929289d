# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Quantize a graph to int8 with NNCF, from calibration rows.

NNCF is imported here only, and only when it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from contract.bundle.golden import Feed
from contract.errors import SetUpError

_PACKAGES = ("nncf", "openvino")

# What becomes int8, from most to least. The products of queries with keys and of attention with
# values are the first to stay: they are small, OpenVINO fuses them in fp32, and rounding them
# reorders titles (docs/decisions/quantization.md).
ALL, DENSE, FEED_FORWARD = "all", "dense", "feed_forward"
PARTS = (ALL, DENSE, FEED_FORWARD)


@dataclass(frozen=True)
class QuantizeOptions:
    """How a graph is quantized.

    Attributes:
        parts: ``all`` products of matrices in the tower; ``dense``, those with weights;
            ``feed_forward``, those with weights that are not square.
        smooth_quant_alpha: how much of the activations' range moves into the weights, from 0 to
            1; -1 moves none.
        fast_bias_correction: correct the means layer by layer; else run the graph anew for each.
        keep_fp32: regular expressions of operator names that stay in fp32.
    """

    parts: str = DENSE
    smooth_quant_alpha: float = 0.95
    fast_bias_correction: bool = True
    keep_fp32: tuple[str, ...] = ()


def require_nncf() -> None:
    """Say at once, and not after minutes, that this environment cannot quantize.

    Raises:
        SetUpError: NNCF or OpenVINO is missing.
    """
    for name in _PACKAGES:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            raise SetUpError(
                "is not installed here; run `make setup-train` and use that environment",
                field=name,
            ) from None


def quantizer_versions() -> dict[str, str]:
    """Versions of what quantizes, for the manifest."""
    return {name: metadata.version(name) for name in _PACKAGES}


def quantize_graph(model: Path, feeds: Sequence[Feed], options: QuantizeOptions) -> Any:
    """Quantize a ``.pdmodel`` or an ``.onnx`` to int8 weights and activations.

    Weights take seven of their eight bits, because products of a CPU without VNNI are summed in
    pairs in 16 bits, which saturates with all eight; so every CPU gives the same scores.

    Args:
        model: the graph; the ``.pdiparams`` of a ``.pdmodel`` beside it.
        feeds: calibration rows by input name, each ``[1, L]``.
        options: what to try when the loss is too large.

    Returns:
        An ``openvino.Model`` with the graph's own input and output names.

    Raises:
        SetUpError: ``keep_fp32`` matches no operator.
    """
    import nncf
    import openvino
    from nncf.quantization.advanced_parameters import (
        AdvancedQuantizationParameters,
        AdvancedSmoothQuantParameters,
        OverflowFix,
    )

    nncf.set_log_level(logging.ERROR)
    advanced = AdvancedQuantizationParameters(
        overflow_fix=OverflowFix.ENABLE,
        smooth_quant_alphas=AdvancedSmoothQuantParameters(matmul=options.smooth_quant_alpha),
    )
    try:
        graph = openvino.Core().read_model(str(model))
        return nncf.quantize(
            graph,
            nncf.Dataset(list(feeds)),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(feeds),
            fast_bias_correction=options.fast_bias_correction,
            ignored_scope=nncf.IgnoredScope(
                names=_outside(graph, options.parts), patterns=list(options.keep_fp32)
            ),
            advanced_parameters=advanced,
        )
    except nncf.ValidationError as error:
        raise SetUpError(str(error), field="keep_fp32") from error


def _outside(graph: Any, parts: str) -> list[str]:
    """Names of the products that stay in fp32.

    Those of an evidence layer always do: they are of one position and cost nothing, and in int8
    scores were off by up to 0.8.
    """
    names, tower = [], _of_the_tower(graph)
    for op in graph.get_ops():
        if op.get_type_name() != "MatMul":
            continue
        if op.get_friendly_name() not in tower:
            names.append(op.get_friendly_name())
            continue
        if parts == ALL:
            continue
        weights = op.input_value(1).get_node()
        shape = op.input_value(1).get_partial_shape()
        is_dense = weights.get_type_name() == "Constant"
        is_wide = is_dense and 2 < min(shape.to_shape()) < max(shape.to_shape())
        if not (is_wide if parts == FEED_FORWARD else is_dense):
            names.append(op.get_friendly_name())
    return names


def _of_the_tower(graph: Any) -> set[str]:
    """Names of the operators that come after a layer norm: an evidence layer has none.

    All of them where the graph's layer norms are in parts, as in old ONNX.
    """
    found: set[str] = set()
    operators = graph.get_ordered_ops()
    if all(op.get_type_name() != "MVN" for op in operators):
        return {op.get_friendly_name() for op in operators}
    for op in operators:
        before = {value.get_node().get_friendly_name() for value in op.input_values()}
        if op.get_type_name() == "MVN" or not found.isdisjoint(before):
            found.add(op.get_friendly_name())
    return found


def save_graph(graph: Any, path: Path) -> None:
    """Write ``path`` (.xml) and the .bin beside it; what stayed in fp32 is not rounded."""
    import openvino

    openvino.save_model(graph, str(path), compress_to_fp16=False)
