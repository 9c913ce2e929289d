# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The end of a service: it drains on a signal, and ends whole when a part of it dies."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from child_services.child import free_port
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES, strip_manifest
from tests.pipeline.calls import Reply, http_call, rank, rpc_call
from tests.pipeline.launch import Launched
from tests.pipeline.settings.test_service import UPSTREAM
from tests.waiting import wait_until

# a fast machine scores a thousand a second even so
MOST = 10_000
# two requests of so many take longer than any test here waits for them
ENDLESS = 5_000
# as long as those of large requests
TRIAL = [f"{i}{SENTENCES[i % 7]}" * 4 for i in range(50)]
WIRE = {"query": SENTENCES[0], "documents": json.dumps(list(SENTENCES))}


def slow(config: dict[str, Any]) -> dict[str, Any]:
    """One row a batch, by the slowest engine, so that some thousand documents take seconds."""
    config["scheduler"] = {"max_batch_tokens": 1, "max_queue_rows": 100_000}
    config["limits"] = {"max_documents": MOST}
    for op in config["op"].values():
        op["engine"] = "paddle"
    return config


class InTheBackground:
    """Requests that take a while, each in a thread."""

    def __init__(self, requests: list[Any]) -> None:
        self.replies: list[Any] = []
        self._threads = [threading.Thread(target=self._run, args=(r,)) for r in requests]
        for thread in self._threads:
            thread.start()

    def _run(self, request: Any) -> None:
        try:
            self.replies.append(request())
        except Exception as error:
            self.replies.append(error)

    def wait(self) -> list[Any]:
        for thread in self._threads:
            thread.join(60)
        return self.replies


def of_so_many(config: dict[str, Any], count: int) -> list[Any]:
    """A request of so many documents over each transport."""
    url, endpoint = f"http://127.0.0.1:{config['http_port']}", f"127.0.0.1:{config['rpc_port']}"
    documents = [f"{i}{SENTENCES[i % 7]}" * 4 for i in range(count)]
    # another query: identical rows would be computed once
    wire = {"query": "感冒药", "documents": json.dumps(documents)}
    return [
        lambda: rank(url, query="感冒", documents=documents),
        lambda: rpc_call(endpoint, wire),
    ]


def large(config: dict[str, Any], seconds: float, most: int = MOST) -> list[Any]:
    """A request over each transport, both done after about so many seconds on this machine.

    Fewer when that takes more documents than ``most``; more when the machine gets busier.
    """
    url = f"http://127.0.0.1:{config['http_port']}"
    took = []
    for _ in range(3):
        start = time.monotonic()
        assert rank(url, query="感冒", documents=TRIAL).err_no == 0
        took.append(time.monotonic() - start)
    per_document = min(took) / len(TRIAL)
    return of_so_many(config, min(most, int(seconds / 2 / per_document)))


def wait_in_work(config: dict[str, Any], count: int) -> None:
    """Until the service has so many requests in work."""
    wait_for_gauge(config, "ranking_requests_in_flight", count)


def wait_for_gauge(config: dict[str, Any], name: str, least: float) -> None:
    """Until it says as much."""
    deadline, url = time.monotonic() + 20, f"http://127.0.0.1:{config['http_port']}/metrics"
    line = re.compile(rf"^{re.escape(name)} ([0-9.e+]+)$", re.MULTILINE)
    while not any(float(value) >= least for value in line.findall(httpx.get(url).text)):
        assert time.monotonic() < deadline, f"{name} was never {least}"
        time.sleep(0.01)


