# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the report does with files that are damaged, missing, of another kind or format."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from contract.experiments.records import to_line
from tests.conftest import REPOSITORY
from tests.experiments.records import START, command, exposure, feedback, report, write

FEW = ("--min_units", "2")
RECORDS = [exposure(i, "ab"[i % 2]) for i in range(40)] + [feedback(i, 0) for i in range(0, 40, 3)]


def test_a_last_line_cut_short_is_counted_and_skipped(tmp_path: Path) -> None:
    whole = report(write(tmp_path / "whole", RECORDS), *FEW)
    folder = write(tmp_path / "cut", RECORDS)
    with (folder / "exposures-1.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(to_line(exposure(99, "a"))[:100])
    cut = report(folder, *FEW, "--max_damaged", "0.1")
    assert cut.status == 0
    assert cut.json["analysis"]["metrics"] == whole.json["analysis"]["metrics"]
    assert cut.json["analysis"]["counts"]["damaged_lines"] == 1
    assert "exposures-1.jsonl:41: cut short" in cut.check("damaged_lines")["says"]


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"\xff\xfe\x00",
        b"\x00" * 50,
        b"[1, 2]",
        b"{}",
        b'{"kind": "exposure"}',
        b'{"kind": "other", "time": 1}',
        to_line(exposure(99)).replace('"err_no":0', '"err_no":"none"').encode().strip(),
        to_line(exposure(99)).replace('"order":[0,1,2', '"order":["x",1,2').encode().strip(),
        to_line(exposure(99)).replace('"time":1788220899.0', '"time":null').encode().strip(),
        to_line(exposure(99)).replace('"time":1788220899.0', '"time":1e30').encode().strip(),
    ],
)
def test_a_damaged_line_is_counted_and_skipped(tmp_path: Path, line: bytes) -> None:
    folder = write(tmp_path, RECORDS)
    path = folder / "exposures-1.jsonl"
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(b"\n".join([first, line, b"", rest]))
    done = report(folder, *FEW, "--max_damaged", "0.1")
    assert done.status == 0, done.error
    counts = done.json["analysis"]["counts"]
    assert (counts["damaged_lines"], counts["requests"]) == (1, 40)


