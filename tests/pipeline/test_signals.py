# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Signals of a running service besides those that end it, and a disk that takes no more logs."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.pipeline.calls import rank
from tests.pipeline.launch import Launched
from tests.waiting import wait_until

LOGS = "PipelineServingLogs"


def url_of(config: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{config['http_port']}"


def answers(config: dict[str, Any], request_id: str) -> bool:
    reply = rank(url_of(config), query="感冒", documents=["感冒灵"], request_id=request_id)
    return reply.err_no == 0


def test_sigquit_ends_it_like_sigterm(config: dict[str, Any], tmp_path: Path) -> None:
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        service.process.send_signal(signal.SIGQUIT)
        assert service.wait_end(20) == 0
        assert "stopping\nstopped" in service.stdout
        assert service.stderr == ""


@pytest.mark.parametrize("threads", [True, False], ids=["threads", "processes"])
def test_logs_that_were_moved_away_are_begun_anew(
    config: dict[str, Any], tmp_path: Path, threads: bool
) -> None:
    config["dag"] = {"is_thread_op": threads}
    log = tmp_path / LOGS / "pipeline.log"
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        assert answers(config, "before")
        wait_until(lambda: "before" in log.read_text("utf-8"), "its line")
        log.rename(log.with_suffix(".1"))
        service.process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, "a new file")
        assert answers(config, "after")
        wait_until(lambda: "after" in log.read_text("utf-8"), "its line")
        assert "request_id=after" not in log.with_suffix(".1").read_text("utf-8")


def test_sighup_reads_the_configuration_again_and_ends_nothing(
    config: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / LOGS / "pipeline.log"
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "are read again" in log.read_text("utf-8"), "it is heeded")
        variants = [{"name": "a", "ranker": "pairwise"}]
        config["experiments"] = [{"name": "new", "variants": variants}]
        text = yaml.safe_dump(config)
        (tmp_path / "config_nlp.yml").write_text(text, encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "changed; now: new" in log.read_text("utf-8"), "it is taken over")
        assert answers(config, "still")


def test_a_full_disk_is_told_once_and_costs_no_request(
    config: dict[str, Any], tmp_path: Path
) -> None:
    logs = tmp_path / LOGS
    logs.mkdir()
    (logs / "pipeline.log").symlink_to("/dev/full")
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        assert all(answers(config, f"r{i}") for i in range(20))

        def lost() -> float:
            text = httpx.get(f"{url_of(config)}/metrics").text
            found = re.search(r"^ranking_lost_log_lines_total (\S+)$", text, re.MULTILINE)
            return float(found[1]) if found else 0.0

        wait_until(lambda: lost() >= 20, "each line is counted")
        (line,) = service.stderr.strip().split("\n")
        assert line.startswith("web_service: cannot write ")
        assert "(No space left on device); lines of the log are lost" in line
        (logs / "pipeline.log").unlink()
        assert answers(config, "again")
        wait_until(lambda: "is written again" in service.stderr, "it is told")
        assert "request_id=again" in (logs / "pipeline.log").read_text("utf-8")
