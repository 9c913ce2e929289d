# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m clients rank`` as a user runs it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from child_services.child import free_port
from child_services.running_service import RunningService
from contract.rankers import BM25, CASCADE, CROSS_ENCODER
from tests.clients.peers import Serve, hang
from tests.services import running_service

TSV = "query\ttitle\n感冒\t多喝水\n感冒\t注意休息\n合同\t经济补偿\n"
LINES = [{"query": f"感冒 {i}", "documents": ["多喝水", "经济补偿"], "id": i} for i in range(12)]
JSONL = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES)


def run(
    repository: Path, url: str, *arguments: str, text: Optional[str] = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clients", "rank", "--url", url, *arguments],
        cwd=repository, input=text, capture_output=True, text=True, timeout=60, encoding="utf-8",
    )  # fmt: skip


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_tsv_from_standard_input(repository: Path, service: RunningService) -> None:
    done = run(repository, service.url, text=TSV)
    assert (done.returncode, done.stderr) == (0, "")
    answers = objects(done.stdout)
    assert [(a["line"], a["query"]) for a in answers] == [(2, "感冒"), (4, "合同")]
    assert {r["title"] for r in answers[0]["results"]} == {"多喝水", "注意休息"}


def test_json_lines_keep_their_order(
    repository: Path, service: RunningService, tmp_path: Path
) -> None:
    source, target = tmp_path / "queries.jsonl", tmp_path / "ranked.jsonl"
    source.write_text(JSONL, encoding="utf-8")
    arguments = [str(source), "--output", str(target), "--top_n", "1", "--concurrency", "8"]
    done = run(repository, service.url, *arguments, "--model", "cross_encoder")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    answers = objects(target.read_text(encoding="utf-8"))
    assert [answer["id"] for answer in answers] == list(range(12))
    assert {(len(a["results"]), a["ranker"]) for a in answers} == {(1, "cross_encoder")}
    target.write_text("".join(f"{json.dumps(a)}\n" for a in answers[:7]), encoding="utf-8")
    assert run(repository, service.url, *arguments, "--after", "7").returncode == 0
    resumed = objects(target.read_text(encoding="utf-8"))
    assert [answer["id"] for answer in resumed] == list(range(12))


def test_a_tsv_comes_out_too(repository: Path, service: RunningService) -> None:
    done = run(repository, service.url, "--to", "tsv", text=TSV)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows[0] == ["line", "query", "rank", "score", "index", "title", "stage"]
    assert {row[6] for row in rows[1:]} == {""}
    assert done.stderr == ""
    assert [(row[0], row[2]) for row in rows[1:]] == [("2", "1"), ("2", "2"), ("4", "1")]


def test_a_tsv_tells_stages_and_doubts(repository: Path, bundles: Path, tmp_path: Path) -> None:
    # a list of which BM25 finds no word is scored whole
    text = TSV.replace("多喝水", "感冒多喝水")
    stages = [{"ranker": BM25, "keep": 1}, {"ranker": CROSS_ENCODER}]
    with running_service(bundles, tmp_path, cascade={"stages": stages}) as service:
        done = run(repository, service.url, "--to", "tsv", "--model", CASCADE, text=text)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[6] for row in rows] == ["stage", CROSS_ENCODER, BM25, CROSS_ENCODER]
    (doubt,) = [line for line in done.stderr.splitlines() if "do not compare" in line]
    assert doubt.startswith("python -m clients rank: warning: <stdin>:2: ")


BAD = '{"query": "q", "documents": ["a"]}\n{"query": "", "documents": ["a"]}\nnot JSON\n' + (
    '{"query": "q", "documents": ["b"]}\n'
)


def test_the_first_error_ends_it(repository: Path, service: RunningService) -> None:
    done = run(repository, service.url, text=BAD)
    assert done.returncode == 2
    assert [answer["line"] for answer in objects(done.stdout)] == [1]
    first, second = done.stderr.splitlines()
    assert first == "python -m clients rank: error: <stdin>:2: query: must not be empty"
    assert second.endswith("go on with --after 1")


