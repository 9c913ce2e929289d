# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ``.pdmodel`` file in, the tensors it takes and returns out; and names given to its outputs.

Reads the protobuf itself, so that a graph's outputs can be named without running it. Called by
``export.export_model`` and ``export.export_to_serving``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contract.bundle import TensorSpec
from contract.errors import BundleError

# VarType.Type of Paddle's framework.proto, to numpy
_DTYPES = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
    22: "bfloat16",
}


def read_tensors(path: Path) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of a graph, by position; every alias is the name.

    Raises:
        BundleError: the file is missing or is no graph.
    """
    block = read_program(path).blocks[0]
    variables = {variable.name: variable for variable in block.vars}
    inputs = [_spec(variables[name]) for name in _ends(block, "feed")]
    outputs = [_spec(variables[name]) for name in _ends(block, "fetch")]
    if not inputs or not outputs:
        raise BundleError("the graph has no inputs or no outputs", field=str(path))
    return tuple(inputs), tuple(outputs)


def name_outputs(path: Path, names: Sequence[str]) -> None:
    """Call the outputs of a graph by ``names``, in their order, in place.

    LocalPredictor looks for outputs by the graph's own names and takes the first ones silently
    where it does not find them; with these it finds them.
    """
    program = read_program(path)
    block = program.blocks[0]
    renamed: dict[str, str] = dict(zip(_ends(block, "fetch"), names))
    for variable in block.vars:
        variable.name = renamed.get(variable.name, variable.name)
    for op in block.ops:
        for slot in (*op.inputs, *op.outputs):
            slot.arguments[:] = [renamed.get(name, name) for name in slot.arguments]
    path.write_bytes(program.SerializeToString())


def read_program(path: Path) -> Any:
    """The ``ProgramDesc`` of a ``.pdmodel`` file.

    Raises:
        BundleError: the file is missing or is no graph.
    """
    from google.protobuf.message import DecodeError
    from paddle.base.proto import framework_pb2

    program = framework_pb2.ProgramDesc()
    try:
        program.ParseFromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise BundleError(f"not a readable Paddle graph ({error})", field=str(path)) from error
    if not program.blocks:
        raise BundleError("not a Paddle graph: it holds no operators", field=str(path))
    return program


def _ends(block: Any, kind: str) -> list[str]:
    """Variables that the ``feed`` or ``fetch`` operators touch, by their column."""
    found: dict[int, str] = {}
    for op in block.ops:
        if op.type == kind:
            column = next(attribute.i for attribute in op.attrs if attribute.name == "col")
            slots = op.outputs if kind == "feed" else op.inputs
            found[column] = slots[0].arguments[0]
    return [found[column] for column in sorted(found)]


def _spec(variable: Any) -> TensorSpec:
    tensor = variable.type.lod_tensor.tensor
    dtype = _DTYPES.get(tensor.data_type, f"type {tensor.data_type}")
    return TensorSpec(variable.name, variable.name, dtype, tuple(tensor.dims[1:]))
