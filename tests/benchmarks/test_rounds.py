# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""All ways to run a workload give the same scores, and ways that do not are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.candidates import Candidate
from benchmarks.direct_ranker import DirectRanker
from benchmarks.engines import open_runs
from benchmarks.in_process import encode, rank
from benchmarks.measure import Outcome, compare
from benchmarks.rounds import (
    Measured,
    Round,
    System,
    Turns,
    check_agreement,
    run_rounds,
    share_of,
    through_service,
)
from benchmarks.worker import Calls
from benchmarks.workload import RankCall, Workload
from contract.bundle import Bundle
from contract.bundle.golden import FP32_TOLERANCE
from contract.errors import InferenceFailed, SetUpError
from contract.rankers import RANKERS


@pytest.fixture(scope="module", params=RANKERS)
def bundle(request: pytest.FixtureRequest, bundles: Path) -> Bundle:
    return Bundle.open(bundles / request.param)


def direct(bundle: Bundle, engine: str, threads: int = 1) -> DirectRanker:
    return DirectRanker(bundle, open_runs(engine, bundle, "fp32", threads))


def as_calls(workload: Workload) -> Calls:
    return [(call.query, list(call.documents)) for call in workload.calls]


def ranked(ranker: DirectRanker, workload: Workload) -> Round:
    return Round(1.0, rank(ranker, as_calls(workload))["scores"])


def test_engines_agree_in_any_batches_and_threads(bundle: Bundle, workload: Workload) -> None:
    reference = ranked(direct(bundle, "paddle"), workload)
    one_by_one = direct(bundle, "paddle")
    alone = [
        [one_by_one.sorted_by_length([RankCall(call.query, (d,))])[0][0] for d in call.documents]
        for call in workload.calls
    ]
    check_agreement(reference, Round(1.0, alone), "alone", FP32_TOLERANCE.score)
    for threads in (1, 3):
        given = ranked(direct(bundle, "openvino", threads), workload)
        check_agreement(reference, given, "openvino", FP32_TOLERANCE.score)
    assert len({score for call in reference.scores for score in call}) > 10


def test_a_worker_encodes_as_the_bundle_does(bundle: Bundle, workload: Workload) -> None:
    ids = encode(direct(bundle, "paddle"), as_calls(workload))["input_ids"]
    rows = [r for c in workload.calls for r in bundle.encoder().encode(c.query, c.documents)]
    assert ids == [row.input_ids.tolist() for row in rows]


def test_a_precision_that_the_bundle_does_not_have_is_refused(bundle: Bundle) -> None:
    with pytest.raises(SetUpError, match="int8 cannot be had from a bundle in fp32"):
        open_runs("openvino", bundle, "int8", 1)


@pytest.mark.parametrize(
    "scores", [[[0.5, 0.1]], [[0.1]], [[float("nan"), 0.5]]], ids=["swapped", "short", "nan"]
)
def test_other_scores_do_not_agree(scores: list[list[float]]) -> None:
    with pytest.raises(InferenceFailed, match="odd: its scores differ"):
        check_agreement(Round(1.0, [[0.1, 0.5]]), Round(1.0, scores), "odd", 1e-2)


def candidate(name: str, owner: str, precision: str, score: float) -> Candidate:
    system: System = lambda w: Round(0.5, [[score] * len(c.documents) for c in w.calls])  # noqa: E731
    return Candidate(owner, name, precision, "HTTP", lambda _: system, None, lambda _: 1.0)


def test_a_peer_with_other_scores_is_left_out_and_said_why() -> None:
    workload = Workload("w", "", (RankCall("q", ("a", "b")),))
    outcome = Outcome()
    given = [
        candidate("first", "ours", "fp32", 0.5),
        candidate("near", "ours", "int8", 0.51),
        candidate("far", "peer", "fp32", 0.51),
    ]
    compared = compare(given, workload, outcome)
    assert [one.candidate.system for one in compared] == ["first", "near"]
    assert [one.pairs_per_s for one in compared] == [4.0, 4.0]
    (left,) = outcome.left_out
    assert left.system == "far, HTTP"
    assert "not timed" in left.reason


def test_nothing_is_timed_when_our_own_fp32_scores_differ() -> None:
    workload = Workload("w", "", (RankCall("q", ("a",)),))
    given = [candidate("a", "ours", "fp32", 0.5), candidate("b", "ours", "fp32", 0.6)]
    with pytest.raises(InferenceFailed, match="b, HTTP"):
        compare(given, workload, Outcome())


def test_systems_take_turns_in_another_order_each_round() -> None:
    order: list[str] = []
    workload = Workload("w", "", (RankCall("q", tuple("0123456789")),))

    def turns(name: str, rounds: int) -> Turns:
        def run(_: Workload) -> Round:
            order.append(name)
            return Round(2.0, [], None, (0.5, 1.5))

        return Turns(run, workload, rounds)

    measured = run_rounds({"a": turns("a", 3), "b": turns("b", 3), "c": turns("c", 1)})
    assert "".join(order) == "abcbaab"
    assert measured["a"].pairs_per_s() == [5.0, 5.0, 5.0]
    assert measured["c"].pairs_per_s() == [5.0]
    assert measured["a"].pairs_per_s(tokenizing=False) == []
    assert measured["a"].latency_ms(50) == pytest.approx(1000.0)


def test_a_slow_system_gets_a_part_of_the_workload_and_every_client_a_call() -> None:
    workload = Workload("w", "", tuple(RankCall(str(i), ("d",) * 50) for i in range(20)))

    def share(pairs_per_s: float, clients: int) -> tuple[int, int]:
        part, rounds = share_of(workload, pairs_per_s, 10.0, clients, 2)
        assert part.calls == workload.calls[: len(part.calls)]
        return len(part.calls), rounds

    assert share(10_000.0, 1) == (20, 2)
    assert share(40.0, 1) == (4, 2)
    assert share(40.0, 16) == (16, 1)
    assert share(1.0, 1) == (1, 1)
    assert share(1.0, 64) == (20, 1)


def test_calls_of_several_clients_come_back_in_their_order() -> None:
    workload = Workload("w", "", tuple(RankCall(str(i), ("d",)) for i in range(30)))
    done = through_service([lambda call: [float(call.query)]] * 4)(workload)
    assert done.scores == [[float(i)] for i in range(30)]
    assert len(done.latencies_s) == 30


def test_a_failed_call_ends_the_round() -> None:
    def refuse(_: RankCall) -> list[float]:
        raise InferenceFailed("no", field="x")

    with pytest.raises(InferenceFailed):
        through_service([refuse, refuse])(Workload("w", "", (RankCall("q", ("d",)),)))


def test_a_system_without_single_calls_has_no_latency() -> None:
    assert Measured(4, [Round(1.0, [], 0.5)]).latency_ms(99) is None
    assert Measured(4, [Round(1.0, [], 0.5)]).pairs_per_s(tokenizing=False) == [8.0]
