# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys under cascade: what is refused, by which key, and what is made of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import ConfigError
from contract.rankers import BM25, CASCADE, CROSS_ENCODER, PAIRWISE
from pipeline.request.route import Target
from pipeline.routing.stages import Stage, cascade_of, named
from pipeline.settings.service import ServiceConfig, load_config

SERVED = {PAIRWISE: ["p1", "p2"], CROSS_ENCODER: ["c1"]}
OP = "{local_service_conf: {model_config: m}}"
BOTH = f"{{ernie: {OP}, rocketqa: {OP}}}"


def config(tmp_path: Path, cascade: str, more: str = "", ops: str = BOTH) -> ServiceConfig:
    path = tmp_path / "config_nlp.yml"
    path.write_text(f"rpc_port: 8089\nop: {ops}\ncascade: {cascade}\n{more}", encoding="utf-8")
    return load_config(path)


def stages(*texts: str) -> str:
    return "{stages: [" + ", ".join("{" + text + "}" for text in texts) + "]}"


BM25_FIRST, DEAR = "ranker: bm25, keep: 10", "ranker: cross_encoder"


@pytest.mark.parametrize(
    ("cascade", "told"),
    [
        ("{}", "cascade.stages: must hold two stages or more"),
        (stages(BM25_FIRST), "cascade.stages: must hold two stages or more"),
        (stages("ranker: bm52, keep: 9", DEAR), "cascade.stages[0].ranker: must be one of bm25, "),
        (stages("keep: 9", DEAR), "cascade.stages[0].ranker: missing; name one of bm25, pairwise"),
        (stages(BM25_FIRST, ""), "cascade.stages[1].ranker: missing; name one of pairwise"),
        (stages("ranker: pairwise, keep: 9", "ranker: bm25"), "cascade.stages[1].ranker: bm25 is"),
        (stages("ranker: bm25, bundle: x, keep: 9", DEAR), "cascade.stages[0].bundle: bm25 has no"),
        (stages("ranker: bm25", DEAR), "cascade.stages[0].keep: missing; say how many"),
        (stages("ranker: bm25, keep: 0", DEAR), "cascade.stages[0].keep: must be a whole number"),
        (stages(BM25_FIRST, f"{DEAR}, keep: 3"), "cascade.stages[1].keep: no stage comes after"),
        (stages(BM25_FIRST, f"{DEAR}, keep_share: 0.5"), "cascade.stages[1].keep_share: no stage"),
        (
            stages(BM25_FIRST, "ranker: pairwise, keep: 10", DEAR),
            "cascade.stages[1].keep: must be below the 10 that the stage before it keeps",
        ),
        (
            stages(f"{BM25_FIRST}, keep_share: 1", DEAR),
            "cascade.stages[0].keep_share: must be above 0 and below 1",
        ),
        (
            stages(f"{BM25_FIRST}, keep_at_least: 2", DEAR),
            "cascade.stages[0].keep_at_least: goes with keep_share only",
        ),
        (
            stages(f"{BM25_FIRST}, keep_share: 0.5, keep_at_least: 11", DEAR),
            "cascade.stages[0].keep_at_least: must be at most keep, 10",
        ),
        (
            stages("ranker: pairwise, keep: 9", "ranker: pairwise"),
            "cascade.stages[1].ranker: pairwise has scored already",
        ),
        (stages(BM25_FIRST, DEAR, "kep: 1"), "cascade.stages[2].kep: unknown key; did you mean"),
        ("{stages: [], max_ms: 0}", "cascade.max_ms: must be a number from 1 to 600000, got 0"),
    ],
)
def test_what_cannot_be_is_told_by_its_key(tmp_path: Path, cascade: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, cascade)
    assert str(caught.value).startswith(told)


def test_a_ranker_without_an_op_is_no_stage(tmp_path: Path) -> None:
    ops = f"{{ernie: {OP}}}"
    with pytest.raises(ConfigError, match=r"stages\[1\]\.ranker: cross_encoder is not served"):
        config(tmp_path, stages(BM25_FIRST, DEAR), ops=ops)


def test_it_may_answer_those_who_name_nothing(tmp_path: Path) -> None:
    made = config(tmp_path, stages(BM25_FIRST, DEAR), "default_ranker: cascade")
    assert made.default_ranker == CASCADE
    assert made.rankers == (PAIRWISE, CROSS_ENCODER)
    assert made.answering == (PAIRWISE, CROSS_ENCODER, CASCADE)
    with pytest.raises(ConfigError, match="default_ranker: cascade needs cascade"):
        config(tmp_path, "null", "default_ranker: cascade")
    with pytest.raises(ConfigError, match=r"model_aliases\.fast: must be one of pairwise, cross"):
        config(tmp_path, "null", "model_aliases: {fast: cascade}")


def test_stages_find_their_bundles(tmp_path: Path) -> None:
    text = stages(
        "ranker: bm25, keep: 100", "ranker: pairwise, bundle: p2, keep: 9, keep_share: 0.9", DEAR
    )
    made = cascade_of(config(tmp_path, text), SERVED)
    assert made is not None
    assert made.stages == (
        Stage(BM25, None, 100),
        Stage(PAIRWISE, Target(PAIRWISE, "p2"), 9, 0.9, 1),
        Stage(CROSS_ENCODER, Target(CROSS_ENCODER, "c1")),
    )
    assert named(SERVED, made)[CASCADE] == [made.target.bundle]


def test_another_cascade_has_another_version(tmp_path: Path) -> None:
    first = cascade_of(config(tmp_path, stages(BM25_FIRST, DEAR)), SERVED)
    again = cascade_of(config(tmp_path, stages(BM25_FIRST, DEAR)), SERVED)
    other = cascade_of(config(tmp_path, stages("ranker: bm25, keep: 11", DEAR)), SERVED)
    assert first is not None
    assert other is not None
    assert first == again
    assert first.target != other.target


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("ranker: pairwise, bundle: p3", "pairwise has no bundle p3, only p1, p2"),
        ("ranker: pairwise, bundle: p1", "pairwise p1 has scored already"),
    ],
)
def test_a_bundle_that_cannot_be_is_told(tmp_path: Path, last: str, told: str) -> None:
    made = config(tmp_path, stages("ranker: pairwise, keep: 10", last))
    with pytest.raises(ConfigError, match=told):
        cascade_of(made, SERVED)
