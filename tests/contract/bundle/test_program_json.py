# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A program of Paddle 3 read as text: its ends, other names for them, and what is no program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from contract.bundle.graphs import JSON
from contract.bundle.program_json import End, ProgramJson
from contract.errors import BundleError
from tests.graph_files import graph_of
from tests.make_graph_fixture import FIXTURE

PROGRAM = graph_of(FIXTURE, JSON)


def operators(fields: Any) -> list[Any]:
    found: list[Any] = fields["program"]["regions"][0]["blocks"][0]["ops"]
    return found


def test_inputs_and_outputs_are_told() -> None:
    program = ProgramJson(PROGRAM)
    assert program.inputs == (
        End("input_ids", "int64", (-1, -1)),
        End("token_type_ids", "int64", (-1, -1)),
    )
    assert program.outputs == (
        End("predict", "float32", (-1, 1)),
        End("logits", "float32", (-1, 1)),
    )


def test_outputs_are_renamed_and_nothing_else(tmp_path: Path) -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    program = ProgramJson(PROGRAM)
    assert program.named(["predict", "logits"]) == text
    path = tmp_path / "program.json"
    path.write_text(program.named(["first", "second"]), encoding="utf-8")
    renamed = ProgramJson(path)
    assert [end.name for end in renamed.outputs] == ["first", "second"]
    assert renamed.inputs == program.inputs
    assert renamed.named(["predict", "logits"]) == text


def test_outputs_are_in_the_order_of_their_columns(tmp_path: Path) -> None:
    fields = json.loads(PROGRAM.read_text(encoding="utf-8"))
    block = operators(fields)
    block.append(block.pop(next(i for i, op in enumerate(block) if op["#"] == "1.fetch")))
    path = tmp_path / "program.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert [end.name for end in ProgramJson(path).outputs] == ["predict", "logits"]


def test_a_buffer_saved_with_the_parameters_is_no_input(tmp_path: Path) -> None:
    fields = json.loads(PROGRAM.read_text(encoding="utf-8"))
    buffer = next(op for op in operators(fields) if op["#"] == "1.data")
    kept = {"#": "0.a_array", "D": [{"#": "0.a_bool", "D": True}]}
    buffer["OA"].append({"N": "persistable", "AT": kept})
    path = tmp_path / "program.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert len(ProgramJson(path).inputs) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"7",
        b"{}",
        b"\xff\xfe",
        b'{"base_code": {"magic": "pir"}, "program": {"regions": []}}',
        b'{"base_code": {"magic": "pir"}, "program": {"regions": [{"blocks": [{"ops": []}]}]}}',
        b'{"base_code": {"magic": "other"}, "program": {"regions": [{"blocks": [{"ops": []}]}]}}',
    ],
)
def test_what_is_no_program_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inference.json"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"inference\.json: not a program of Paddle 3"):
        ProgramJson(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda op: op.update({"A": []}),
        lambda op: op.update({"O": []}),
        lambda op: op.update({"#": "1.nothing"}),
        lambda op: op.pop("A"),
    ],
)
def test_a_damaged_operator_is_named(tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    fields = json.loads(PROGRAM.read_text(encoding="utf-8"))
    for op in operators(fields):
        if op["#"] == "1.fetch":
            spoil(op)
    path = tmp_path / "inference.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(BundleError, match="not a program of Paddle 3"):
        ProgramJson(path)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"base_code": 1e999}', ""])
def test_a_text_that_is_something_else_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "inference.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BundleError, match="not a program of Paddle 3"):
        ProgramJson(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere\.json: not a readable program"):
        ProgramJson(tmp_path / "nowhere.json")
