# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A changed file of experiments is taken over; a bad one is refused, and the old goes on."""

from __future__ import annotations

import logging
import resource
from pathlib import Path

import pytest
import yaml

from contract.errors import UnknownService
from contract.wire.request import RankRequest
from pipeline.routing.reload import Watcher, first_plan
from pipeline.routing.router import Router
from pipeline.settings.service import load_config

SERVED = {"pairwise": ["p1"]}


class Watched:
    """A file, and a router that follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("first")
        config = load_config(path)
        self.router = Router(first_plan(config, SERVED))
        self.watcher = Watcher(config, SERVED, self.router)

    def write(self, name: str, **keys: object) -> None:
        config = {
            "rpc_port": 8089,
            "op": {"ernie": {"local_service_conf": {"model_config": "m"}}},
            "experiments": [{"name": name, "variants": [{"name": "a", "ranker": "pairwise"}]}],
            **keys,
        }
        # as editors do it
        new = self.path.with_suffix(".new")
        new.write_text(yaml.safe_dump(config), encoding="utf-8")
        Path(new).replace(self.path)

    @property
    def name(self) -> str:
        return ",".join(e.name for e in self.router.plan.experiments)


@pytest.fixture()
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "config_nlp.yml")


def test_a_change_is_taken_over_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    assert not watched.watcher.look()
    watched.write("second")
    with caplog.at_level(logging.INFO, "pipeline"):
        assert watched.watcher.look()
        assert not watched.watcher.look()
    assert watched.name == "second"
    assert "changed; now: second" in caplog.text
    watched.write("", experiments=[])
    assert watched.watcher.look()
    assert watched.name == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not yaml"),
        ("rpc_port: 8089\nop: {ernie: {local_service_conf: {model_config: m}}}\n"
         "experiments: [{name: x, variants: [{name: a, ranker: cross_encoder}]}]", "not served"),
        ("rpc_port: 8089\nop: {ernie: {local_service_conf: {model_config: m}}}\n"
         "experiments: {}", "experiments: must be a list"),
    ],
)  # fmt: skip
def test_a_bad_change_is_refused_and_the_next_good_one_taken(
    watched: Watched, caplog: pytest.LogCaptureFixture, text: str, message: str
) -> None:
    watched.path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.ERROR, "pipeline"):
        assert not watched.watcher.look()
        assert not watched.watcher.look(), "one line for each change"
    assert caplog.text.count("the change is refused") == 1
    assert message in caplog.text
    assert watched.name == "first"
    watched.write("third")
    assert watched.watcher.look()
    assert watched.name == "third"


def test_a_file_that_is_gone_is_refused(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.path.unlink()
    assert not watched.watcher.look()
    assert "cannot read it" in caplog.text
    assert watched.name == "first"


def test_other_keys_need_a_restart(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.write("second", limits={"max_documents": 7})
    assert watched.watcher.look()
    assert "need a restart" in caplog.text
    assert watched.name == "second"


ALONE = {"ernie": {"local_service_conf": {"model_config": "m"}}}
MORE = {"rocketqa": {"local_service_conf": {"model_config": "n"}}, **ALONE}
STAGES = [{"ranker": "bm25", "keep": 5}, {"ranker": "pairwise"}]


@pytest.mark.parametrize(
    "keys",
    [
        {"cascade": {"stages": STAGES}, "default_ranker": "cascade"},
        {"op": MORE, "default_ranker": "cross_encoder"},
        {"op": MORE},
    ],
    ids=["cascade", "op", "first op"],
)
def test_a_default_that_is_not_served_yet_needs_a_restart_and_the_rest_is_followed(
    watched: Watched, caplog: pytest.LogCaptureFixture, keys: dict[str, object]
) -> None:
    told: list[object] = []
    watcher = Watcher(load_config(watched.path), SERVED, watched.router, [told.append])
    watched.write("second", **keys)
    assert watcher.look()
    assert "need a restart" in caplog.text
    assert "refused" not in caplog.text
    assert watched.name == "second"
    assert watched.router.plan.default.ranker == "pairwise"
    assert len(told) == 1


@pytest.mark.parametrize("start", ["2026-02-30", "9999-12-31T23:59:59-12:00", "0001-01-01"])
def test_a_date_that_is_none_is_refused_and_the_next_good_change_taken(
    watched: Watched, start: str
) -> None:
    text = watched.path.read_text(encoding="utf-8")
    watched.path.write_text(text.replace("name: first", f"name: bad\n  start: {start}"))
    watched.watcher.look()
    assert watched.name in ("first", "bad")
    watched.write("good")
    assert watched.watcher.look()
    assert watched.name == "good"


def test_a_change_between_reading_and_watching_is_seen(watched: Watched) -> None:
    config = load_config(watched.path)
    router = Router(first_plan(config, SERVED))
    watched.write("meanwhile")
    assert Watcher(config, SERVED, router).look()
    assert [e.name for e in router.plan.experiments] == ["meanwhile"]


def test_a_name_that_the_file_has_and_the_plan_not_yet_is_found(watched: Watched) -> None:
    watched.watcher.look()
    watched.router.follow(watched.watcher.look)
    watched.write("second")
    assert watched.name == "first"
    request = RankRequest((("a", "b"),))
    assert watched.router.route(request, (), "second").experiment == "second"
    with pytest.raises(UnknownService):
        watched.router.route(request, (), "first")
    watched.write("third")
    assert watched.router.knows("third")


def test_a_change_that_could_not_be_read_is_read_when_it_can_be(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as without a file descriptor that is free; the file itself does not change again."""
    watched.watcher.look()
    watched.write("second")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(3, open_files), before[1]))
    try:
        assert not watched.watcher.look()
        assert not watched.watcher.look()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert caplog.text.count("cannot read it (Too many open files)") == 1
    assert watched.watcher.look()
    assert watched.name == "second"
