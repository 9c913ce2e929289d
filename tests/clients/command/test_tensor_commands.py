# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tensor clients' commands as a user runs them, where they differ from the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from child_services.child import free_port
from clients import tensor_http_client, tensor_rpc_client
from contract.bundle import Bundle
from contract.experiments.assignment import Assignment

TSV = "query\ttitle\n感冒\t多喝水\n合同\t经济补偿\n感冒\t注意休息\n"
KINDS = [
    ["clients.tensor_http_client"],
    ["clients.tensor_http_client", "--wire", "json"],
    ["clients.tensor_rpc_client"],
    ["clients.tensor_rpc_client", "--protocol", "baidu_std"],
]
MAIN = {
    "clients.tensor_http_client": tensor_http_client.main,
    "clients.tensor_rpc_client": tensor_rpc_client.main,
}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=" ".join)


def run(kind: list[str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *kind, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@each_kind
def test_without_a_query_the_example_is_ranked(
    kind: list[str], pairwise: str, models: Path, repository: Path
) -> None:
    version = Bundle.open(models / "pairwise").manifest.version
    done = run(kind, "--endpoint", pairwise, cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "query: 中西方语言与文化的差异"
    assert lines[1].startswith(f"pairwise {version}, 3 titles, ")
    assert lines[2].split() == ["rank", "score", "index", "title"]


@each_kind
def test_it_runs_as_a_file_from_anywhere(
    kind: list[str], pairwise: str, repository: Path, tmp_path: Path
) -> None:
    path = repository / kind[0].replace(".", "/")
    command = [sys.executable, f"{path}.py", *kind[1:], "--endpoint", pairwise, "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ranker"] == "pairwise"


def test_a_tsv_with_another_bundle(
    cross_encoder: str, models: Path, repository: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(TSV, encoding="utf-8")
    arguments = ["--endpoint", cross_encoder, "--bundle", str(models / "cross_encoder")]
    done = run(KINDS[0], *arguments, "--file", str(path), "--json", "--padded", cwd=repository)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == ["感冒", "合同"]
    assert {answer["ranker"] for answer in answers} == {"cross_encoder"}
    assert {ranked["title"] for ranked in answers[0]["results"]} == {"多喝水", "注意休息"}


@each_kind
def test_variants_divide_units(
    kind: list[str], pairwise: str, cross_encoder: str, models: Path, repository: Path
) -> None:
    variants = [
        *("--variant", f"old=50:127.0.0.1:{free_port()},{pairwise}"),
        *("--variant", f"new=50:{cross_encoder}@{models / 'cross_encoder'}", "--salt", "s"),
    ]
    tags = Assignment({"old": 50, "new": 50}, "s")
    units = {tags.variant_of(f"user{i}"): f"user{i}" for i in range(20)}
    for tag, ranker in (("old", "pairwise"), ("new", "cross_encoder")):
        done = run(kind, *variants, "--unit", units[tag], cwd=repository)
        assert done.returncode == 0, done.stderr
        line = done.stdout.splitlines()[1]
        assert line.startswith(ranker)
        assert f", variant {tag}, 3 titles" in line


def status_of(kind: list[str], *arguments: str) -> Any:
    try:
        return MAIN[kind[0]]([*kind[1:], *arguments])
    except SystemExit as leaving:
        return leaving.code


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[2]], ids=" ".join)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoint", "nowhere"], "endpoint: must be host:port like 127.0.0.1:8600"),
        (["--bundle", "nowhere"], "nowhere: no such directory"),
        (["--variant", "a"], "must be TAG=WEIGHT:HOST:PORT"),
        (["--variant", "a=much:h:1"], "must be TAG=WEIGHT:HOST:PORT"),
        (["--variant", "a=1:h"], "endpoint: must be host:port"),
        (["--variant", "a=-1:h:1"], "weight: must be 0 or more"),
        (["--variant", "a=1:h:1", "--variant", "a=1:h:1"], "tag: 'a' is there already"),
        (["--variant", "a=1:h:1", "--endpoint", "h:1"], "--variant stands instead of --endpoint"),
        (["--query", "", "--title", "t"], "query: must not be empty"),
        (["--log_id", "-1"], "log_id: must be"),
        (["--ranker", "both"], "--ranker"),
        (["--service", "ernie"], "--service"),
    ],
)
def test_the_users_mistakes_are_one_line_and_status_2(
    kind: list[str], arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(kind, *arguments) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err


@each_kind
def test_no_service_is_one_line_and_status_1(
    kind: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    assert status_of(kind, "--endpoint", address) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert address in err
