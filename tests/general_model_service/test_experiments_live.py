# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments of the C++ service change while it runs; its records survive a disk that refuses."""

from __future__ import annotations

import json
import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from child_services.child import free_port
from child_services.rank_process import RankProcess
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.general_model_service.test_handover import other_version, replace
from tests.general_model_service.text_cases import BODY
from tests.general_model_service.twins import openvino_config
from tests.waiting import wait_until

A, B = {"name": "a", "ranker": PAIRWISE}, {"name": "b", "ranker": CROSS_ENCODER}
FIRST: dict[str, Any] = {"name": "first", "variants": [A, B]}
SECOND: dict[str, Any] = {"name": "second", "mode": "interleave", "variants": [A, B]}


class Lab:
    """A service, and the configuration that it follows."""

    def __init__(self, config: dict[str, Any], directory: Path) -> None:
        self.config = config
        self.directory = directory
        self.records = directory / "records"
        self.service = RankProcess(config, directory)
        self.client = httpx.Client(base_url=self.service.url, timeout=60)

    def write(self, **keys: Any) -> None:
        """Change keys of the file, at once as an editor does."""
        self.config = {**self.config, **keys}
        new = self.directory / "new.yml"
        new.write_text(yaml.safe_dump(self.config), encoding="utf-8")
        new.replace(self.directory / "config.yml")

    def said(self, words: str) -> bool:
        return words in self.service.log()

    def experiments(self) -> list[str]:
        return [one["name"] for one in self.client.get("/v1/traffic").json()["experiments"]]

    def lines(self, log: str) -> list[dict[str, Any]]:
        files = sorted(self.records.glob(f"{log}-*.jsonl"))
        # half a line may stand there for a moment, without its end
        return [json.loads(line) for f in files for line in f.read_text("utf-8").split("\n")[:-1]]

    def lost(self) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        wanted = 'ranking_records_total{log="feedback",outcome="lost"} '
        (line,) = [line for line in lines if line.startswith(wanted)]
        return float(line[len(wanted) :])


@pytest.fixture
def lab(tensor_program: Path, bundles: Path, tmp_path: Path) -> Iterator[Lab]:
    config = {
        **openvino_config(bundles, (PAIRWISE, CROSS_ENCODER)),
        "experiments": [FIRST],
        "exposures": {"directory": "records", "max_queue": 5},
    }
    lab = Lab(config, tmp_path)
    with lab.service, lab.client:
        yield lab