def test_sigterm_answers_what_is_in_work_and_exits_0(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with Launched(slow(config), tmp_path) as service:
        service.wait_ready()
        requests = InTheBackground(large(config, 3.0))
        wait_in_work(config, 2)
        assert not requests.replies, "the requests must be in work when the signal comes"
        service.process.send_signal(signal.SIGTERM)
        assert service.wait_end(10) == 0
        assert service.session() == []
        for reply in requests.wait():
            assert isinstance(reply, Reply), reply
            assert reply.err_no == 0, reply
            assert len(reply.decoded("predict")) > 50
        assert service.stderr == ""


def test_load_is_refused_at_once_and_keeps_the_other_ranker_free(
    config: dict[str, Any], tmp_path: Path
) -> None:
    config = slow(config)
    config["limits"] = {"max_in_flight": 3}
    config["scheduler"]["max_queue_rows"] = 1500
    url, endpoint = f"http://127.0.0.1:{config['http_port']}", f"127.0.0.1:{config['rpc_port']}"
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        # three of them have room in the queue
        first, second = large(config, 8.0, 450)
        requests = InTheBackground([first, second])
        wait_in_work(config, 2)
        other = rank(url, "rocketqa", query="感冒", documents=["感冒灵"])
        assert other.err_no == 0
        assert not requests.replies, "it passes by while the first ranker is busy"
        # with so many, a thousand more do not fit
        wait_for_gauge(config, 'ranking_queue_rows{ranker="pairwise"}', 501)
        full = rpc_call(
            endpoint, {"query": "a", "documents": json.dumps([f"b{i}" for i in range(1000)])}
        )
        assert (full.err_no, full.err_msg.split(" ")[1]) == (51, "documents")
        documents = [f"c{i}{SENTENCES[i % 7]}" * 4 for i in range(450)]
        third = InTheBackground([lambda: rank(url, query="合同", documents=documents)])
        wait_in_work(config, 3)
        over = rank(url, query="感冒", documents=["感冒灵"])
        assert (over.err_no, over.status, over.headers["retry-after"]) == (51, 429, "1")
        assert rpc_call(endpoint, WIRE).err_no == 51
        for reply in requests.wait() + third.wait():
            assert reply.err_no == 0, reply


def test_work_that_does_not_end_in_time_is_refused(config: dict[str, Any], tmp_path: Path) -> None:
    with Launched({**slow(config), "drain_timeout_s": 0.2}, tmp_path) as service:
        service.wait_ready()
        requests = InTheBackground(of_so_many(config, ENDLESS) * 2)
        wait_in_work(config, 4)
        service.process.send_signal(signal.SIGINT)
        assert service.wait_end() == 0
        refused = [reply for reply in requests.wait() if getattr(reply, "err_no", 0) == 3001]
        assert refused, requests.replies
        assert {reply.status for reply in refused} <= {0, 503}


def test_a_second_signal_exits_at_once(config: dict[str, Any], tmp_path: Path) -> None:
    # a process that ends by itself exits with 0
    with Launched({**slow(config), "drain_timeout_s": 60}, tmp_path) as service:
        service.wait_ready()
        requests = InTheBackground(of_so_many(config, ENDLESS))
        wait_in_work(config, 2)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in service.stdout, "the first signal is heeded")
        assert service.process.poll() is None
        service.process.send_signal(signal.SIGTERM)
        assert service.wait_end() == 128 + signal.SIGTERM
        assert service.session() == []
        requests.wait()


def test_rpc_alone_and_one_ranker(config: dict[str, Any], tmp_path: Path) -> None:
    del config["http_port"], config["op"]["ernie"], config["default_ranker"]
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        assert "HTTP" not in service.stdout
        endpoint = f"127.0.0.1:{config['rpc_port']}"
        assert rpc_call(endpoint, WIRE).fields["ranker"] == CROSS_ENCODER
        for asked in (PAIRWISE, "both"):
            reply = rpc_call(endpoint, {**WIRE, "ranker": asked})
            assert reply.err_no == 5000
            assert reply.err_msg == f"ranker: {asked} is not served here; served: cross_encoder"
        assert rpc_call(endpoint, WIRE, name="ernie").err_no == 3002
        service.process.send_signal(signal.SIGINT)
        assert service.wait_end(10) == 0


def test_http_alone_opens_no_port_for_rpc(config: dict[str, Any], tmp_path: Path) -> None:
    """Upstream picks one from 12000 on, which nobody asked for and anybody can reach."""
    del config["rpc_port"], config["op"]["rocketqa"]
    config["default_ranker"] = None
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        (line,) = (line for line in service.stdout.split("\n") if line.startswith("RPC"))
        assert line.startswith("RPC is off: rpc_port opens it")
        assert listening(service.process.pid) == {config["http_port"]}
        service.process.send_signal(signal.SIGTERM)
        assert service.wait_end(10) == 0


