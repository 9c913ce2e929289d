# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of ``rpc_client`` and ``http_client`` as a user runs them: tables, JSON, files."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any, Optional

import pytest

from child_services.child import free_port
from child_services.running_service import RunningService
from clients import http_client, rpc_client

TSV = "query\ttitle\n感冒\t多喝水\n合同\t经济补偿\n感冒\t注意休息\n"


@pytest.fixture(params=["rpc", "http"])
def address(request: pytest.FixtureRequest, service: RunningService) -> list[str]:
    """Client module and the option that names the service."""
    if request.param == "rpc":
        return ["clients.rpc_client", "--endpoint", service.endpoint]
    return ["clients.http_client", "--url", service.url]


def run(
    repository: Path, address: list[str], *arguments: str, stdin: Optional[bytes] = None, **env: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *address, *arguments],
        cwd=repository,
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**os.environ, **env},
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_arguments_an_example_is_ranked(repository: Path, address: list[str]) -> None:
    done = run(repository, address)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "query: 中西方语言与文化的差异"
    assert lines[2].split() == ["rank", "score", "index", "title"]
    assert "第二语言习得的一大障碍就是文化差异。" in done.stdout


def test_it_runs_as_a_file_from_anywhere(
    repository: Path, address: list[str], tmp_path: Path
) -> None:
    path = repository / address[0].replace(".", "/")
    done = subprocess.run(
        [sys.executable, f"{path}.py", *address[1:], "--json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["query"] == "中西方语言与文化的差异"


def test_a_query_with_titles(repository: Path, address: list[str]) -> None:
    titles = ["--title", "多喝水", "--title", "经济补偿", "--title", "注意休息"]
    done = run(
        repository, address, "--query", "感冒", *titles, "--json", "--top_n", "2", "--ranker",
        "both", "--log_id", "7", "--timeout", "30",
    )  # fmt: skip
    (answer,) = objects(done.stdout)
    assert [r["title"] for r in answer["results"]] == [
        ["多喝水", "经济补偿", "注意休息"][r["index"]] for r in answer["results"]
    ]
    assert (len(answer["results"]), len(answer["scores"])) == (2, 3)
    assert list(answer["rankings"]) == ["pairwise", "cross_encoder"]
    assert answer["elapsed_ms"] > 0


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_tsv_makes_one_request_for_each_query(
    source: str, repository: Path, address: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(TSV, encoding="utf-8")
    name, stdin = ("-", TSV.encode()) if source == "stdin" else (str(path), None)
    done = run(repository, address, "--file", name, "--json", stdin=stdin)
    answers = objects(done.stdout)
    assert [answer["query"] for answer in answers] == ["感冒", "合同"]
    assert {r["title"] for r in answers[0]["results"]} == {"多喝水", "注意休息"}


def test_a_table_is_cut_to_the_terminal(repository: Path, address: list[str]) -> None:
    """A pseudo-terminal has 0 columns until told; 40 are set before the command starts."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    done = subprocess.run(
        [sys.executable, "-m", *address],
        cwd=repository,
        stdout=terminal,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(terminal)
    output = os.read(controller, 65536).decode("utf-8")
    os.close(controller)
    assert done.returncode == 0
    assert "…" in output


def test_an_output_that_is_not_utf8_does_not_stop_it(repository: Path, address: list[str]) -> None:
    done = run(repository, address, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u4e2d" in done.stdout


def test_a_reader_that_leaves_is_no_error(repository: Path, address: list[str]) -> None:
    rows = "".join(f"query {i}\ttitle\n" for i in range(20)).encode()
    process = subprocess.Popen(
        [sys.executable, "-m", *address, "--file", "-"],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(rows)
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--query", "q"], "--title"),
        (["--title", "t"], "--query"),
        (["--file", "-", "--query", "q", "--title", "t"], "--file"),
        (["--top_n", "0"], "--top_n"),
        (["--top_n", "many"], "--top_n"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "nan"], "--timeout"),
        (["--ranker", "nobody"], "--ranker"),
        (["--colour"], "--colour"),
        (["--file", "nowhere.tsv"], "nowhere.tsv"),
        (["--service", "nobody"], "--service"),
        (["--query", "", "--title", "t"], "query: must not be empty"),
        (["--query", "q", "--title", "t" * 1001], "documents[0]"),
    ],
)
def test_the_users_mistakes_are_one_line_and_status_2(
    arguments: list[str], said: str, address: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main = {"clients.rpc_client": rpc_client.main, "clients.http_client": http_client.main}
    try:
        status = main[address[0]]([*address[1:], *arguments])
    except SystemExit as leaving:
        status = leaving.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert said in err


def test_an_argument_that_is_not_utf8_is_one_line_too(repository: Path, address: list[str]) -> None:
    done = run(repository, address, "--query", os.fsdecode(b"\xff"), "--title", "t")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "surrogate" in done.stderr


@pytest.mark.parametrize(
    ("main", "option", "form"),
    [(rpc_client.main, "--endpoint", "{}"), (http_client.main, "--url", "http://{}")],
)
def test_no_service_is_one_line_and_status_1(
    main: Any, option: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    assert main([option, form.format(address)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert address in err
