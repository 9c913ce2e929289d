# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.run`` from end to end, on tiny bundles and a tiny workload."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from benchmarks import machine, peer_systems, run
from benchmarks.environments import CARD_PYTHON
from benchmarks.measure import Plan
from benchmarks.report import Subject, header
from benchmarks.workload import SYNTHETIC, RankCall, Workload
from contract.bundle import Bundle
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.sets import ON_CARD

SYSTEMS = ["paddle-fp32", "openvino-int8", "upstream"]
LINES = [
    ("paddle-fp32", "in process", 1),
    ("paddle-fp32", "HTTP", 1),
    ("paddle-fp32", "HTTP", 2),
    ("paddle-fp32", "RPC", 1),
    ("paddle-fp32", "RPC", 2),
    ("upstream", "RPC", 1),
    ("upstream", "RPC", 2),
]
# Paddle Serving's own service needs card's packages
HAS_CARD = ON_CARD or CARD_PYTHON.exists()


@pytest.mark.parametrize("ranker", RANKERS)
def test_every_system_is_measured_and_what_cannot_be_is_named(
    ranker: str, repository: Path, bundles: Path, workload_file: Path, tmp_path: Path
) -> None:
    arguments = ["--bundles", bundles, "--ranker", ranker, "--workload", workload_file]
    arguments += ["--systems", *SYSTEMS, "--clients", "1", "2", "--quick", "--results", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *map(str, arguments)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["commit"] == machine.commit()
    assert report["workload"]["pairs"] == 18
    assert report["bundle"] == Bundle.open(bundles / ranker).manifest.version
    assert report["bundle"] in done.stdout
    assert report["cpu"] in done.stdout
    lines = [line for line in LINES if HAS_CARD or line[0] != "upstream"]
    assert [(r["system"], r["way"], r["clients"]) for r in report["rows"]] == lines
    for row in report["rows"]:
        assert len(row["pairs_per_s"]) == 1
        assert 0 < row["memory_mb"] <= row["peak_memory_mb"]
        assert (row["p99_ms"] is None) == (row["way"] == "in process")
        assert f"{row['system']}, {row['way']}" in done.stdout
    left = {left["system"]: left["reason"] for left in report["left_out"]}
    assert f"{ranker}-int8" in left.pop("openvino-int8")
    assert "left out: openvino-int8" in done.stdout
    if not HAS_CARD:
        assert "run `make setup-train`" in left.pop("upstream")
    assert left == {}
    assert set(report["idle"]) == {"paddle-fp32, HTTP", "paddle-fp32, RPC"}
    if HAS_CARD:
        assert "upstream" in report["ratios"]["paddle-fp32 by HTTP"]
    assert "<svg" in path.with_suffix(".svg").read_text(encoding="utf-8")


def test_without_the_peers_environment_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, bundles: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(peer_systems, "PEERS_PYTHON", tmp_path / "nowhere")
    args = run.options().parse_args(["--systems", "peers"])
    with contextlib.ExitStack() as stack:
        starter = run.Starter(args, Bundle.open(bundles / PAIRWISE), tmp_path, stack)
        starter.start(Workload("w", "", (RankCall("q", ("d",)),)), [[1]])
    assert starter.candidates == []
    (left,) = starter.left_out
    assert "make setup-peers" in left.reason


def test_a_benchmark_that_is_terminated_takes_its_service_along(
    repository: Path, bundles: Path, tmp_path: Path
) -> None:
    arguments = ["--bundles", bundles, "--systems", "paddle-fp32", "--results", tmp_path]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.run", *map(str, arguments)],
        cwd=repository,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        # said once everything has started
        while "comparing" not in (line := process.stderr.readline()):
            assert line, "it ended before anything was compared"
        assert started_in(tmp_path)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert started_in(tmp_path) == []
    finally:
        for pid in {process.pid, *started_in(tmp_path)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.stderr.close()
        process.wait()


def started_in(directory: Path) -> list[int]:
    """Ids of processes whose command line names a file of ``directory``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"{directory}/bench-".encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def test_one_bundle_alone_is_measured(
    bundles: Path, workload_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(bundles / PAIRWISE, tmp_path / "bundles" / PAIRWISE)
    arguments = ["--bundles", str(tmp_path / "bundles"), "--workload", str(workload_file)]
    options = ["--quick", "--clients", "1", "--results", str(tmp_path / "results")]
    assert run.main([*arguments, *options, "--systems", "paddle-fp32"]) == 0
    out = capsys.readouterr().out
    assert PAIRWISE in out
    assert CROSS_ENCODER not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bundles", "nowhere"], "nowhere: holds no pairwise bundle"),
        (["--workload", "nowhere.json"], "nowhere.json: cannot read it"),
        (["--rounds", "0"], "--rounds"),
        (["--clients", "x"], "--clients"),
        (["--systems", "x"], "--systems"),
    ],
)
def test_the_users_mistakes_end_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = run.main(arguments)
    except SystemExit as leaving:
        status = leaving.code
    assert status == 2
    assert said in capsys.readouterr().err


def test_the_header_says_when_texts_are_made_up() -> None:
    def shown(name: str) -> str:
        workload = Workload(name, "0" * 64, (RankCall("q", ("d",)),))
        subject = Subject(PAIRWISE, "small", "0" * 12, workload, 5)
        return header(machine.facts(), subject, Plan((1,), 1, 1.0, 1, 0))

    assert "made up" in shown(SYNTHETIC)
    assert "made up" not in shown("file.json")


def test_the_facts_of_the_machine_are_there() -> None:
    facts = machine.facts()
    assert facts["cpu"]
    assert facts["cores"] >= 1
    assert facts["packages"]["numpy"] == numpy.__version__
    assert set(facts["flags"]) >= {"avx2", "avx512f", "avx512_bf16"}