def test_experiments_change_under_load_without_a_failed_request(lab: Lab) -> None:
    stopped = threading.Event()
    seen: list[set[str]] = [set(), set()]
    failed: list[str] = []

    def ask(number: int) -> None:
        with httpx.Client(base_url=lab.service.url, timeout=60) as client:
            count = 0
            while not stopped.is_set():
                count += 1
                body = {**BODY, "unit_id": f"u{number}-{count}"}
                answer = client.post("/rerank", json=body)
                if answer.status_code != 200:
                    failed.append(answer.text)
                else:
                    seen[number].add(answer.json()["experiment"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for experiments in ([SECOND], [], [FIRST, SECOND], [SECOND]):
            lab.write(experiments=experiments)
            names = [one["name"] for one in experiments]
            wait_until(lambda names=names: lab.experiments() == names, f"{names} are followed")
        wait_until(lambda: all("second" in names for names in seen), "both are dealt by it")
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert lab.said("experiments: changed; now: second")
    assert lab.said("experiments: changed; now: none")


def test_a_change_that_cannot_be_is_refused_by_its_path(lab: Lab) -> None:
    for experiments, words in (
        ([{**FIRST, "variants": [A, {**B, "bundle": "v9"}]}], "experiments[0].variants[1].bundle"),
        ([{**FIRST, "salz": 1}], "experiments[0].salz: unknown key; did you mean salt?"),
        ([FIRST, FIRST], "experiments[0].name: first stands twice; give each its own"),
        ([{**FIRST, "coverage": 2}], "experiments[0].coverage: must be a number from 0 to 1"),
    ):
        lab.write(experiments=experiments)
        what = f"the change is refused, the old ones go on: {words}"
        wait_until(lambda what=what: lab.said(what), what)
        assert lab.experiments() == ["first"]
    lab.write(experiments=[SECOND], holdout={"salt": "first", "share": 0.25})
    wait_until(lambda: lab.experiments() == ["second"], "the next change is followed")
    assert lab.client.get("/v1/traffic").json()["holdout"] == 0.25


def test_a_file_that_goes_is_waited_for(lab: Lab) -> None:
    (lab.directory / "config.yml").unlink()
    wait_until(lambda: lab.said("the old ones go on"), "it is told")
    assert lab.client.post("/rerank", json=BODY).status_code == 200
    lab.write(experiments=[SECOND])
    wait_until(lambda: lab.experiments() == ["second"], "the file is followed again")


def test_a_bundle_that_is_replaced_is_followed(
    tensor_program: Path, bundles: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(bundles / CROSS_ENCODER, bundle)
    other = other_version(bundle, tmp_path / "other")
    config = openvino_config(bundles, (CROSS_ENCODER,))
    config["op"]["rocketqa"]["local_service_conf"]["model_config"] = str(bundle)
    config["experiments"] = [{"name": "one", "variants": [{**A, "ranker": CROSS_ENCODER}]}]
    with (
        RankProcess(config, tmp_path) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):

        def told() -> str:
            (answer,) = client.get("/v1/assignments?unit_id=u").json()["answers"]
            return str(answer["bundle"])

        before = told()
        replace(bundle, other)
        wait_until(lambda: told() != before, "the plan names the next bundle")
        answer = client.post("/rerank", json={**BODY, "unit_id": "u"}).json()
        assert (answer["bundle"], answer["variant"]) == (told(), "a")
        what = "experiments: of other bundles; now: one"
        wait_until(lambda: what in service.log(), what)


def test_other_keys_need_a_restart(lab: Lab) -> None:
    lab.write(experiments=[SECOND], limits={"max_documents": 7})
    wait_until(lambda: lab.experiments() == ["second"], "experiments are followed")
    assert lab.said("experiments: other keys have changed too; they need a restart")
    assert lab.client.post("/rerank", json={**BODY, "documents": ["a"] * 8}).status_code == 200


def test_a_disk_that_refuses_loses_what_has_no_room(lab: Lab) -> None:
    body = {"clicks": [0]}
    assert lab.client.post("/feedback", json={**body, "request_id": "before"}).status_code == 200
    wait_until(lambda: lab.lines("feedback"), "the first is written")
    shutil.rmtree(lab.records)
    lab.records.write_text("in the way")
    taken, refused = [], []
    for number in range(20):
        answer = lab.client.post("/feedback", json={**body, "request_id": f"r{number}"})
        (taken if answer.status_code == 200 else refused).append(answer)
    assert len(taken) >= 5
    for answer in refused:
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert "feedback waits for the disk; try again later" in answer.text
    assert lab.client.post("/rerank", json=BODY).status_code == 200
    assert lab.lost() == len(refused) > 0
    lab.records.unlink()
    wait_until(lambda: len(lab.lines("feedback")) == len(taken), "what was taken is written")
    assert lab.said("feedback: cannot write to")
    assert lab.said("feedback: written again")


def test_a_file_that_may_not_grow_ends_in_a_whole_line(lab: Lab) -> None:
    resource.prlimit(lab.service.process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
    for number in range(12):
        body = {"request_id": f"r{number}", "clicks": [999] * 900}
        assert lab.client.post("/feedback", json=body).status_code == 200
        wait_until(lambda n=number: len(lab.lines("feedback")) > n, "it is on disk")
    assert lab.said("feedback: cannot write to")
    assert [line["request_id"] for line in lab.lines("feedback")] == [f"r{n}" for n in range(12)]
    assert lab.lost() == 0


def test_what_waits_is_written_at_the_stop(lab: Lab) -> None:
    for number in range(40):
        body = {**BODY, "request_id": f"r{number}", "unit_id": f"u{number}"}
        assert lab.client.post("/rerank", json=body).status_code == 200
        if number % 4 == 0:
            wait_until(lambda n=number: len(lab.lines("exposures")) >= n, "there is room")
    lab.client.close()
    lab.service.stop()
    # the first was of the service's start
    ids = [line["request_id"] for line in lab.lines("exposures")][1:]
    assert ids == [f"r{number}" for number in range(40)]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"experiments": [{**FIRST, "variants": []}]}, "experiments[0].variants: must hold at"),
        ({"exposures": {"directory": "config.yml/records"}}, "exposures.directory: cannot make"),
        ({"exposures": {"fsync": "sometimes"}}, "exposures.fsync: must be one of always, interv"),
        ({"holdout": {"salt": "first", "share": 0.1}}, "experiments[0].salt: is that of the hold"),
    ],
)
def test_what_cannot_be_does_not_start(
    tensor_program: Path, bundles: Path, tmp_path: Path, keys: dict[str, Any], words: str
) -> None:
    config = openvino_config(bundles, (PAIRWISE, CROSS_ENCODER))
    config.update({"experiments": [FIRST], "http_port": free_port(), **keys})
    with pytest.raises(SetUpError) as caught:
        RankProcess(config, tmp_path).stop()
    assert words in str(caught.value)
