# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the parameters of a Paddle graph, and what else its operators tell of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.bundle.graphs import GraphFiles
from contract.errors import SetUpError
from train.model.layers import NORM_EPSILON

_ACTIVATIONS = ("gelu", "relu", "silu")
# of one layer of an encoder: three projections, the output, and two of the feed-forward
_LINEARS_OF_LAYER = 6


@dataclass(frozen=True)
class PaddleGraph:
    """A graph as it lies in a bundle.

    Attributes:
        arrays: parameters by the graph's names, ``linear_12.w_0`` and so on.
        ops: its operators.
        where: the file, for errors.
    """

    arrays: Mapping[str, NDArray[Any]]
    ops: Sequence[Any]
    where: str

    def config(self) -> dict[str, Any]:
        """The configuration of an ERNIE encoder with pooler and head that has this graph.

        Raises:
            SetUpError: the graph is that of another architecture.
        """
        tables, linears = self._numbered("embedding", "w_0"), self._numbered("linear", "w_0")
        layers, rest = divmod(len(linears), _LINEARS_OF_LAYER)
        shapes = [op.attr("shape") for op in self.ops if op.type == "reshape2"]
        heads = {shape[2] for shape in shapes if len(shape) == 4}
        # the pooler's is tanh
        activations = {op.type for op in self.ops if op.type in _ACTIVATIONS}
        approximate = any(op.attr("approximate") for op in self.ops if op.type == "gelu")
        epsilons = {op.attr("epsilon") for op in self.ops if op.type == "layer_norm"}
        one_of_each = len(heads) == len(activations) == len(epsilons) == 1
        if len(tables) not in (3, 4) or rest != 2 or not one_of_each or approximate:
            raise SetUpError(
                f"{len(tables)} embeddings, {len(linears)} dense layers, heads {sorted(heads)} and "
                f"activations {sorted(activations)} are not those of an ERNIE ranker; name the "
                "checkpoint that the bundle was made from",
                field=self.where,
            )
        return {
            "vocab_size": tables[0].shape[0],
            "hidden_size": tables[0].shape[1],
            "num_hidden_layers": layers,
            "num_attention_heads": heads.pop(),
            "intermediate_size": linears[4].shape[1],
            "hidden_act": activations.pop(),
            "max_position_embeddings": tables[1].shape[0],
            "type_vocab_size": tables[2].shape[0],
            "use_task_id": len(tables) == 4,
            **({"task_type_vocab_size": tables[3].shape[0]} if len(tables) == 4 else {}),
            # the graph has it in float32
            NORM_EPSILON: float(f"{epsilons.pop():.3g}"),
            **self._dropouts(),
        }

    def _numbered(self, layer: str, part: str) -> list[NDArray[Any]]:
        pattern = re.compile(rf"{layer}_(\d+)\.{part}")
        found = {int(m[1]): name for name in self.arrays for m in [pattern.fullmatch(name)] if m}
        return [self.arrays[found[number]] for number in sorted(found)]

    def _dropouts(self) -> dict[str, float]:
        """Probabilities of training: a dropout of 0 leaves no operator."""
        made_by = {name: op.type for op in self.ops for name in op.output_arg_names}
        hidden, attention = 0.0, 0.0
        for op in self.ops:
            if op.type == "dropout":
                rate = round(float(op.attr("dropout_prob")), 6)
                if made_by.get(op.input("X")[0]) == "softmax":
                    attention = rate
                else:
                    hidden = rate
        return {"hidden_dropout_prob": hidden, "attention_probs_dropout_prob": attention}


def read_graph(files: GraphFiles) -> PaddleGraph:
    """Load a ``.pdmodel`` with its parameters.

    Raises:
        SetUpError: Paddle cannot load it.
    """
    import paddle

    if files.params != files.model.with_suffix(".pdiparams"):
        raise SetUpError("has no .pdiparams of its name beside it", field=str(files.model))
    paddle.enable_static()
    try:
        scope = paddle.static.Scope()
        with paddle.static.scope_guard(scope):
            executor = paddle.static.Executor(paddle.CPUPlace())
            program, _, _ = paddle.static.load_inference_model(
                str(files.model.with_suffix("")), executor
            )
            names = [
                variable.name
                for variable in program.list_vars()
                if variable.persistable and scope.find_var(variable.name) is not None
            ]
            arrays = {
                name: np.array(scope.find_var(name).get_tensor())
                for name in names
                if name not in ("feed", "fetch")
            }
    except (RuntimeError, ValueError, OSError) as error:
        raise SetUpError(f"cannot be loaded ({error})", field=str(files.model)) from error
    finally:
        paddle.disable_static()
    return PaddleGraph(arrays, program.global_block().ops, str(files.model))
