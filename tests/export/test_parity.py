# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores that differ are refused, whatever made them differ; scores that agree are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import Feed, GoldenPair, RunFeed, read_golden
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, DataError
from export.engines.paddle_inference import GraphPredictor, InferenceOptions, logits_of
from export.proof.golden_lists import golden_lists
from export.proof.parity import Parity, check_parity

PLAIN = InferenceOptions()


class Engine:
    """A bundle's graph on Paddle Inference, and its golden pairs."""

    def __init__(self, root: Path, options: InferenceOptions = PLAIN) -> None:
        self.bundle = Bundle.open(root)
        model = next(self.bundle.server_dir.glob("*.pdmodel"))
        predictor = GraphPredictor(model, model.with_suffix(".pdiparams"), options)
        manifest = self.bundle.manifest
        self.run: RunFeed = logits_of(predictor, manifest.fetches, manifest.logits)
        self.golden = read_golden(root / "golden.jsonl")

    def check(self, run: RunFeed, golden: list[GoldenPair] | None = None) -> list[Parity]:
        pairs = golden or self.golden
        engines: Mapping[str, RunFeed] = {"static graph": run}
        return list(check_parity(pairs, self.bundle.encoder(), engines, self.bundle.score))


@pytest.fixture
def engine(bundles: Path, ranker: str) -> Engine:
    return Engine(bundles / ranker)


@pytest.mark.parametrize(
    "options",
    [PLAIN, InferenceOptions(ir_optim=False), InferenceOptions(enable_mkldnn=True)],
    ids=["optimised", "plain", "mkldnn"],
)
def test_every_cpu_engine_agrees_in_every_arrangement(
    bundles: Path, ranker: str, options: InferenceOptions
) -> None:
    engine = Engine(bundles / ranker, options)
    (parity,) = engine.check(engine.run)
    assert list(parity.differences) == ["in lists", "alone", "padded to full length"]
    assert max(parity.differences.values()) <= 2e-5
    assert str(parity).startswith(f"static graph: {len(engine.golden)} golden pairs, ")


def test_golden_scores_tell_titles_apart(engine: Engine) -> None:
    scores = [pair.score for pair in engine.golden]
    assert np.std(scores) > 0.05
    assert len({round(score, 4) for score in scores}) > len(scores) // 2


def test_a_difference_over_the_tolerance_is_refused(engine: Engine) -> None:
    def run(feed: Feed) -> NDArray[np.float32]:
        logits = engine.run(feed).copy()
        logits[0, -1] += 2e-3
        return logits

    with pytest.raises(BundleError, match=r"static graph, rows in lists: scores differ .* 1e-05"):
        engine.check(run)


def test_swapped_inputs_are_refused(engine: Engine) -> None:
    def run(feed: Feed) -> NDArray[np.float32]:
        return engine.run({INPUT_IDS: feed[TOKEN_TYPE_IDS], TOKEN_TYPE_IDS: feed[INPUT_IDS] % 2})

    with pytest.raises(BundleError, match="nothing is published"):
        engine.check(run)


def test_a_score_that_depends_on_the_padding_is_refused(engine: Engine) -> None:
    def run(feed: Feed) -> NDArray[np.float32]:
        ids = feed[INPUT_IDS]
        # unmasked padding: an ordinary token in place of [PAD]
        return engine.run({**feed, INPUT_IDS: np.where(ids == 0, 40, ids)})

    with pytest.raises(BundleError, match="rows in lists: scores differ"):
        engine.check(run)


def test_a_score_that_depends_on_its_companions_is_refused(engine: Engine) -> None:
    """Upstream's softmax over the whole batch: right for a row alone, wrong among others."""

    def run(feed: Feed) -> NDArray[np.float32]:
        logits = engine.run(feed)
        return (
            logits
            - np.float32(np.log(np.exp(logits).sum()) if len(logits) > 1 else 0)[..., None]
            * np.linspace(0, 1, logits.shape[1] + 1, dtype=np.float32)[1:]
        )

    with pytest.raises(BundleError, match="rows in lists: scores differ"):
        engine.check(run)


def test_another_order_is_refused_where_scores_cannot_tell(engine: Engine) -> None:
    """Logits this large give scores of 1, whatever their order."""
    raised = [
        replace(pair, logits=[*pair.logits[:-1], pair.logits[-1] + 40.0], score=1.0)
        for pair in engine.golden
    ]

    def run(feed: Feed) -> NDArray[np.float32]:
        logits = engine.run(feed).copy()
        logits[:, -1] += 40.0
        return logits

    engine.check(run, raised)
    with pytest.raises(BundleError, match=r"list 0: .* logits differ"):
        engine.check(lambda feed: run(feed)[::-1], raised)


def test_pairs_that_tell_nothing_apart_are_refused(engine: Engine) -> None:
    """Any order of equal logits would pass."""
    one = engine.golden[0]
    alike = [replace(pair, logits=one.logits, score=one.score) for pair in engine.golden]
    with pytest.raises(BundleError, match="golden pairs: they prove nothing"):
        engine.check(engine.run, alike)


def test_nan_is_refused(engine: Engine) -> None:
    with pytest.raises(BundleError, match="NaN or infinity"):
        engine.check(lambda feed: np.full_like(engine.run(feed), np.nan))


def test_builtin_lists_hold_the_edge_cases() -> None:
    lists = golden_lists()
    assert len(lists) >= 5
    assert all(len({query for query, _ in members}) == 1 < len(members) for members in lists)
    titles = [title for _, title in lists[-1]]
    assert "" in titles
    assert any(len(title) > 600 for title in titles)
    assert any("😀" in title for title in titles)


def test_a_file_gives_the_first_lists(tmp_path: Path) -> None:
    path = tmp_path / "dev.tsv"
    rows = [f"查询{q}\t标题{t}\t{t % 2}" for t in range(7) for q in range(12)]
    path.write_text("\n".join(["query\ttitle\tlabel", *rows, "独\t一"]) + "\n", encoding="utf-8")
    lists = golden_lists(path)
    assert lists[0] == [("查询0", f"标题{t}") for t in range(5)]
    assert [members[0][0] for members in lists[:-1]] == [f"查询{q}" for q in range(8)]
    assert lists[-1] == golden_lists()[-1]


def test_a_file_gives_its_columns_by_name(tmp_path: Path) -> None:
    path = tmp_path / "dev.tsv"
    path.write_text("label\ttitle\tquery\n1\t标题一\t查询\n0\t标题二\t查询\n", encoding="utf-8")
    assert golden_lists(path)[0] == [("查询", "标题一"), ("查询", "标题二")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query\tpara\na\tb\n", "no column title"),
        ("title\tquery\na\n", "golden.tsv:2: must be query<TAB>title"),
        ("只有一列\n", "golden.tsv:1: must be query<TAB>title"),
        ("a\tb\nc\td\n", "no query has two titles"),
        ("", "no query has two titles"),
        (None, "cannot read the golden lists"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "golden.tsv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        golden_lists(path)
