# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles on disk: opening, damage, disagreement, golden pairs, upstream's directories."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import content_version, hash_files
from contract.bundle.golden import (
    FP32_TOLERANCE,
    LOW_PRECISION_TOLERANCE,
    GoldenPair,
    Tolerance,
    check_golden,
    check_telling,
    read_golden,
    write_golden,
)
from contract.bundle.manifest import Manifest
from contract.bundle.serving_conf import read_serving_conf
from contract.encoding import PairEncoder, save_tokenizer
from contract.errors import BundleError
from contract.scoring import SCORE_FUNCTIONS
from contract.tensors import TensorSpec

CONF = """
feed_var { name: "input_ids" alias_name: "input_ids" feed_type: 0 }
feed_var { name: "token_type_ids" alias_name: "token_type_ids" feed_type: 0 }
fetch_var { name: "sigmoid_2.tmp_0" alias_name: "predict" fetch_type: 1 shape: 1 }
"""
TOKENS = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]", *"甲乙丙丁"]


@pytest.fixture()
def bundle_dir(tmp_path: Path) -> Path:
    root = tmp_path / "pairwise"
    server = root / "serving_server"
    server.mkdir(parents=True)
    (server / "serving_server_conf.prototxt").write_text(CONF)
    (server / "inference.pdmodel").write_bytes(b"graph")
    (server / "inference.pdiparams").write_bytes(b"weights")
    (root / "golden.jsonl").write_text("{}")
    save_tokenizer(TOKENS, root / "tokenizer", lower_case=True)
    feeds, fetches = read_serving_conf(server / "serving_server_conf.prototxt")
    files = hash_files(root, [p for p in root.rglob("*") if p.is_file()])
    manifest = Manifest(
        ranker="pairwise",
        version=content_version(files),
        score_function="identity",
        logits="predict",
        max_seq_length=16,
        precision="fp32",
        feeds=feeds,
        fetches=fetches,
        files=files,
        source={},
    )
    (root / "manifest.json").write_text(manifest.to_json())
    return root


def test_opens_by_its_directory_and_by_its_server_directory(bundle_dir: Path) -> None:
    by_root, by_server = Bundle.open(bundle_dir), Bundle.open(bundle_dir / "serving_server")
    assert by_root.manifest == by_server.manifest
    assert by_root.manifest.feeds[0] == TensorSpec("input_ids", "input_ids", "int64", ())
    assert by_root.manifest.fetches[0].shape == (1,)
    assert by_root.encoder().max_seq_length == 16
    assert by_root.score.name == "identity"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "manifest.json").unlink(), "no manifest.json"),
        (lambda d: (d / "manifest.json").write_text("{"), "not a manifest"),
        (lambda d: (d / "manifest.json").write_text("[]"), "not a manifest"),
        (lambda d: (d / "manifest.json").write_text('{"schema": 1}'), "not a manifest"),
        (lambda d: (d / "serving_server" / "inference.pdmodel").unlink(), "missing"),
        (lambda d: (d / "serving_server" / "inference.pdmodel").write_bytes(b"x"), "damaged"),
        (lambda d: (d / "tokenizer" / "vocab.txt").write_text("x"), "damaged"),
    ],
)
def test_damage_is_named(bundle_dir: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(bundle_dir)
    with pytest.raises(BundleError, match=message) as caught:
        Bundle.open(bundle_dir)
    assert str(bundle_dir) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 99}, "schema 99"),
        ({"ranker": "bm25"}, "ranker 'bm25'"),
        ({"score_function": "eval"}, "score_function 'eval'"),
        ({"score_function": "softmax_positive"}, "needs one output 'predict'"),
        ({"logits": "nothing"}, "needs one output 'nothing'"),
        ({"feeds": []}, "takes"),
        ({"surprise": 1}, "not a manifest"),
        ({"truncation": "only_first"}, "truncation 'only_first' is not one of longest_first"),
        ({"normalization": "nfd"}, "normalization 'nfd' is not one of none, nfkc"),
        ({"unicode_version": "16.0.0"}, "normalized by Unicode '16.0.0'.*export it again"),
    ],
)
def test_a_manifest_that_disagrees_is_refused(
    bundle_dir: Path, change: Mapping[str, object], message: str
) -> None:
    path = bundle_dir / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle_dir)


def test_a_manifest_of_before_the_table_is_of_python_3_9s_unicode(bundle_dir: Path) -> None:
    path = bundle_dir / "manifest.json"
    fields = json.loads(path.read_text())
    del fields["unicode_version"]
    path.write_text(json.dumps(fields))
    assert Bundle.open(bundle_dir).manifest.unicode_version == "13.0.0"


