# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tensors of a real graph, and their names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contract.bundle.graphs import PDMODEL
from contract.errors import BundleError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.tensors import TensorSpec
from export.graphs.program import name_outputs, read_tensors
from tests.graph_files import graph_of
from tests.make_graph_fixture import FIXTURE

FEEDS = (
    TensorSpec("input_ids", "input_ids", "int64", (-1,)),
    TensorSpec("token_type_ids", "token_type_ids", "int64", (-1,)),
)


def test_pairwise_returns_the_score_first_then_the_logits(exports: Path) -> None:
    feeds, fetches = read_tensors(exports / PAIRWISE / "inference.predict.pdmodel")
    assert feeds == FEEDS
    assert fetches == (
        TensorSpec("predict", "predict", "float32", (1,)),
        TensorSpec("logits", "logits", "float32", (1,)),
    )


def test_cross_encoder_returns_two_logits_as_predict(exports: Path) -> None:
    feeds, fetches = read_tensors(exports / CROSS_ENCODER / "inference.pdmodel")
    assert feeds == FEEDS
    assert fetches == (TensorSpec("predict", "predict", "float32", (2,)),)


def test_outputs_are_named_in_place(exports: Path, tmp_path: Path) -> None:
    path = tmp_path / "graph.pdmodel"
    shutil.copyfile(exports / PAIRWISE / "inference.predict.pdmodel", path)
    name_outputs(path, ["first", "second"])
    assert [spec.name for spec in read_tensors(path)[1]] == ["first", "second"]
    name_outputs(path, ["predict", "logits"])
    assert path.read_bytes() == (exports / PAIRWISE / "inference.predict.pdmodel").read_bytes()


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff not a graph", None])
def test_what_is_no_graph_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "graph.pdmodel"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match=r"graph\.pdmodel: not a"):
        read_tensors(path)


def test_no_path_of_this_machine_is_kept(exports: Path) -> None:
    for path in (*exports.rglob("*.pdmodel"), graph_of(FIXTURE, PDMODEL)):
        assert b".py" not in path.read_bytes()
