# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two graphs of a split ranker score as its whole one, whatever its store holds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.bundle.split import parts_of
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, ConfigError, InferenceFailed
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from pipeline.engines.bundles import open_bundles
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import Feed
from pipeline.engines.golden import CheckedSource, GoldenPairs
from pipeline.engines.openvino import OpenVinoEngine
from pipeline.engines.split import SplitEngine, SplitSource
from pipeline.settings.ops import SplitConfig
from pipeline.settings.service import load_config
from pipeline.states.parts import DOCUMENT, QUERY, bytes_of
from pipeline.states.store import StateStore
from tests.bundles import SENTENCES, SPLIT, build_bundle, build_split_bundle, relist

WHERE = "op.rocketqa"
NO_CACHE = EngineCache(None)
LARGE = 10**8


@pytest.fixture(scope="module")
def split_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both split rankers; read only."""
    directory = tmp_path_factory.mktemp("split")
    for ranker in RANKERS:
        build_split_bundle(directory, ranker)
    return directory


def open_split(split_bundles: Path, ranker: str) -> Bundle:
    return Bundle.open(split_bundles / (SPLIT + ranker))


def source_of(bundle: Bundle, store_bytes: int = LARGE, threads: int = 1) -> SplitSource:
    return SplitSource(bundle, "fp32", threads, NO_CACHE, SplitConfig(store_bytes), WHERE)


def whole_of(bundle: Bundle) -> OpenVinoEngine:
    return OpenVinoEngine(bundle, "fp32", 1, NO_CACHE, f"{WHERE}.local_service_conf")


def feed_of(bundle: Bundle, *pairs: tuple[str, str], multiple: int = 1) -> Feed:
    encoder = bundle.encoder()
    return encoder.pad(encoder.encode_pairs(pairs), multiple)


PAIRS = [(query, title) for query in SENTENCES[:3] for title in SENTENCES]


@pytest.mark.parametrize("threads", [1, 6])
@pytest.mark.parametrize("ranker", RANKERS)
def test_logits_are_those_of_the_whole_graph(
    split_bundles: Path, ranker: str, threads: int
) -> None:
    bundle = open_split(split_bundles, ranker)
    engine = source_of(bundle, threads=threads).open()
    feed = feed_of(bundle, *PAIRS)
    expected = whole_of(bundle).run(feed)
    assert np.ptp(expected) > 0.5
    for _ in range(2):
        np.testing.assert_allclose(engine.run(feed), expected, atol=1e-5)


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_score_depends_on_neither_company_nor_store(split_bundles: Path, ranker: str) -> None:
    bundle = open_split(split_bundles, ranker)
    expected = whole_of(bundle).run(feed_of(bundle, *PAIRS))
    source = source_of(bundle)
    engine = source.open()
    draw = np.random.default_rng(0)
    for turn in range(12):
        if turn % 4 == 0:
            source.states.clear()
        chosen = draw.permutation(len(PAIRS))[: int(draw.integers(1, len(PAIRS)))]
        feed = feed_of(bundle, *(PAIRS[i] for i in chosen), multiple=(1, 8, 64)[turn % 3])
        np.testing.assert_allclose(engine.run(feed), expected[chosen], atol=1e-5)
    for place, pair in enumerate(PAIRS):
        alone = engine.run(feed_of(bundle, pair))
        np.testing.assert_allclose(alone[0], expected[place], atol=1e-5)


def test_each_part_is_encoded_once(split_bundles: Path) -> None:
    bundle = open_split(split_bundles, CROSS_ENCODER)
    source = source_of(bundle, threads=2)
    first, second = source.open(), source.open()
    first.run(feed_of(bundle, *PAIRS))
    counts = source.states.counts
    assert counts.misses == {QUERY: 3, DOCUMENT: len(SENTENCES)}
    assert counts.hits == {QUERY: 0, DOCUMENT: 0}
    second.run(feed_of(bundle, (SENTENCES[3], SENTENCES[0]), *PAIRS[:4]))
    counts = source.states.counts
    assert counts.misses == {QUERY: 4, DOCUMENT: len(SENTENCES)}, "engines share the store"
    assert counts.hits == {QUERY: 1, DOCUMENT: 4}


def test_what_is_in_the_store_is_what_counts(split_bundles: Path) -> None:
    """A store whose states were exchanged gives other scores: it is read, and not computed anew."""
    bundle = open_split(split_bundles, CROSS_ENCODER)
    source = source_of(bundle)
    engine = source.open()
    feed = feed_of(bundle, *PAIRS)
    before = engine.run(feed)
    kept = source.states._kept
    kept.update({key: replace_states(one) for key, one in kept.items()})
    assert np.abs(engine.run(feed) - before).max() > 1e-2


def replace_states(kept: Any) -> Any:
    return kept._replace(states=kept.states[::-1])


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_store_without_room_for_all_scores_alike(split_bundles: Path, ranker: str) -> None:
    bundle = open_split(split_bundles, ranker)
    split = bundle.manifest.split
    assert split is not None
    least = bytes_of(bundle.manifest.max_seq_length, split)
    source = source_of(bundle, least)
    engine = source.open()
    feed = feed_of(bundle, *PAIRS)
    expected = whole_of(bundle).run(feed)
    for _ in range(3):
        np.testing.assert_allclose(engine.run(feed), expected, atol=1e-5)
        assert source.states.counts.bytes <= least
    assert source.states.counts.evictions > 0


def test_a_store_without_room_for_the_longest_row_is_refused(split_bundles: Path) -> None:
    bundle = open_split(split_bundles, CROSS_ENCODER)
    with pytest.raises(ConfigError, match=r"op.rocketqa.split.store_bytes: must be at least \d+"):
        source_of(bundle, 5000)


def test_a_bundle_without_the_graphs_is_refused(bundles: Path) -> None:
    with pytest.raises(ConfigError, match=r"op.rocketqa.split: .* has no graphs of its parts"):
        source_of(Bundle.open(bundles / CROSS_ENCODER))


def test_the_key_refuses_bundles_that_are_not_split(tmp_path: Path) -> None:
    build_split_bundle(tmp_path, CROSS_ENCODER)
    build_bundle(tmp_path, CROSS_ENCODER)
    op = {
        "engine": "openvino",
        "split": {"store_bytes": LARGE},
        "local_service_conf": {"model_config": str(tmp_path / (SPLIT + CROSS_ENCODER))},
    }
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"http_port": 9000, "op": {"rocketqa": op}}))
    assert len(open_bundles(load_config(path))) == 1
    op["more_bundles"] = [str(tmp_path / CROSS_ENCODER)]
    path.write_text(yaml.safe_dump({"http_port": 9000, "op": {"rocketqa": op}}))
    with pytest.raises(ConfigError, match=r"op.rocketqa.split: .*/cross_encoder has no graphs"):
        open_bundles(load_config(path))


def test_golden_pairs_are_checked_cold_and_warm_and_leave_nothing(split_bundles: Path) -> None:
    bundle = open_split(split_bundles, CROSS_ENCODER)
    golden = GoldenPairs(bundle, bundle.encoder())
    source = CheckedSource(source_of(bundle), "openvino fp32 on two graphs", "fp32", golden)
    source.open()
    assert "golden pairs agree" in source.summary
    lists = {pair.group: 0 for pair in read_golden(bundle.root / "golden.jsonl")}
    parts = len(lists) + len(read_golden(bundle.root / "golden.jsonl"))
    assert f"with an empty store and with {parts} of {parts} parts from it" in source.summary
    assert source.states is not None
    assert source.states.counts == StateStore(LARGE).counts


@pytest.mark.parametrize("graph", ["encoder", "scorer"])
def test_other_weights_in_either_graph_are_found_at_the_start(
    tmp_path: Path, split_bundles: Path, graph: str
) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(split_bundles / (SPLIT + CROSS_ENCODER), copy)
    path = copy / "split" / f"{graph}.pdiparams"
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half : half + 4000 // 4 * 4] = data[half + 4 : half + 4004]
    path.write_bytes(bytes(data))
    bundle = Bundle.open(relist(copy))
    golden = GoldenPairs(bundle, bundle.encoder())
    with pytest.raises(BundleError, match="export the bundle again"):
        CheckedSource(source_of(bundle), "openvino", "fp32", golden).open()


def test_a_warm_store_that_lies_is_found_at_the_start(split_bundles: Path) -> None:
    """The second check reads the store: the first alone would pass."""
    bundle = open_split(split_bundles, CROSS_ENCODER)

    class Lying(StateStore):
        def get(self, kind: str, keys: Any) -> Any:
            found = super().get(kind, keys)
            return {key: replace_states(kept) for key, kept in found.items()}

    class Source:
        count = 1
        states = Lying(LARGE)

        def open(self) -> SplitEngine:
            pad_id = bundle.encoder().pad_id
            return SplitEngine(bundle, pad_id, "fp32", 1, NO_CACHE, self.states, WHERE)

    golden = GoldenPairs(bundle, bundle.encoder())
    with pytest.raises(BundleError, match="differ from those at export"):
        CheckedSource(Source(), "openvino", "fp32", golden).open()


@pytest.mark.parametrize(
    "types", [[0, 0, 0, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0, 1, 1, 0]]
)
def test_rows_that_cannot_be_cut_are_refused_by_name(split_bundles: Path, types: list[int]) -> None:
    bundle = open_split(split_bundles, PAIRWISE)
    ids = np.array([[1, 9, 2, 9, 2, 0]] * 2)
    good = np.array([0, 0, 0, 1, 1, 0])
    feed = {INPUT_IDS: ids, TOKEN_TYPE_IDS: np.array([good, [*types, 0]])}
    engine = source_of(bundle).open()
    with pytest.raises(InferenceFailed, match=r"token_type_ids\[1\]: must be 0 for the query's"):
        engine.run(feed)
    engine.run({name: array[:1] for name, array in feed.items()})


def test_padding_within_a_row_stays_where_it_is(split_bundles: Path) -> None:
    """Callers may send it in rows of their own; the whole graph masks it."""
    for ranker in RANKERS:
        bundle = open_split(split_bundles, ranker)
        ids = np.array([[1, 9, 0, 10, 2, 11, 0, 0, 12, 2, 0, 0]])
        types = np.array([[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]])
        feed = {INPUT_IDS: ids, TOKEN_TYPE_IDS: types}
        ((query, document),) = parts_of(feed, bundle.encoder().pad_id)
        assert query.input_ids.tolist() == [1, 9, 0, 10, 2]
        assert document.input_ids.tolist() == [11, 0, 0, 12, 2]
        expected = whole_of(bundle).run(feed)
        np.testing.assert_allclose(source_of(bundle).open().run(feed), expected, atol=1e-5)


def test_what_is_no_number_is_not_kept(tmp_path: Path, split_bundles: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(split_bundles / (SPLIT + CROSS_ENCODER), copy)
    path = copy / "split" / "encoder.pdiparams"
    data = bytearray(path.read_bytes())
    data[-400:] = np.full(100, np.nan, np.float32).tobytes()
    path.write_bytes(bytes(data))
    bundle = Bundle.open(relist(copy))
    source = source_of(bundle)
    logits = source.open().run(feed_of(bundle, *PAIRS))
    assert np.isnan(logits).any()
    assert source.states.counts.misses[DOCUMENT] == len(SENTENCES)
    assert source.states.counts.entries < len(SENTENCES)


def test_another_bundle_s_states_are_never_taken(split_bundles: Path) -> None:
    bundle = open_split(split_bundles, CROSS_ENCODER)
    other = Bundle(
        replace(bundle.manifest, version="0" * 12), bundle.server_dir, bundle.tokenizer_dir
    )
    store = StateStore(LARGE)
    feed = feed_of(bundle, *PAIRS)
    for one in (bundle, other):
        SplitEngine(one, one.encoder().pad_id, "fp32", 1, NO_CACHE, store, WHERE).run(feed)
    counts = store.counts
    assert sum(counts.hits.values()) == 0
    assert counts.entries == 2 * (3 + len(SENTENCES))
