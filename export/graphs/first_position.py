# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rewrite a ranker's graph so that its last layer computes only what a score depends on.

The pooler reads the first position of the last encoder layer. Of the other positions only the keys
and values of that layer reach a score, so its queries, attention, output projection and
feed-forward are computed for the first position alone. Parameters and scores stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from export.graphs.program import read_program, tensor_of

# types of a branch's operators, from the residual it is added to back to its input
_FEED_FORWARD = ("elementwise_add", "matmul_v2", "activation", "elementwise_add", "matmul_v2")
_ATTENTION = (
    *("elementwise_add", "matmul_v2"),  # output projection
    *("reshape2", "transpose2", "matmul_v2", "softmax", "elementwise_add", "matmul_v2"),
    *("scale", "transpose2", "reshape2"),
    *("elementwise_add", "matmul_v2"),  # queries
)
_ACTIVATIONS = ("gelu", "relu", "relu6", "sigmoid", "silu", "swish", "tanh")
_SUFFIX = ".first_position"


class _Unknown(Exception):
    """The graph is not built as the rankers of this project are."""


class _Residual(NamedTuple):
    """``layer_norm(x + branch(x))``.

    Attributes:
        source: the name of ``x``.
        total: the operator that adds.
        branch: operators of :data:`_FEED_FORWARD` or :data:`_ATTENTION`, from end to start.
        operators: all of it, with the dropouts that ``branch`` leaves out.
    """

    source: str
    total: Any
    branch: list[Any]
    operators: list[Any]


def first_position_only(path: Path) -> Optional[str]:
    """Rewrite a ``.pdmodel`` in place.

    Returns:
        ``None``, or why the graph was left as it is.

    Raises:
        BundleError: the file is no Paddle graph.
        OSError: it cannot be written.
    """
    program = read_program(path)
    try:
        _rewrite(program.blocks[0])
    except _Unknown as reason:
        return str(reason)
    path.write_bytes(program.SerializeToString())
    return None


def _rewrite(block: Any) -> None:
    takers = [op for op in block.ops if _takes_first_position(op)]
    if len(takers) != 1:
        raise _Unknown(f"{len(takers)} operators take the first position, not one")
    writers = {name: op for op in block.ops for slot in op.outputs for name in slot.arguments}
    feed_forward = _residual(writers, _argument(takers[0], "Input"), _FEED_FORWARD)
    attention = _residual(writers, feed_forward.source, _ATTENTION)
    _check_attention(attention)
    _check_readers(block, [*feed_forward.operators, *attention.operators], takers[0])
    source = attention.source
    if source.endswith(_SUFFIX):
        raise _Unknown("its last layer computes the first position only already")
    for op in (attention.total, attention.branch[-1]):
        _slot(op.inputs, "X").arguments[:] = [source + _SUFFIX]
    _insert_slice(block, takers[0], source, list(block.ops).index(writers[source]) + 1)


def _takes_first_position(op: Any) -> bool:
    if op.type != "slice":
        return False
    names = ("axes", "starts", "ends", "decrease_axis")
    return [list(_attribute(op, name).ints) for name in names] == [[1], [0], [1], [1]]


def _residual(writers: dict[str, Any], output: str, kinds: Sequence[str]) -> _Residual:
    """Walk from the tensor that the layer_norm returns back to the one the block starts from."""
    operators: list[Any] = []

    def step(name: str, kind: str) -> Any:
        op = writers.get(name)
        while op is not None and op.type == "dropout" and _attribute(op, "is_test").b:
            operators.append(op)
            op = writers.get(_argument(op, "X"))
        if op is None or op.type not in (_ACTIVATIONS if kind == "activation" else (kind,)):
            raise _Unknown(f"{name} comes from {op.type if op else 'nothing'}, not from {kind}")
        operators.append(op)
        return op

    norm = step(output, "layer_norm")
    total = step(_argument(norm, "X"), "elementwise_add")
    name = _argument(total, "Y")
    branch = []
    for kind in kinds:
        branch.append(step(name, kind))
        name = _argument(branch[-1], "X")
    if name != _argument(total, "X"):
        raise _Unknown(f"a branch starts at {name}, its residual at {_argument(total, 'X')}")
    return _Residual(name, total, branch, operators)


def _check_attention(attention: _Residual) -> None:
    """Nothing on the way may mix positions or count them."""
    for op in attention.branch:
        if op.type == "reshape2" and list(_attribute(op, "shape").ints)[:2] != [0, 0]:
            raise _Unknown(f"{_argument(op, 'X')} is reshaped to a length that is not the input's")
        if op.type == "transpose2" and list(_attribute(op, "axis").ints) != [0, 2, 1, 3]:
            raise _Unknown(f"{_argument(op, 'X')} is transposed in another way")
        if op.type == "softmax" and _attribute(op, "axis").i != -1:
            raise _Unknown(f"the softmax of {_argument(op, 'X')} is not over the keys")


def _check_readers(block: Any, narrowed: Sequence[Any], taker: Any) -> None:
    inside = [*narrowed, taker]
    outputs = {name for op in narrowed for slot in op.outputs for name in slot.arguments}
    for op in block.ops:
        read = outputs & {name for slot in op.inputs for name in slot.arguments}
        if read and op not in inside:
            raise _Unknown(f"{', '.join(sorted(read))} is read by {op.type} too")


def _insert_slice(block: Any, taker: Any, source: str, place: int) -> None:
    """Put ``source + _SUFFIX = source[:, :1]`` before the operator at ``place``."""
    block.ops.append(taker)
    cut = block.ops[-1]
    _slot(cut.inputs, "Input").arguments[:] = [source]
    _slot(cut.outputs, "Out").arguments[:] = [source + _SUFFIX]
    # the axis stays: [N, 1, H]
    _attribute(cut, "decrease_axis").ints[:] = []
    ops = [*block.ops[:place], cut, *block.ops[place:-1]]
    moved = [type(op).FromString(op.SerializeToString()) for op in ops]
    del block.ops[:]
    block.ops.extend(moved)
    variable = next(variable for variable in block.vars if variable.name == source)
    block.vars.append(variable)
    block.vars[-1].name = source + _SUFFIX
    tensor_of(block.vars[-1]).dims[1] = 1


def _argument(op: Any, parameter: str) -> str:
    arguments = _slot(op.inputs, parameter).arguments
    if len(arguments) != 1:
        raise _Unknown(f"a {op.type} has {len(arguments)} inputs {parameter}")
    return str(arguments[0])


def _slot(slots: Any, parameter: str) -> Any:
    for slot in slots:
        if slot.parameter == parameter:
            return slot
    raise _Unknown(f"an operator has no {parameter}")


def _attribute(op: Any, name: str) -> Any:
    for attribute in op.attrs:
        if attribute.name == name:
            return attribute
    raise _Unknown(f"a {op.type} has no attribute {name}")
