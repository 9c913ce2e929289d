# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The whole loop on a real service: replay sends and clicks, the service records, the report reads.

One service runs the three modes one after the other, by changes of its file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from child_services.running_service import RunningService
from contract.experiments.records import from_line
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES
from tests.conftest import REPOSITORY
from tests.services import small_config

VARIANTS = [{"name": "ernie", "ranker": PAIRWISE}, {"name": "rocketqa", "ranker": CROSS_ENCODER}]
REQUESTS = 80


class Loop:
    """A service whose experiment can be changed, and the two commands."""

    def __init__(self, bundles: Path, directory: Path) -> None:
        self.directory = directory
        self.records = directory / "records"
        self.config = small_config(bundles)
        self.config["exposures"] = {"directory": str(self.records), "shadow_threads": 16}
        self.lists = directory / "lists.jsonl"
        docs = [{"text": text, "label": i % 4} for i, text in enumerate(SENTENCES)]
        lines = [{"query": f"{text} {i}", "docs": docs} for i, text in enumerate(SENTENCES * 3)]
        self.lists.write_text(
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
        )
        self.service = RunningService(self.config, directory)

    def change(self, mode: str) -> None:
        """Run one experiment of that mode and name."""
        experiment = {"name": mode, "mode": mode, "variants": VARIANTS}
        new = self.directory / "config.new"
        new.write_text(yaml.safe_dump({**self.config, "experiments": [experiment]}))
        new.replace(self.directory / "config.yml")
        log = self.directory / "PipelineServingLogs" / "pipeline.log"
        deadline = time.monotonic() + 20
        while f"now: {mode}" not in log.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, "the change was not taken over"
            time.sleep(0.05)

    def replay(self) -> Any:
        """What the command prints."""
        return json.loads(
            self.run(
                "replay", 0, "--url", self.service.url, "--file", str(self.lists), "--rate", "40",
                "--requests", str(REQUESTS), "--units", "30", "--json",
            )
        )  # fmt: skip

    def report(self, experiment: str) -> Any:
        """What the command writes; its page names no other host."""
        written, page = (self.directory / f"{experiment}.{kind}" for kind in ("json", "html"))
        self.run(
            "report", 0, "--exposures", str(self.records), "--feedback", str(self.records),
            "--experiment", experiment, "--json", str(written), "--html", str(page),
            "--min_units", "1000",
        )  # fmt: skip
        text = page.read_text(encoding="utf-8")
        assert experiment in text
        assert "://" not in text.replace("http://www.w3.org/", "")
        return json.loads(written.read_text(encoding="utf-8"))

    def wait_for_records(self, kind: str, experiment: str) -> None:
        """Until as many records as requests are on disk."""
        deadline = time.monotonic() + 30
        while True:
            found = [
                record
                for path in self.records.glob("exposures-*.jsonl")
                for record in map(from_line, path.open(encoding="utf-8"))
                if record.kind == kind and record.experiment == experiment
            ]
            if len(found) == REQUESTS:
                return
            assert time.monotonic() < deadline, f"{len(found)} records of {kind}"
            time.sleep(0.2)

    def run(self, command: str, status: int, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", f"experiments.{command}", *words],
            cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def loop(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    loop = Loop(bundles, tmp_path_factory.mktemp("loop"))
    with loop.service:
        yield loop


def test_a_split(loop: Loop) -> None:
    loop.change("split")
    replayed = loop.replay()
    loop.wait_for_records("exposure", "split")
    found = loop.report("split")
    assert (found["verdict"]["decision"], found["exit_status"]) == ("keep", 0)
    sent = {v["variant"]: v for v in replayed["variants"]}
    assert set(sent) == {"ernie", "rocketqa"}
    for variant in found["analysis"]["variants"]:
        own = sent[variant["name"]]
        assert variant["requests"] == own["answers"]
        assert variant["values"]["clicks"] == pytest.approx(own["clicks"] / own["answers"])
        assert variant["values"]["click_through"] == own["answers_clicked"] / own["answers"]
        assert 0 < variant["values"]["latency_p50_ms"] < own["p50_ms"]
    counts = found["analysis"]["counts"]
    assert counts["requests"] == counts["requests_with_feedback"] == REQUESTS
    assert counts["damaged_lines"] == counts["unknown_feedback"] == counts["clicks_outside"] == 0


def test_an_interleaving(loop: Loop) -> None:
    loop.change("interleave")
    replayed = loop.replay()
    loop.wait_for_records("exposure", "interleave")
    found = loop.report("interleave")
    (sent,) = replayed["variants"]
    (votes,) = [test for test in found["analysis"]["sign_tests"] if test["by"] == "request"]
    wins = sent["team_wins"]
    assert (votes["wins"], votes["losses"]) == (wins["rocketqa"], wins["ernie"])
    assert votes["ties"] == wins[""]
    assert sum(wins.values()) == REQUESTS


def test_a_shadow(loop: Loop) -> None:
    loop.change("shadow")
    replayed = loop.replay()
    loop.wait_for_records("shadow", "shadow")
    found = loop.report("shadow")
    assert [v["variant"] for v in replayed["variants"]] == ["ernie"]
    agreement = {figure["name"]: figure for figure in found["analysis"]["agreement"]}
    assert {figure["requests"] for figure in agreement.values()} == {REQUESTS}
    assert agreement["top10_overlap"]["mean"] == 1.0, "each list has fewer than ten documents"
    assert -1 <= agreement["kendall_tau"]["mean"] < 1
    assert agreement["shadow_error_share"]["mean"] == 0.0
