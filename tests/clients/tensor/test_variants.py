# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is among endpoints, and what a variant may be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clients.tensor import variants
from clients.tensor.variants import Endpoints
from clients.tensor_http_client import TensorHttpClient
from clients.tensor_rpc_client import TensorRpcClient
from contract.bundle import Bundle
from contract.errors import BundleError, InvalidField


def test_each_call_begins_with_the_next_endpoint() -> None:
    endpoints = Endpoints(["a:1", "b:1", "c:1"])
    assert [endpoints.in_turn() for _ in range(4)] == [
        ["a:1", "b:1", "c:1"],
        ["b:1", "c:1", "a:1"],
        ["c:1", "a:1", "b:1"],
        ["a:1", "b:1", "c:1"],
    ]


def test_one_that_failed_is_asked_last_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = Endpoints(["a:1", "b:1"])
    endpoints.failed("a:1")
    assert [endpoints.in_turn()[0] for _ in range(3)] == ["b:1", "b:1", "b:1"]
    monkeypatch.setattr(variants, "_AVOID_S", 0.0)
    assert [endpoints.in_turn()[0] for _ in range(2)] == ["b:1", "a:1"]


def test_a_client_without_a_service_says_so() -> None:
    with TensorHttpClient() as client, pytest.raises(InvalidField, match="endpoint: the client"):
        client.rank("q", ["t"])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("default", "h:1", 1), "tag"),
        (("b", [], 1), "endpoint"),
        (("b", "http://h:1", 1), "endpoint"),
        (("b", ["h:1", "h"], 1), "endpoint"),
        (("b", "h:1", -1), "weight"),
        (("b", "h:1", float("nan")), "weight"),
    ],
)
def test_a_bad_variant_is_refused_and_changes_nothing(arguments: tuple, field: str) -> None:
    with TensorRpcClient("127.0.0.1:1") as client:
        with pytest.raises(InvalidField, match=field):
            client.add_variant(*arguments)
        client.add_variant("b", "h:1", 0)
        with pytest.raises(Exception, match=r"127\.0\.0\.1:1: no connection"):
            client.rank("q", ["t"])


def test_bundles_are_checked_when_the_client_is_made(models: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        TensorHttpClient("h:1", tmp_path / "nowhere")
    with TensorHttpClient("h:1") as client, pytest.raises(BundleError, match="nowhere"):
        client.add_variant("b", "h:1", 1, tmp_path / "nowhere")


def test_a_manifest_and_a_tokenizer_are_all_that_is_read(models: Path, tmp_path: Path) -> None:
    source = models / "pairwise"
    shutil.copytree(source / "tokenizer", tmp_path / "tokenizer")
    shutil.copy(source / "manifest.json", tmp_path)
    TensorHttpClient("h:1", tmp_path).close()
    with (tmp_path / "tokenizer/vocab.txt").open("a", encoding="utf-8") as file:
        file.write("another\n")
    with pytest.raises(BundleError, match="damaged"):
        TensorHttpClient("h:1", tmp_path)


def test_an_opened_bundle_is_taken_too(models: Path) -> None:
    """As one has to be that upstream exported, without a manifest."""
    adopted = Bundle.adopt(
        models / "cross_encoder/serving_server",
        ranker="cross_encoder",
        tokenizer_dir=models / "cross_encoder/tokenizer",
        max_seq_length=64,
        score_function="softmax_positive",
    )
    with TensorHttpClient("h:1", adopted) as client:
        client.add_variant("b", "h:2", 1, adopted)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan")])
def test_a_timeout_must_be_positive(timeout_s: float) -> None:
    with pytest.raises(ValueError, match="timeout_s"):
        TensorHttpClient("h:1", timeout_s=timeout_s)


def test_an_unknown_wire_or_protocol_names_the_known_ones() -> None:
    with pytest.raises(InvalidField, match="wire: must be one of proto, json"):
        TensorHttpClient("h:1", wire="xml")
    with pytest.raises(InvalidField, match="protocol: must be one of grpc, baidu_std"):
        TensorRpcClient("h:1", protocol="soap")