def test_a_manifest_that_names_no_rule_is_of_an_older_release(bundle_dir: Path) -> None:
    path = bundle_dir / "manifest.json"
    for stated, query_kept in ((None, 13), ("title_first", 13), ("longest_first", 7)):
        fields = {**json.loads(path.read_text()), "truncation": stated}
        if stated is None:
            del fields["truncation"]
        path.write_text(json.dumps(fields))
        (row,) = Bundle.open(bundle_dir).encoder().encode("甲" * 20, ["乙" * 20])
        assert row.query_kept == query_kept


def test_look_alikes_are_what_they_stand_for_where_the_manifest_says_so(bundle_dir: Path) -> None:
    path = bundle_dir / "manifest.json"
    found = {}
    for stated in (None, "none", "nfkc"):
        fields = {**json.loads(path.read_text()), "normalization": stated}
        if stated is None:
            del fields["normalization"]
        path.write_text(json.dumps(fields))
        # U+2F04 and U+2E84 are radicals, U+319A is an annotation mark
        row, same = Bundle.open(bundle_dir).encoder().encode("甲", ["\u2f04\u2e84\u319a", "乙乙乙"])
        found[stated] = row.input_ids.tolist() == same.input_ids.tolist()
    assert found == {None: False, "none": False, "nfkc": True}


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such directory"):
        Bundle.open(tmp_path / "nothing")


def test_the_version_changes_with_any_file(bundle_dir: Path) -> None:
    paths = [p for p in bundle_dir.rglob("*") if p.is_file()]
    before = content_version(hash_files(bundle_dir, paths))
    (bundle_dir / "tokenizer" / "vocab.txt").write_text("[PAD]\n")
    assert content_version(hash_files(bundle_dir, paths)) != before


def test_upstreams_directory_is_adopted(bundle_dir: Path) -> None:
    (bundle_dir / "manifest.json").unlink()
    bundle = Bundle.adopt(
        bundle_dir / "serving_server",
        ranker="pairwise",
        tokenizer_dir=bundle_dir / "tokenizer",
        max_seq_length=512,
        score_function="identity",
    )
    assert bundle.manifest.logits == "predict"
    assert bundle.encoder().max_seq_length == 512
    with pytest.raises(BundleError, match="needs one output"):
        Bundle.adopt(
            bundle_dir / "serving_server",
            ranker="cross_encoder",
            tokenizer_dir=bundle_dir / "tokenizer",
            max_seq_length=512,
            score_function="softmax_positive",
        )


def test_a_conf_that_is_no_model_config_is_named(tmp_path: Path) -> None:
    for text in ("feed_var {", "", 'feed_var { name: "a" feed_type: 77 }'):
        path = tmp_path / "serving_server_conf.prototxt"
        path.write_text(text)
        with pytest.raises(BundleError, match="serving_server_conf"):
            read_serving_conf(path)


def _length_logits(feed: Mapping[str, np.ndarray]) -> np.ndarray:
    """A stand-in graph: the number of tokens that are not padding, scaled into [0, 1]."""
    return (feed["input_ids"] != 0).sum(axis=1, keepdims=True).astype(np.float32) / 100


@pytest.fixture()
def encoder(tmp_path: Path) -> PairEncoder:
    save_tokenizer(TOKENS, tmp_path / "tok", lower_case=True)
    return PairEncoder.load(tmp_path / "tok", 16)


@pytest.fixture()
def golden(encoder: PairEncoder, tmp_path: Path) -> Path:
    pairs = []
    for title in ("甲", "甲乙丙", "甲乙"):
        row = encoder.encode("丁", [title])[0]
        logits = _length_logits(encoder.pad([row]))[0]
        pairs.append(
            GoldenPair(
                0,
                "丁",
                title,
                row.input_ids.tolist(),
                row.token_type_ids.tolist(),
                logits.tolist(),
                float(logits[0]),
            )
        )
    write_golden(pairs, tmp_path / "golden.jsonl")
    return tmp_path / "golden.jsonl"


def test_golden_pairs_survive_disk_and_pass(golden: Path, encoder: PairEncoder) -> None:
    pairs = read_golden(golden)
    assert check_golden(pairs, encoder, _length_logits, SCORE_FUNCTIONS["identity"]) < 1e-6


def test_golden_pairs_catch_other_ids_scores_orders_and_nan(
    golden: Path, encoder: PairEncoder
) -> None:
    pairs, identity = read_golden(golden), SCORE_FUNCTIONS["identity"]
    with pytest.raises(BundleError, match="token ids"):
        changed = [dataclasses.replace(p, input_ids=[*p.input_ids[:-1], 3]) for p in pairs]
        check_golden(changed, encoder, _length_logits, identity)
    with pytest.raises(BundleError, match="scores differ"):
        check_golden(pairs, encoder, lambda feed: _length_logits(feed) + 0.1, identity)
    with pytest.raises(BundleError, match="golden list 0: the graph returns NaN"):
        check_golden(pairs, encoder, lambda feed: _length_logits(feed) * np.nan, identity)
    # each score within the tolerance of its own, and yet another title first
    swapped = np.array([[0.05], [0.0611], [0.0689]], dtype=np.float32)
    with pytest.raises(BundleError, match="order"):
        tolerance = Tolerance(0.0099, 0.0099, 0.0)
        check_golden(pairs, encoder, lambda feed: swapped, identity, tolerance)