def listening(pid: int) -> set[int]:
    """TCP ports that a process listens on."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(entry.readlink()))
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def processes(config: dict[str, Any]) -> dict[str, Any]:
    config["dag"] = {"is_thread_op": False, "tracer": {"interval_s": 1}}
    return config


@pytest.mark.parametrize("threads", [True, False])
def test_a_tokenizer_with_threads_of_its_own_ranks_the_same(
    threads: bool, config: dict[str, Any], tmp_path: Path
) -> None:
    """In op processes too, which are forked and would wait for threads that stayed behind."""
    config["dag"] = {"is_thread_op": threads}
    config["op"]["tokenize"] = {"tokenizer_threads": 2}
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        url = f"http://127.0.0.1:{config['http_port']}"
        titles = [f"感冒灵颗粒{number}" for number in range(64)]
        many = rank(url, query="感冒", documents=titles)
        one = rank(url, query="感冒", documents=titles[7:8])
        assert (many.err_no, one.err_no) == (0, 0)
        assert one.decoded("predict")[0] == pytest.approx(many.decoded("predict")[7], abs=1e-5)


def test_a_crash_of_an_op_process_ends_the_service(config: dict[str, Any], tmp_path: Path) -> None:
    with Launched(slow(processes(config)), tmp_path) as service:
        service.wait_ready()
        url = f"http://127.0.0.1:{config['http_port']}"
        both = rank(url, query="感冒", documents=list(SENTENCES), ranker="both")
        assert list(both.decoded("rankings")) == [PAIRWISE, CROSS_ENCODER]
        requests = InTheBackground(of_so_many(config, ENDLESS))
        wait_in_work(config, 2)
        at_work = busiest(service)
        assert not requests.replies, "the requests must be in work when the process dies"
        os.kill(at_work, signal.SIGKILL)
        seen = [http_call(url, "/ready", method="GET") for _ in wait_for_refusal(url)]
        assert (seen[-1].status, seen[-1].err_no) == (503, 3001)
        reply = rank(url, query="感冒", documents=["感冒灵"])
        assert (reply.status, reply.err_no) == (503, 3001)
        assert "has ended unexpectedly" in reply.err_msg
        assert service.wait_end(10) == 1
        for reply in requests.wait():
            assert isinstance(reply, Reply), reply
            assert reply.err_no == 3001
        assert service.session() == []
        (line,) = service.stderr.strip().split("\n")
        # on a busy machine another op than the one that scores may be the first
        assert re.fullmatch(r"web_service: op \w+ has ended unexpectedly; stopping", line)


def wait_for_refusal(url: str) -> Any:
    """Until /ready is not 200 any more."""
    deadline = time.monotonic() + 20
    while True:
        yield
        if http_call(url, "/ready", method="GET").status == 503:
            yield
            return
        assert time.monotonic() < deadline, "the crash was not noticed"
        time.sleep(0.05)


def busiest(service: Launched) -> int:
    """The first child to use 1.5 s of processor time from now: an op that has work."""

    def seconds(pid: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return int(fields[11]) / os.sysconf("SC_CLK_TCK")

    before = {pid: seconds(pid) for pid in service.children()}

    def busy() -> list[int]:
        return [pid for pid in before if seconds(pid) - before[pid] >= 1.5]

    return wait_until(busy, "a child computes")[0]


def test_upstreams_file_in_processes_and_the_death_of_the_parent(
    bundles: Path, tmp_path: Path
) -> None:
    strip_manifest(bundles / PAIRWISE, tmp_path / "model")
    deploy = tmp_path / "model" / "deploy" / "python"
    deploy.mkdir(parents=True)
    rpc_port, http_port = free_port(), free_port()
    text = UPSTREAM.replace("device_type: 1", "device_type: 0")
    text = text.replace("8089", str(rpc_port)).replace("8088", str(http_port))
    with Launched(text, deploy) as service:
        service.wait_ready()
        assert "no manifest: files not verified, no golden pairs" in service.stdout
        feed = {"0": str({"query": SENTENCES[0], "title": SENTENCES[1]})}
        reply = rpc_call(f"127.0.0.1:{rpc_port}", feed)
        assert 0 < reply.decoded("predict")[0][0] < 1
        assert reply.fields["ranker"] == PAIRWISE
        assert len(service.children()) >= 3
        service.process.kill()
        service.process.wait()
        deadline = time.monotonic() + 20
        while service.session() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert service.session() == []


def test_a_signal_to_the_whole_group_drains_processes_too(
    config: dict[str, Any], tmp_path: Path
) -> None:
    """As a terminal's Ctrl-C, or an init system that signals every process."""
    del config["op"]["rocketqa"]
    with Launched(slow(processes(config)), tmp_path) as service:
        service.wait_ready()
        requests = InTheBackground(large(config, 3.0))
        wait_in_work(config, 2)
        os.killpg(service.process.pid, signal.SIGINT)
        assert service.wait_end(10) == 0
        for reply in requests.wait():
            assert reply.err_no == 0, reply
        assert service.session() == []