def test_many_damaged_lines_are_broken(tmp_path: Path) -> None:
    folder = write(tmp_path, RECORDS)
    with (folder / "feedback-1.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"kind": "feedback"}\n' * 5)
    done = report(folder, *FEW)
    assert done.status == 4
    assert "damaged_lines: 5 of 59 lines" in " ".join(done.text.split())
    assert "feedback-1.jsonl:15: line: no record (TypeError" in done.check("damaged_lines")["says"]


def test_empty_files_are_broken_and_not_an_error(tmp_path: Path) -> None:
    done = report(write(tmp_path, []))
    assert done.status == 4
    assert "there are no requests" in done.text
    assert done.json["verdict"]["decision"] == "broken"


def test_one_variant_alone_is_broken(tmp_path: Path) -> None:
    done = report(write(tmp_path, [exposure(i, "a") for i in range(10)]))
    assert done.status == 4
    assert "only variant 'a'" in done.text


def test_without_feedback_guardrails_alone_can_decide(tmp_path: Path) -> None:
    folder = write(tmp_path, RECORDS)
    done = command("--exposures", str(folder), *FEW)
    assert done.returncode == 0
    (folder / "feedback-1.jsonl").unlink()
    assert (
        command("--exposures", str(folder), "--feedback", str(folder), *FEW).stdout == done.stdout
    )
    assert "there is no feedback" in done.stdout
    assert "click_through" not in done.stdout.split("KEEP")[0].split("variants")[1]


def test_a_metric_that_no_request_is_part_of_decides_nothing(tmp_path: Path) -> None:
    done = report(write(tmp_path, RECORDS), *FEW, "--metric", "graded_ndcg")
    assert done.status == 0
    assert "graded_ndcg" not in [d["metric"] for d in done.json["analysis"]["metrics"]]


def test_parquet_says_the_same_as_json_lines(tmp_path: Path) -> None:
    lines = report(write(tmp_path / "lines", RECORDS), *FEW)
    folder = tmp_path / "parquet"
    folder.mkdir()
    for name in ("exposures", "feedback"):
        source, target = tmp_path / "lines" / f"{name}-1.jsonl", folder / f"{name}-1.parquet"
        duckdb.execute(f"COPY (FROM read_json('{source}')) TO '{target}'")
    parquet = report(folder, *FEW)
    assert parquet.json["analysis"] == lines.json["analysis"]


def test_files_patterns_and_folders_may_be_named(tmp_path: Path) -> None:
    write(tmp_path, RECORDS[:20], "1")
    write(tmp_path, RECORDS[20:], "2")
    whole = command("--exposures", str(tmp_path), "--feedback", str(tmp_path), *FEW)
    pattern = command(
        "--exposures",
        f"{tmp_path}/exposures-*.jsonl",
        "--feedback",
        f"{tmp_path}/feedback-1.jsonl",
        f"{tmp_path}/feedback-2.jsonl",
        *FEW,
    )
    assert whole.returncode == 0
    assert whole.stdout == pattern.stdout


def test_an_experiment_and_a_mode_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    others = [exposure(100 + i, "ab"[i % 2], experiment="y") for i in range(10)]
    shadowed = [exposure(200 + i, "a", mode="shadow") for i in range(10)]
    folder = write(tmp_path, [*RECORDS, *others, *shadowed])
    done = report(folder, *FEW)
    assert (done.status, done.text) == (2, "")
    assert done.error == "python -m experiments.report: --experiment: name one of: x, y\n"
    done = report(folder, *FEW, "--experiment", "x")
    assert "--mode: name one of: shadow, split" in done.error
    done = report(folder, *FEW, "--experiment", "x", "--mode", "split")
    assert done.json["analysis"]["counts"]["requests"] == 40
    done = report(folder, *FEW, "--experiment", "z")
    assert "'z' is not in the records; there are: x, y" in done.error


def test_three_teams_cannot_be_interleaved(tmp_path: Path) -> None:
    shown = {"mode": "interleave", "order": (0, 1)}
    records = [
        exposure(1, "interleaved", teams=("a", "b"), **shown),
        exposure(2, "interleaved", teams=("a", "c"), **shown),
    ]
    done = report(write(tmp_path, records))
    assert done.status == 2
    assert "two teams are needed to interleave, the records hold 3: a, b, c" in done.error


def test_a_period_may_be_chosen(tmp_path: Path) -> None:
    folder = write(tmp_path, RECORDS)
    period = ("--since", "2026-09-01T00:00:10", "--until", "2026-09-01T02:00:20+02:00")
    done = report(folder, *FEW, *period)
    assert done.json["analysis"]["first_time"] == START + 10
    assert done.json["analysis"]["counts"]["requests"] == 10


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--exposures", "/nonexistent"), "/nonexistent: no such file, folder or pattern"),
        (("--exposures", "{repository}/docs"), "docs: holds no exposures-*.jsonl or .parquet"),
        (("--control", "c"), "--control: 'c' is no variant of the records; there are: a, b"),
        (("--weights", "a=1,c=1"), "--weights: has no 'b'; the records hold a, b"),
        (("--json", "/nonexistent/out.json"), "/nonexistent/out.json: cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    options = tuple(option.format(repository=REPOSITORY) for option in options)
    done = command("--exposures", str(write(tmp_path, RECORDS)), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--weights", "a"),
        ("--weights", "a=-1,b=2"),
        ("--alpha", "1"),
        ("--k", "0"),
        ("--since", "yesterday"),
        ("--expected_units", "nan"),
        ("--horizon", "never"),
    ],
)
def test_a_wrong_option_is_refused_with_its_name(tmp_path: Path, options: tuple[str, str]) -> None:
    done = command("--exposures", str(tmp_path), *options)
    assert done.returncode == 2
    assert f"argument {options[0]}" in done.stderr


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "exposures-1.parquet"
    path.write_bytes(b"PAR1 but not really")
    done = command("--exposures", str(path))
    assert done.returncode == 2
    assert f"{path}: is no Parquet file" in done.stderr
    duckdb.execute(f"COPY (SELECT 1 AS kind, 2 AS time) TO '{path}' (FORMAT parquet)")
    done = command("--exposures", str(path))
    assert f"{path}: has no column 'request_id'" in done.stderr


def test_help_tells_the_exit_statuses() -> None:
    done = command("--help")
    assert done.returncode == 0
    for status in ("0  keep", "3  stop", "4  broken", "2  wrong usage"):
        assert status in done.stdout