def test_a_long_title_is_fed_by_itself(tmp_path: Path) -> None:
    """An engine keeps the memory of its largest batch, and attention's grows with the square."""
    save_tokenizer(TOKENS, tmp_path / "tok", lower_case=True)
    encoder = PairEncoder.load(tmp_path / "tok", 400)
    titles = ["甲", "甲乙", "甲" * 300, "乙" * 300, "甲乙丙"]
    rows = encoder.encode("丁", titles)
    pairs = [
        GoldenPair(0, "丁", title, row.input_ids.tolist(), row.token_type_ids.tolist(), [0.0], 0.5)
        for title, row in zip(titles, rows)
    ]
    shapes = []

    def run(feed: Mapping[str, np.ndarray]) -> np.ndarray:
        shapes.append(feed["input_ids"].shape)
        return np.zeros((len(feed["input_ids"]), 1), dtype=np.float32)

    assert check_golden(pairs, encoder, run, SCORE_FUNCTIONS["sigmoid"]) == 0.0
    lengths = [len(row.input_ids) for row in rows]
    assert shapes == [(2, lengths[1]), (1, lengths[2]), (1, lengths[3]), (1, lengths[4])]
    # a graph that was exported without its head
    with pytest.raises(BundleError, match=r"takes logits of shape \[N, 1\], the graph returned"):
        check_golden(
            pairs, encoder, lambda feed: feed["input_ids"][..., None], SCORE_FUNCTIONS["sigmoid"]
        )


def _saturated(pairs: list[GoldenPair]) -> list[GoldenPair]:
    """The same pairs as scored by a ranker that is sure of every title."""
    logits = [24.30, 24.32, 23.74]
    return [dataclasses.replace(p, logits=[x], score=1.0) for p, x in zip(pairs, logits)]


def test_logits_are_compared_where_scores_are_all_one(golden: Path, encoder: PairEncoder) -> None:
    pairs, sigmoid = _saturated(read_golden(golden)), SCORE_FUNCTIONS["sigmoid"]
    logits = np.array([pair.logits for pair in pairs], dtype=np.float32)
    assert check_golden(pairs, encoder, lambda feed: logits, sigmoid) < 1e-5
    with pytest.raises(BundleError, match=r"list 0: logits differ .*, allowed 1e-04"):
        check_golden(pairs, encoder, lambda feed: logits + np.float32(1e-3), sigmoid)
    # in a lower precision they may be so far off, but not in another order
    off = logits + np.float32([[0.04], [0.04], [0.04]])
    assert check_golden(pairs, encoder, lambda feed: off, sigmoid, LOW_PRECISION_TOLERANCE) > 0.03
    with pytest.raises(BundleError, match="logits differ"):
        check_golden(pairs, encoder, lambda feed: logits[::-1], sigmoid, LOW_PRECISION_TOLERANCE)


def test_more_than_fp32_may_differ_with_the_spread_of_the_logits() -> None:
    assert LOW_PRECISION_TOLERANCE.of_logits(np.array([-1.0, 0.5])) == pytest.approx(0.075)
    assert LOW_PRECISION_TOLERANCE.of_logits(np.array([24.3, 24.32])) == 0.05
    assert FP32_TOLERANCE.of_logits(np.array([-2.0, 2.0])) == 1e-4


def test_golden_pairs_that_prove_nothing_are_none(golden: Path) -> None:
    pairs, sigmoid = read_golden(golden), SCORE_FUNCTIONS["sigmoid"]
    check_telling(pairs, sigmoid)
    check_telling(_saturated(pairs), sigmoid)
    ones = [dataclasses.replace(pair, logits=[1.0], score=1.0) for pair in pairs]
    with pytest.raises(BundleError, match=r"all 3 have the same scores; name lists .*golden_file"):
        check_telling(ones, SCORE_FUNCTIONS["identity"])
    with pytest.raises(BundleError, match="all 3 have the same logits"):
        check_telling(ones, sigmoid)
    # a list of one title has no order
    apart = [dataclasses.replace(pair, group=n) for n, pair in enumerate(pairs)]
    with pytest.raises(BundleError, match=r"test no order: .* more than 1.0e-04 apart"):
        check_telling(apart, sigmoid)
    near = [dataclasses.replace(p, logits=[24 + n / 1e5]) for n, p in enumerate(pairs)]
    with pytest.raises(BundleError, match="test no order"):
        check_telling(near, sigmoid)


def test_damaged_golden_pairs_are_named(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    for text in ("", "{", '{"list": 0}'):
        path.write_text(text)
        with pytest.raises(BundleError, match="golden"):
            read_golden(path)
