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

import pytest

from benchmarks import machine, run
from benchmarks.report import header
from benchmarks.workload import SYNTHETIC, Workload
from contract.bundle import PAIRWISE, RANKERS, Bundle

SYSTEMS = [
    "Paddle Inference, padded as they come",
    "Paddle Inference, each call sorted by length",
    "Paddle Inference, all calls sorted together",
    "service by HTTP, 1 client",
    "service by RPC, 1 client",
    "service by HTTP, 2 clients",
    "service by RPC, 2 clients",
]


def test_every_system_is_measured_on_every_bundle(
    repository: Path, bundles: Path, workload_file: Path, tmp_path: Path
) -> None:
    arguments = ["--bundles", bundles, "--workload", workload_file, "--results", tmp_path]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.run",
            *arguments,
            "--rounds",
            "2",
            "--clients",
            "1",
            "2",
        ],
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
    assert report["service"]["memory_mb"] > 0
    assert [r["ranker"] for r in report["rankers"]] == list(RANKERS)
    for ranker in report["rankers"]:
        assert ranker["bundle"] == Bundle.open(bundles / ranker["ranker"]).manifest.version
        assert ranker["bundle"] in done.stdout
        assert list(ranker["systems"]) == SYSTEMS
        for name, figures in ranker["systems"].items():
            assert len(figures["pairs_per_s"]) == 2
            assert bool(figures["pairs_per_s_without_tokenizing"]) == name.startswith("Paddle")
            assert name in done.stdout
    assert report["cpu"] in done.stdout
    assert "first answer" in done.stdout


def test_a_benchmark_that_is_terminated_takes_its_service_along(
    repository: Path, bundles: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.run", "--bundles", bundles, "--results", tmp_path],
        cwd=repository,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        # the first thing said, and only once the service answers
        assert "comparing" in process.stderr.readline()
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
    options = ["--rounds", "1", "--clients", "1", "--results", str(tmp_path / "results")]
    assert run.main([*arguments, *options]) == 0
    out = capsys.readouterr().out
    assert PAIRWISE in out
    assert "cross_encoder" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bundles", "nowhere"], "nowhere: holds none of pairwise, cross_encoder"),
        (["--workload", "nowhere.json"], "nowhere.json: cannot read it"),
        (["--rounds", "0"], "--rounds"),
        (["--clients", "x"], "--clients"),
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
    facts = machine.facts()
    assert "made up" in header(facts, Workload(SYNTHETIC, "0" * 64, ()), 1)
    assert "made up" not in header(facts, Workload("file.json", "0" * 64, ()), 1)


def test_the_facts_of_the_machine_are_there() -> None:
    facts = machine.facts()
    assert facts["cpu"]
    assert facts["cores"] >= 1
    assert facts["packages"]["numpy"].startswith("1.")
    assert set(facts["flags"]) >= {"avx2", "avx512f", "avx512_bf16"}
