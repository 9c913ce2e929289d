# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the operators of a graph and the shapes of its tables, without the engine that runs it.

A file in any format of contract.bundle.graphs comes in; what contract.bundle.embeddings asks of it
goes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from contract.bundle.graphs import JSON, ONNX, XML

Shape = tuple[int, ...]


class Op(NamedTuple):
    """One operator: its kind in lower case, and what it reads; of a lookup the table, then ids."""

    kind: str
    inputs: tuple[str, ...]


@dataclass
class Ops:
    """A graph.

    Attributes:
        made_by: the operator that makes a value; none makes an input or a table.
        shapes: of tables.
        lookups: the operators that look rows up in a table.
        names: an input's own name, by value, where a value has another one.
    """

    made_by: dict[str, Op] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    lookups: list[Op] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, op: Op, outputs: list[str], *, lookup: bool = False) -> None:
        """Note an operator and what it makes."""
        self.made_by.update(dict.fromkeys(outputs, op))
        if lookup:
            self.lookups.append(op)


def read_ops(path: Path, kind: str) -> Ops:
    """Read a graph.

    Args:
        path: of the graph; an engine has loaded it, or will tell what is wrong with it.
        kind: one of :data:`contract.bundle.graphs.FORMATS`.

    Raises:
        Exception: of whatever kind, when the file is no such graph.
    """
    readers = {JSON: _of_paddle_3, ONNX: _of_onnx, XML: _of_openvino}
    return readers.get(kind, _of_paddle_2)(path)


def _of_paddle_2(path: Path) -> Ops:
    program = _paddle_program()
    program.ParseFromString(path.read_bytes())
    ops = Ops()
    block = program.blocks[0]
    for variable in block.vars:
        ops.shapes[variable.name] = tuple(variable.type.lod_tensor.tensor.dims)
    for op in block.ops:
        # what feeds a variable makes nothing of it
        if op.type == "feed":
            continue
        fed = {slot.parameter: list(slot.arguments) for slot in op.inputs}
        lookup = op.type.startswith("lookup_table")
        names = ("W", "Ids") if lookup else tuple(fed)
        inputs = tuple(value for name in names for value in fed.get(name, ()))
        outputs = [value for slot in op.outputs for value in slot.arguments]
        ops.add(Op(op.type.lower(), inputs), outputs, lookup=lookup)
    return ops


def _of_paddle_3(path: Path) -> Ops:
    fields = json.loads(path.read_text(encoding="utf-8"))
    ops = Ops()
    for op in fields["program"]["regions"][0]["blocks"][0]["ops"]:
        kind = str(op["#"]).rpartition(".")[2].lower()
        made = op.get("O", [])
        outputs = [made] if isinstance(made, dict) else made
        values = [str(output["%"]) for output in outputs]
        for value, output in zip(values, outputs):
            ops.shapes[value] = _paddle_3_shape(output)
        if kind in ("data", "feed"):
            attributes = {a["N"]: a["AT"] for a in op.get("A", []) if isinstance(a, dict)}
            ops.names.update({value: str(attributes["name"]["D"]) for value in values})
        elif kind != "p":
            inputs = tuple(str(value["%"]) for value in op.get("I", []))
            lookup = kind == "embedding"
            ops.add(Op(kind, inputs[::-1] if lookup else inputs), values, lookup=lookup)
    return ops


def _paddle_3_shape(output: Mapping[str, Any]) -> Shape:
    """A value that is no tensor has none."""
    try:
        return tuple(int(size) for size in output["TT"]["D"][1])
    except (LookupError, TypeError, ValueError):
        return ()


def _of_onnx(path: Path) -> Ops:
    model = _onnx_model()
    model.ParseFromString(path.read_bytes())
    ops = Ops()
    for table in model.graph.initializer:
        ops.shapes[table.name] = tuple(table.dims)
    for node in model.graph.node:
        kind, outputs = node.op_type.lower(), list(node.output)
        for attribute in node.attribute if kind == "constant" else ():
            ops.shapes[outputs[0]] = tuple(attribute.t.dims)
        ops.add(Op(kind, tuple(node.input)), outputs, lookup=kind == "gather")
    return ops


def _of_openvino(path: Path) -> Ops:
    root = ElementTree.parse(path).getroot()
    ops = Ops()
    came_from = {
        (edge.get("to-layer"), edge.get("to-port")): f"{edge.get('from-layer')}"
        for edge in root.iterfind("edges/edge")
    }
    for layer in root.iterfind("layers/layer"):
        number, kind = f"{layer.get('id')}", f"{layer.get('type')}".lower()
        for port in layer.iterfind("output/port"):
            ops.shapes[number] = tuple(int(dim.text or 0) for dim in port.iterfind("dim"))
        if kind == "parameter":
            named = [one.get("names", "") for one in layer.iterfind("output/port")]
            ops.names[number] = "".join(named).split(",")[0] or f"{layer.get('name')}"
            continue
        inputs = tuple(
            came_from.get((layer.get("id"), port.get("id")), "")
            for port in layer.iterfind("input/port")
        )
        ops.add(Op(kind, inputs), [number], lookup=kind == "gather")
    return ops


def _paddle_program() -> Any:
    """The part of Paddle's ProgramDesc that is read; Paddle 2 and 3 name its fields differently."""
    # needs protobuf, which opening a bundle does not
    from contract.protobuf_classes import INT64, STRING, Field, message_classes

    messages = {
        "Tensor": [Field("dims", 2, INT64, many=True)],
        "LodTensor": [Field("tensor", 1, "Tensor")],
        "Type": [Field("lod_tensor", 3, "LodTensor")],
        "Variable": [Field("name", 1, STRING), Field("type", 2, "Type")],
        "Slot": [Field("parameter", 1, STRING), Field("arguments", 2, STRING, many=True)],
        "Operator": [
            Field("inputs", 1, "Slot", many=True),
            Field("outputs", 2, "Slot", many=True),
            Field("type", 3, STRING),
        ],
        "Block": [
            Field("vars", 3, "Variable", many=True),
            Field("ops", 4, "Operator", many=True),
        ],
        "Program": [Field("blocks", 1, "Block", many=True)],
    }
    return message_classes("ranking.paddle_program", messages, "proto2")[-1]()


def _onnx_model() -> Any:
    """The part of ONNX's ModelProto that is read."""
    from contract.protobuf_classes import INT64, STRING, Field, message_classes

    messages = {
        "Tensor": [Field("dims", 1, INT64, many=True), Field("name", 8, STRING)],
        "Attribute": [Field("name", 1, STRING), Field("t", 5, "Tensor")],
        "Node": [
            Field("input", 1, STRING, many=True),
            Field("output", 2, STRING, many=True),
            Field("op_type", 4, STRING),
            Field("attribute", 5, "Attribute", many=True),
        ],
        "Graph": [
            Field("node", 1, "Node", many=True),
            Field("initializer", 5, "Tensor", many=True),
        ],
        "Model": [Field("graph", 7, "Graph")],
    }
    return message_classes("ranking.onnx_model", messages, "proto2")[-1]()