def test_or_it_keeps_going(repository: Path, service: RunningService) -> None:
    done = run(repository, service.url, "--keep_going", text=BAD)
    assert done.returncode == 2
    answers = objects(done.stdout)
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        None, "invalid_field", "malformed_request", None,
    ]  # fmt: skip
    assert len(done.stderr.splitlines()) == 2


def test_no_service_is_status_1(repository: Path) -> None:
    done = run(repository, f"http://127.0.0.1:{free_port()}", "--attempts", "1", text=TSV)
    assert (done.returncode, done.stdout) == (1, "")
    assert "<stdin>:2: http://127.0.0.1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.tsv"], "nowhere.tsv: cannot read it"),
        (["--output", "/nowhere/x"], "--output: cannot write"),
        (["--concurrency", "0"], "--concurrency"),
        (["--model", "a", "--ranker", "both"], "--ranker"),
    ],
)
def test_the_users_mistakes_are_one_line_and_status_2(
    repository: Path, arguments: list[str], said: str
) -> None:
    done = run(repository, "http://127.0.0.1:1", *arguments, text="")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_an_interrupt_ends_it_at_once(repository: Path, serve: Serve) -> None:
    """Its standard input stays open, and its request is never answered."""
    url = f"http://127.0.0.1:{serve(hang)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "clients", "rank", "--url", url, "--timeout", "200"],
        cwd=repository, stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(JSONL.encode())
    process.stdin.flush()
    while b" SigCgt:\t0000000000000000" in Path(f"/proc/{process.pid}/status").read_bytes():
        pass
    # python answers an interrupt with KeyboardInterrupt once it has begun to run the module
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stderr.close()


def test_a_terminal_sees_a_bar(repository: Path, service: RunningService, tmp_path: Path) -> None:
    source = tmp_path / "queries.jsonl"
    source.write_text(JSONL, encoding="utf-8")
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "clients", "rank", "--url", service.url, str(source)],
        cwd=repository, stdout=subprocess.PIPE, stderr=terminal, timeout=60,
    )  # fmt: skip
    os.close(terminal)
    shown = os.read(controller, 65536).decode()
    os.close(controller)
    assert done.returncode == 0
    assert "queries" in shown
    assert "[#" in shown or "[." in shown
    assert len(done.stdout.splitlines()) == 12


def test_models_and_ready(repository: Path, service: RunningService) -> None:
    for command, said in (("models", "cross_encoder\tmodel"), ("ready", "ready")):
        done = subprocess.run(
            [sys.executable, "-m", "clients", command, "--url", service.url],
            cwd=repository, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0
        assert said in done.stdout


def test_the_input_is_never_the_output(repository: Path, tmp_path: Path) -> None:
    source = tmp_path / "queries.jsonl"
    source.write_text(JSONL, encoding="utf-8")
    done = run(repository, "http://127.0.0.1:1", str(source), "--output", str(source))
    assert done.returncode == 2 and "is the input" in done.stderr
    done = run(repository, "nowhere", str(source), "--output", str(tmp_path / "out"))
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert source.read_text(encoding="utf-8") == JSONL


def test_a_run_goes_on_behind_the_last_whole_line(
    repository: Path, service: RunningService, tmp_path: Path
) -> None:
    source, target = tmp_path / "queries.jsonl", tmp_path / "ranked.jsonl"
    source.write_text(JSONL, encoding="utf-8")
    target.write_text('{"id": 0}\n{"id": 1, "que', encoding="utf-8")
    done = run(repository, service.url, str(source), "--output", str(target), "--after", "1")
    assert done.returncode == 0, done.stderr
    assert [a["id"] for a in objects(target.read_text(encoding="utf-8"))] == list(range(12))


def test_a_full_disk_is_one_line(repository: Path, service: RunningService) -> None:
    done = run(repository, service.url, "--output", "/dev/full", text=JSONL)
    assert done.returncode == 2
    assert "cannot write /dev/full (No space left on device)" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_lines_are_known_behind_a_blank_line(
    repository: Path, service: RunningService
) -> None:
    done = run(repository, service.url, "--concurrency", "1", text="\n" + JSONL)
    assert done.returncode == 0, done.stderr
    assert [answer["line"] for answer in objects(done.stdout)] == list(range(2, 14))
