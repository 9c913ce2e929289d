# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The replay command against a real HTTP server: what it sends, its pace, its summary, its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from experiments import replay
from experiments.readers.click_model import INFORMATIONAL, ClickModel
from experiments.traffic.replay_session import draw_units
from tests.conftest import REPOSITORY
from tests.experiments.stand_in_service import Body, StandIn, gateway, serving

FAST = ("--rate", "400")


@pytest.fixture
def service() -> Iterator[StandIn]:
    with serving(StandIn()) as running:
        yield running


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Thirty queries with five documents, whose texts end in their grades."""
    path = tmp_path / "lists.jsonl"
    lines = [
        {
            "query": f"查询 {q}",
            "docs": [{"text": f"文 {q} {g}", "label": g} for g in (2, 0, 1, 0, 4)],
        }
        for q in range(30)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, Any]:
    code = replay.main([*map(str, args), "--json"])
    return code, json.loads(capsys.readouterr().out)


def by_id(bodies: list[Body]) -> dict[str, Body]:
    return {body["request_id"]: body for body in bodies}


def test_every_answer_gets_the_clicks_of_a_reader_of_that_order(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("--url", service.url, "--file", lists, "--requests", 60, *FAST, "--run", "r")
    code, found = run(capsys, *args, "--seed", 5, "--send_grades")
    assert code == 0
    ranked, feedback = by_id(service.ranked), by_id(service.feedback)
    assert set(ranked) == set(feedback) == {f"r-{n:06d}" for n in range(60)}
    # every query before one comes again
    assert set(Counter(body["query"] for body in service.ranked).values()) == {2}
    model = ClickModel.named(INFORMATIONAL, 4)
    for n in range(60):
        sent, got = ranked[f"r-{n:06d}"], feedback[f"r-{n:06d}"]
        grades = [int(document[-1]) for document in sent["documents"]]
        order = [result["index"] for result in json.loads(service.rank(sent)["results"])]
        clicked = model.read([grades[index] for index in order], f"5:{n}")
        assert got["clicks"] == [order[place] for place in clicked]
        assert got["grades"] == [[index, grades[index]] for index in order]
    variants = {row["variant"]: row for row in found["variants"]}
    assert sum(row["answers"] for row in variants.values()) == 60
    clicks = sum(len(body["clicks"]) for body in service.feedback)
    assert sum(row["clicks"] for row in variants.values()) == clicks
    assert variants["good"]["ndcg_at_10"] == pytest.approx(1.0)
    assert variants["bad"]["ndcg_at_10"] < 0.7
    assert variants["good"]["rankers"] == {"pairwise b1": variants["good"]["answers"]}


def test_a_seed_makes_the_same_traffic_again_under_new_ids(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("--url", service.url, "--file", lists, "--requests", 20, *FAST)
    traffic = []
    for seed in (1, 1, 2):
        service.ranked.clear()
        service.feedback.clear()
        run(capsys, *args, "--seed", seed)
        ids = sorted(by_id(service.ranked))
        ranked, feedback = by_id(service.ranked), by_id(service.feedback)
        traffic.append(
            (
                ids,
                [{**ranked[i], "request_id": ""} for i in ids],
                [feedback[i]["clicks"] for i in ids],
            )
        )
    first, second, other = traffic
    assert first[1:] == second[1:]
    assert not set(first[0]) & set(second[0])
    assert first[1] != other[1]
    assert first[2] != other[2]


def test_few_units_ask_much() -> None:
    asked = Counter(draw_units(100, 20_000, seed=3))
    assert set(asked) == set(range(100))
    harmonic = sum(1 / k for k in range(1, 101))
    for unit in (0, 1, 9):
        share = 1 / (unit + 1) / harmonic
        assert asked[unit] / 20_000 == pytest.approx(share, abs=4 * (share / 20_000) ** 0.5)


def test_a_late_answer_does_not_slow_the_next_request(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.delay_s = 0.5
    begin = time.monotonic()
    _, found = run(capsys, "--url", service.url, "--file", lists, "--requests", 50, "--rate", 50)
    # one after the other would take 25 s
    assert time.monotonic() - begin < 5
    assert service.most_in_flight > 15
    assert found["late_ms"]["p50"] < 100
    assert all(row["p50_ms"] >= 500 for row in found["variants"])


def test_bounded_requests_start_late_and_their_wait_counts(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.delay_s = 0.1
    _, found = run(
        capsys, "--url", service.url, "--file", lists, "--requests", 20, "--rate", 100,
        "--in_flight", 2,
    )  # fmt: skip
    assert service.most_in_flight == 2
    # ten turns of 0.1 s, all due within 0.2 s
    assert found["late_ms"]["p100"] > 600
    assert max(row["p99_ms"] for row in found["variants"]) > 700


def test_failures_are_counted_by_kind(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def misbehave(body: Body) -> Optional[bytes]:
        kind = int(body["request_id"][-6:]) % 8
        wrong = {
            0: gateway({}, 51, "the queue is full"),
            1: b"<html>",
            2: gateway({"results": '[{"index": 9}]'}),
            3: gateway({"results": '[{"index": 0}, {"index": 0}]'}),
            4: gateway({"predict": "[1]"}),
            5: b"",
        }
        return wrong.get(kind)

    service.misbehave = misbehave
    args = ("--url", service.url, "--file", lists, "--requests", 40, *FAST)
    code, found = run(capsys, *args)
    assert code == 0
    assert found["requests"] == 40
    hung_up = found["errors"].pop("RemoteProtocolError")
    assert found["errors"] == {"err_no 51": 5, "HTTP 200": 5, "answer": 15}
    assert hung_up == 5
    assert found["messages"]["err_no 51"] == "the queue is full"
    assert sum(row["answers"] for row in found["variants"]) == 10 == len(service.feedback)
    assert replay.main(list(map(str, args))) == 0
    text = capsys.readouterr().out
    assert "error: 5 x err_no 51: the queue is full" in text
    assert "30 errors" in text


def test_refused_feedback_is_counted_apart(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.refuse_feedback = True
    code, found = run(capsys, "--url", service.url, "--file", lists, "--requests", 10, *FAST)
    assert code == 0
    assert found["errors"] == {}
    assert found["feedback_errors"] == {"err_no 5000": 10}


def test_nothing_answered_ends_with_one(lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(StandIn()) as gone:
        url = gone.url
    code, found = run(capsys, "--url", url, "--file", lists, "--requests", 5, *FAST)
    assert code == 1
    assert found["errors"] == {"ConnectError": 5}
    assert found["variants"] == []


def test_interleaved_answers_are_counted_by_team(
    service: StandIn, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.teams = True
    args = ("--url", service.url, "--file", lists, "--requests", 60, *FAST)
    _, found = run(capsys, *args)
    (row,) = found["variants"]
    assert row["variant"] == "interleaved"
    wins: Counter[str] = Counter()
    ranked = by_id(service.ranked)
    for body in service.feedback:
        results = json.loads(service.rank(ranked[body["request_id"]])["results"])
        team_of = {result["index"]: result["team"] for result in results}
        votes = Counter(team_of[index] for index in body["clicks"])
        ahead = votes["good"] - votes["bad"]
        wins["good" if ahead > 0 else "bad" if ahead < 0 else ""] += 1
    assert row["team_wins"] == wins
    assert len(wins) == 3
    replay.main([*map(str, args), "--requests", "5"])
    assert "trial: queries won by clicks: " in capsys.readouterr().out


def test_short_lists_are_padded_and_useless_ones_left_out(
    service: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lists.tsv"
    path.write_text("query\ttitle\tlabel\na\tx 1\t1\na\ty 0\t0\nb\tz 0\t0\n", encoding="utf-8")
    args = ("--url", service.url, "--file", path, "--requests", 6, *FAST)
    assert replay.main(list(map(str, args))) == 0
    assert capsys.readouterr().err == "1 lists with documents of one grade left out\n"
    assert {body["query"] for body in service.ranked} == {"a"}
    service.ranked.clear()
    run(capsys, *args, "--pad_from", 3)
    assert {tuple(sorted(body["documents"])) for body in service.ranked} == {("x 1", "y 0", "z 0")}


def test_ctrl_c_ends_it_with_the_summary_so_far(service: StandIn, lists: Path) -> None:
    command = [sys.executable, "-m", "experiments.replay", "--url", service.url, "--json"]
    command += ["--file", str(lists), "--rate", "50", "--requests", "100000"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: len(service.feedback) >= 20)
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert time.monotonic() - begin < 2
    assert process.returncode == 130
    found = json.loads(out)
    answers = sum(row["answers"] for row in found["variants"])
    assert 20 <= answers == found["requests"] == len(service.feedback)


def test_a_second_signal_gives_up_what_hangs(service: StandIn, lists: Path) -> None:
    service.delay_s = 3.0
    command = [sys.executable, "-m", "experiments.replay", "--url", service.url]
    command += ["--file", str(lists), "--rate", "50", "--requests", "100000"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: len(service.ranked) >= 3)
            process.terminate()
            wait_until(lambda: not signal_waits(process.pid))  # two at once would count as one
            assert process.poll() is None
            process.terminate()
            out, _ = process.communicate(timeout=2)
        finally:
            process.kill()
    assert process.returncode == 143
    assert "requests given up unanswered" in out


def signal_waits(pid: int) -> bool:
    """Whether a process has not taken a signal yet that was sent to it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return "\nShdPnd:\t0000000000000000\n" not in status


def wait_until(reached: Any) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_usage_errors_are_one_line(
    tmp_path: Path, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{", encoding="utf-8")
    assert replay.main(["--file", str(bad)]) == 2
    assert "bad.jsonl:1: not JSON" in capsys.readouterr().err
    assert replay.main(["--file", str(lists), "--url", "localhost:8088"]) == 2
    assert "url: must be like http://127.0.0.1:8088" in capsys.readouterr().err
    assert replay.main(["--file", str(lists), "--top_grade", "3"]) == 2
    assert "--top_grade: the file has labels of 4" in capsys.readouterr().err
    for option in ("--rate", "--requests", "--units", "--in_flight"):
        with pytest.raises(SystemExit) as ended:
            replay.main(["--file", str(lists), option, "0"])
        assert ended.value.code == 2
