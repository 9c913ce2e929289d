# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which engine takes which graph of a bundle, and what is said where it can take none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract.bundle import Bundle
from contract.bundle.graphs import (
    JSON,
    ONNX,
    OPENVINO,
    OPENVINO_INT8,
    PDMODEL,
    XML,
    GraphSpec,
    Reader,
    choose,
    graphs_among,
    paddle_reader,
    paddle_version,
)
from contract.bundle.manifest import Manifest
from contract.errors import BundleError
from tests.graph_files import bundle_with
from tests.make_graph_fixture import FIXTURE

PADDLE_2, PADDLE_3, NO_PADDLE = paddle_reader("2.6.2"), paddle_reader("3.3.1"), paddle_reader("")


def specs(*formats: str) -> tuple[GraphSpec, ...]:
    return tuple(GraphSpec(kind, f"serving_server/inference.{kind}") for kind in formats)


@pytest.mark.parametrize(
    ("held", "openvino", "paddle_2", "paddle_3"),
    [
        ((PDMODEL,), PDMODEL, PDMODEL, PDMODEL),
        ((JSON, ONNX, PDMODEL), PDMODEL, PDMODEL, PDMODEL),
        ((JSON, ONNX), ONNX, None, JSON),
        ((JSON,), None, None, JSON),
        ((ONNX,), ONNX, None, None),
        ((XML,), XML, None, None),
        ((), None, None, None),
    ],
)
def test_each_engine_takes_what_it_reads(
    held: tuple[str, ...], openvino: str | None, paddle_2: str | None, paddle_3: str | None
) -> None:
    for reader, expected in ((OPENVINO, openvino), (PADDLE_2, paddle_2), (PADDLE_3, paddle_3)):
        if expected is None:
            with pytest.raises(BundleError, match=r"^here: holds "):
                choose(specs(*held), reader, "here")
        else:
            assert choose(specs(*held), reader, "here").format == expected


def test_a_quantized_graph_comes_before_what_it_was_made_from() -> None:
    assert choose(specs(PDMODEL, XML), OPENVINO_INT8, "here").format == XML
    assert choose(specs(PDMODEL, XML), OPENVINO, "here").format == PDMODEL


@pytest.mark.parametrize(
    ("reader", "held", "words"),
    [
        (
            PADDLE_2,
            (JSON, ONNX),
            "(inference.json), which Paddle 2.6.2 cannot read; set engine to "
            "openvino, or use the modern set",
        ),
        (PADDLE_2, (JSON,), "(inference.json), which Paddle 2.6.2 cannot read; use the modern set"),
        (OPENVINO, (JSON,), "(inference.json), which OpenVINO cannot read; set engine to paddle"),
        (PADDLE_3, (ONNX,), "a graph for OpenVINO only (inference.onnx); set engine to openvino"),
        (NO_PADDLE, (PDMODEL,), "Paddle is not installed here; set engine to openvino"),
        (OPENVINO, (), "holds no graph (.pdmodel, .onnx, .xml, .json with its .pdiparams"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(
    reader: Reader, held: tuple[str, ...], words: str
) -> None:
    with pytest.raises(BundleError) as caught:
        choose(specs(*held), reader, "serving_server")
    assert words in str(caught.value)
    assert caught.value.field == "serving_server"


def test_two_graphs_of_one_format_are_refused() -> None:
    two = (GraphSpec(PDMODEL, "s/a.pdmodel"), GraphSpec(PDMODEL, "s/b.pdmodel"))
    with pytest.raises(BundleError, match=r"holds 2 graphs \(a.pdmodel, b.pdmodel\)"):
        choose(two, OPENVINO, "s")


def test_graphs_are_found_among_files() -> None:
    found = graphs_among(
        (
            "manifest.json",
            "tokenizer/tokenizer_config.json",
            "serving_server/a.pdmodel",
            "serving_server/weights.pdiparams",
            "serving_server/paddle3/a.json",
            "serving_server/paddle3/a.pdiparams",
            "serving_server/b.onnx",
            "serving_server/c.xml",
            "serving_server/c.bin",
            "serving_server/serving_server_conf.prototxt",
        )
    )
    assert found == (
        GraphSpec(PDMODEL, "serving_server/a.pdmodel", "serving_server/weights.pdiparams"),
        GraphSpec(ONNX, "serving_server/b.onnx"),
        GraphSpec(XML, "serving_server/c.xml", "serving_server/c.bin"),
        GraphSpec(JSON, "serving_server/paddle3/a.json", "serving_server/paddle3/a.pdiparams"),
    )


def test_this_environment_has_a_paddle_and_tells_without_importing_it() -> None:
    assert paddle_version().split(".")[0] in ("2", "3")
    assert paddle_reader().name == f"Paddle {paddle_version()}"


def test_a_bundle_says_which_graphs_it_holds() -> None:
    bundle = Bundle.open(FIXTURE)
    assert [graph.format for graph in bundle.graphs] == [PDMODEL, JSON, ONNX]
    for reader in (OPENVINO, PADDLE_2, PADDLE_3):
        graph = bundle.graph(reader)
        assert graph.model.is_file() and graph.params is not None and graph.params.is_file()
    assert Manifest.from_json(bundle.manifest.to_json(), "m").graphs == bundle.manifest.graphs


def test_an_old_manifest_says_it_by_its_files(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, PDMODEL, JSON, ONNX)
    path = root / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["graphs"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert set(Bundle.open(root).graphs) == set(Bundle.open(FIXTURE).graphs)


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (
            {"format": ONNX, "path": "serving_server/other.onnx"},
            "serving_server/other.onnx' is not",
        ),
        ({"format": ONNX, "path": "../secret.onnx"}, "'../secret.onnx' is not among files"),
        ({"format": ONNX, "path": ""}, "'' is not among files"),
        ({"format": "caffe", "path": "serving_server/x"}, "'caffe' is not one of pdmodel, json"),
        ({"format": ONNX}, "not a manifest of this project"),
        ("inference.onnx", "not a manifest of this project"),
    ],
)
def test_a_manifest_that_names_what_is_not_there_is_refused(
    tmp_path: Path, graph: Mapping[str, str] | str, words: str
) -> None:
    path = bundle_with(tmp_path, ONNX) / "manifest.json"
    manifest = {**json.loads(path.read_text(encoding="utf-8")), "graphs": [graph]}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        Bundle.open(path.parent)
    assert words in str(caught.value)


def test_a_graph_that_is_gone_is_missing(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, ONNX)
    (root / "serving_server" / "inference.predict.onnx").unlink()
    with pytest.raises(BundleError, match=r"inference\.predict\.onnx: missing"):
        Bundle.open(root)
