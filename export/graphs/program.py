# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Read which tensors a graph takes and returns, and name the outputs of a Paddle graph.

A ``.pdmodel`` is read as the protobuf and a ``.json`` as the text that it is, so that this needs no
running graph and works whatever Paddle is installed; OpenVINO reads an ``.onnx``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contract.bundle.graphs import JSON, OLD_MODEL, ONNX, PDMODEL, XML, format_of
from contract.bundle.program_json import ProgramJson
from contract.errors import BundleError
from contract.tensors import TensorSpec
from export.graphs.quiet import quiet_stderr

Tensors = tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]

# the attribute with the lines of code
_CODE = "op_callstack"

# what OpenVINO adds to the name of an output
_SINK = "/sink_port_0"

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


def read_tensors(path: Path) -> Tensors:
    """Inputs and outputs of a graph of any format, by position; every alias is the name.

    Raises:
        BundleError: the file is missing or is no graph.
    """
    readers = {
        **dict.fromkeys((PDMODEL, OLD_MODEL), _of_pdmodel),
        JSON: _of_json,
        **dict.fromkeys((ONNX, XML), _of_openvino),
    }
    read = readers.get(format_of(path))
    if read is None:
        raise BundleError("is not a .pdmodel, .json or .onnx", field=str(path))
    inputs, outputs = read(path)
    if not inputs or not outputs:
        raise BundleError("the graph has no inputs or no outputs", field=str(path))
    return inputs, outputs


def _of_pdmodel(path: Path) -> Tensors:
    block = read_program(path).blocks[0]
    variables = {variable.name: variable for variable in block.vars}
    inputs = [_spec(variables[name]) for name in _ends(block, "feed")]
    return tuple(inputs), tuple(_spec(variables[name]) for name in _ends(block, "fetch"))


def _of_json(path: Path) -> Tensors:
    program = ProgramJson(path)
    inputs, outputs = (
        tuple(TensorSpec(end.name, end.name, end.dtype, end.shape[1:]) for end in ends)
        for ends in (program.inputs, program.outputs)
    )
    return inputs, outputs


def _of_openvino(path: Path) -> Tensors:
    import openvino

    if not path.is_file():
        raise BundleError("not a readable graph (no such file)", field=str(path))
    try:
        with quiet_stderr():  # each of its readers says why the file is not its own
            graph = openvino.Core().read_model(str(path))
        inputs, outputs = (
            tuple(_spec_of_port(port) for port in ports) for ports in (graph.inputs, graph.outputs)
        )
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BundleError(f"not a graph that OpenVINO reads ({reason})", field=str(path)) from error
    return inputs, outputs


def _spec_of_port(port: Any) -> TensorSpec:
    """A tensor may have several names; its node has the one that the file gives it."""
    node = port.get_node().get_friendly_name()
    name = node[: -len(_SINK)] if node.endswith(_SINK) else node
    if name not in port.get_names():
        name = port.get_any_name()
    kind = port.get_element_type()
    dtype = "bfloat16" if kind.get_type_name() == "bf16" else kind.to_dtype().name
    sizes = [-1 if size.is_dynamic else size.get_length() for size in port.get_partial_shape()]
    return TensorSpec(name, name, dtype, tuple(sizes[1:]))


def name_outputs(path: Path, names: Sequence[str]) -> None:
    """Call the outputs of a Paddle graph by ``names``, in their order, in place.

    LocalPredictor looks for outputs by the graph's own names and takes the first ones silently
    where it does not find them; with these it finds them. Paddle 2 keeps with every operator the
    lines of code that built it, paths of the exporting machine among them: they are left out.
    """
    if format_of(path) == JSON:
        path.write_text(ProgramJson(path).named(names), encoding="utf-8")
        return
    program = read_program(path)
    block = program.blocks[0]
    renamed: dict[str, str] = dict(zip(_ends(block, "fetch"), names))
    for variable in block.vars:
        variable.name = renamed.get(variable.name, variable.name)
    for op in block.ops:
        for slot in (*op.inputs, *op.outputs):
            slot.arguments[:] = [renamed.get(name, name) for name in slot.arguments]
        for place in reversed(range(len(op.attrs))):
            if op.attrs[place].name == _CODE:
                del op.attrs[place]
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


def tensor_of(variable: Any) -> Any:
    """The ``TensorDesc`` of a variable; Paddle 3 calls dense what Paddle 2 called lod."""
    kind = variable.type
    return (kind.lod_tensor if hasattr(kind, "lod_tensor") else kind.dense_tensor).tensor


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
    tensor = tensor_of(variable)
    dtype = _DTYPES.get(tensor.data_type, f"type {tensor.data_type}")
    return TensorSpec(variable.name, variable.name, dtype, tuple(tensor.dims[1:]))
