# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A tokenizer larger than its graph is refused, whichever format tells the graph's tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clients.tensor.variants import Variants
from contract.bundle import Bundle
from contract.bundle.embeddings import Tables, check_bundle, check_tables, tables_of
from contract.bundle.graphs import JSON, ONNX, PDMODEL, XML, GraphFiles, graph_files
from contract.encoding import PairEncoder
from contract.errors import BundleError
from contract.tensors import TensorSpec
from tests.graph_files import bundle_with
from tests.make_graph_fixture import FIXTURE

SHIPPED = Path(__file__).resolve().parents[3] / "serving_models"


def graph(kind: str) -> GraphFiles:
    bundle = Bundle.open(FIXTURE)
    (spec,) = (spec for spec in bundle.graphs if spec.format == kind)
    return bundle.files_of(spec)


def grow(tokenizer: Path, tokens: int) -> None:
    """Add tokens that no graph was trained with."""
    with (tokenizer / "vocab.txt").open("a", encoding="utf-8") as file:
        file.writelines(f"新词{number}\n" for number in range(tokens))


@pytest.mark.parametrize("kind", [PDMODEL, JSON, ONNX])
def test_each_format_tells_its_tables(kind: str) -> None:
    assert tables_of(graph(kind)) == Tables(180, 16, 64)


@pytest.mark.parametrize("ranker", ["pairwise", "cross_encoder"])
def test_the_shipped_bundles_fit(ranker: str) -> None:
    bundle = Bundle.open(SHIPPED / ranker)
    encoder = bundle.encoder()
    assert check_bundle(bundle, encoder) == Tables(encoder.vocab_size, 2, 512)


def test_an_ir_of_openvino_tells_its_tables(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    path = tmp_path / "graph.xml"
    openvino.save_model(openvino.Core().read_model(str(graph(PDMODEL).model)), str(path))
    assert tables_of(graph_files(path)) == Tables(180, 16, 64)
    assert graph_files(path).format == XML


def test_inputs_are_known_by_their_aliases() -> None:
    specs = (
        TensorSpec("input_ids", "token_type_ids", "int64", (-1,)),
        TensorSpec("token_type_ids", "input_ids", "int64", (-1,)),
    )
    assert tables_of(graph(PDMODEL), specs) == Tables(16, 180, 64)


@pytest.mark.parametrize("kind", [PDMODEL, JSON, ONNX])
def test_a_tokenizer_larger_than_the_graph_is_refused(tmp_path: Path, kind: str) -> None:
    root = bundle_with(tmp_path, kind)
    grow(root / "tokenizer", 7)
    encoder = PairEncoder.load(root / "tokenizer", 64)
    with pytest.raises(
        BundleError, match=r"the tokenizer has 187 tokens, but the graph has 180 tokens; use the"
    ):
        check_tables(graph(kind), encoder)


def test_a_row_longer_than_the_graph_is_refused() -> None:
    encoder = PairEncoder.load(FIXTURE / "tokenizer", 65)
    with pytest.raises(BundleError, match="max_seq_length is 65, but the graph has 64 positions"):
        check_tables(graph(PDMODEL), encoder)


def test_what_a_graph_does_not_tell_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.pdmodel"
    path.write_bytes(b"no graph")
    found = check_tables(graph_files(path), PairEncoder.load(FIXTURE / "tokenizer", 64))
    assert found.untold == ("vocabulary", "token types", "positions")


def test_a_tensor_client_sends_no_ids_that_its_graph_has_not(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, PDMODEL)
    grow(root / "tokenizer", 7)
    adopted = Bundle(Bundle.open(FIXTURE).manifest, root / "serving_server", root / "tokenizer")
    with pytest.raises(BundleError, match="187 tokens, but the graph has 180"):
        Variants(adopted, "").add("a", ["127.0.0.1:8600"], 1, None)
    # a client may have the tokenizer alone
    shutil.rmtree(root / "serving_server")
    Variants(adopted, "").add("a", ["127.0.0.1:8600"], 1, None)
