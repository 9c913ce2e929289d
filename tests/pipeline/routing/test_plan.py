# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments as configured: what they decide, and settings that cannot be, named by path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.errors import ConfigError
from contract.wire.request import RankRequest
from pipeline.request.route import Route, Target
from pipeline.routing.plan import Plan, make_plan
from pipeline.routing.reload import first_plan
from pipeline.routing.router import Router
from pipeline.settings.experiments import HoldoutConfig
from pipeline.settings.service import load_config

SERVED = {"pairwise": ["p1", "p2"], "cross_encoder": ["c1"]}
A, B = {"name": "a", "ranker": "pairwise"}, {"name": "b", "ranker": "cross_encoder"}
TWO: dict[str, Any] = {"name": "ab", "variants": [A, B]}
UNITS = [f"user{i}" for i in range(400)]


def plan_of(directory: Path, *experiments: Any, **keys: Any) -> Plan:
    """The plan of a configuration file with these experiments."""
    config = {
        "rpc_port": 8089,
        "op": {
            "ernie": {"local_service_conf": {"model_config": "m"}},
            "rocketqa": {"local_service_conf": {"model_config": "m"}},
        },
        "experiments": list(experiments),
        **keys,
    }
    path = directory / "config_nlp.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return first_plan(load_config(path), SERVED)


def route_of(plan: Plan, unit: str = "", query: str = "感冒", *asked: str) -> Route:
    return Router(plan).route(RankRequest(((query, "t"),), unit_id=unit), asked)


def test_without_experiments_the_default_answers(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, default_ranker="cross_encoder")
    assert route_of(plan, "u") == Route((Target("cross_encoder", "c1"),))


def test_a_split_deals_and_sticks(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {**TWO, "fallback": "pairwise"})
    routes = {unit: route_of(plan, unit) for unit in UNITS}
    assert {r.targets for r in routes.values()} == {
        (Target("pairwise", "p1"),),
        (Target("cross_encoder", "c1"),),
    }
    share = sum(r.variant == "a" for r in routes.values()) / len(UNITS)
    assert abs(share - 0.5) < 0.1
    for unit, route in routes.items():
        assert route_of(plan, unit) == route
        assert (route.experiment, route.mode, route.reason) == ("ab", "split", "bucket")
        assert (route.unit, route.assigned) == (unit, route.targets[0])
        assert route.fallback == Target("pairwise", "p1")


def test_what_the_request_names_overrides(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, TWO)
    route = route_of(plan, "u", "感冒", "cross_encoder", "pairwise")
    assert route == Route((Target("cross_encoder", "c1"), Target("pairwise", "p1")))


def test_a_query_is_the_unit_of_who_names_none_and_is_not_recorded(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, TWO)
    one, same, other = (route_of(plan, "", q) for q in ("感冒", "感冒", "牙疼"))
    assert one == same
    assert one.unit != other.unit
    assert one.unit.startswith("query:")
    assert "感冒" not in one.unit
    named = Router(plan).route(RankRequest((("感冒", "t"),), user_id="王"), ())
    assert named.unit == "王"


def test_two_bundles_of_one_ranker(tmp_path: Path) -> None:
    variants = [{**A, "bundle": "p2", "weight": 0.0001}, {**A, "name": "old", "weight": 9999}]
    plan = plan_of(tmp_path, {"name": "v", "variants": variants, "allow_list": {"me": "a"}})
    assert route_of(plan, "me").targets == (Target("pairwise", "p2"),)
    assert route_of(plan, "me").reason == "allow_list"
    assert route_of(plan, "user1").targets == (Target("pairwise", "p1"),)


def test_a_shadow_answers_with_its_first_variant(tmp_path: Path) -> None:
    route = route_of(plan_of(tmp_path, {**TWO, "mode": "shadow"}), "u")
    assert (route.targets, route.variant) == ((Target("pairwise", "p1"),), "a")
    assert (route.shadow, route.shadow_variant) == (Target("cross_encoder", "c1"), "b")


def test_interleaving_asks_both(tmp_path: Path) -> None:
    route = route_of(plan_of(tmp_path, {**TWO, "mode": "interleave"}), "u")
    assert route.targets == (Target("pairwise", "p1"), Target("cross_encoder", "c1"))
    assert (route.variant, route.teams) == ("interleaved", ("a", "b"))


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ({"start": "2026-01-01T00:00:00Z"}, True),
        ({"start": "2999-01-01"}, False),
        ({"end": "2020-01-01"}, False),
        ({"end": "2999-01-01T00:00:00+08:00"}, True),
        ({"coverage": 0}, False),
    ],
)
def test_an_experiment_runs_within_its_bounds(
    tmp_path: Path, keys: dict[str, Any], runs: bool
) -> None:
    plan = plan_of(tmp_path, {**TWO, **keys})
    assert {bool(route_of(plan, unit).experiment) for unit in UNITS} == {runs}


def test_a_moment_of_yaml_is_utc(tmp_path: Path) -> None:
    (experiment,) = plan_of(tmp_path, {**TWO, "start": "2026-11-24 08:00:00"}).experiments
    assert experiment.start == 1795507200.0


def test_experiments_of_one_namespace_share_no_unit(tmp_path: Path) -> None:
    halves = [
        {**TWO, "name": name, "namespace": {"name": "n", "start": start, "end": start + 0.5}}
        for name, start in (("first", 0.0), ("second", 0.5))
    ]
    both = plan_of(tmp_path, *halves)
    alone = plan_of(tmp_path, halves[1])
    dealt = [route_of(both, unit).experiment for unit in UNITS]
    assert abs(dealt.count("first") / len(UNITS) - 0.5) < 0.1
    assert set(dealt) == {"first", "second"}
    for unit, name in zip(UNITS, dealt):
        assert (route_of(alone, unit).experiment == "second") == (name == "second")


def test_a_holdout_takes_part_in_nothing_but_lists(tmp_path: Path) -> None:
    experiment = {**TWO, "allow_list": {"me": "b"}}
    plan = plan_of(tmp_path, experiment, holdout={"salt": "h", "share": 0.25})
    out = [unit for unit in UNITS if not route_of(plan, unit).experiment]
    assert abs(len(out) / len(UNITS) - 0.25) < 0.08
    everyone = plan_of(tmp_path, experiment, holdout={"salt": "h", "share": 1.0})
    assert route_of(everyone, "me").variant == "b"
    assert not route_of(everyone, "user1").experiment


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ({"variants": [A]}, "experiments[0].name: must be 1 to 64"),
        ({"name": "a b", "variants": [A]}, "experiments[0].name: must be 1 to 64"),
        ({"name": "x"}, "experiments[0].variants: must hold at least one"),
        (
            {"name": "x", "mode": "shadow", "variants": [A]},
            "experiments[0].variants: must hold two",
        ),
        ({"name": "x", "mode": "shadow", "variants": [A, {**A, "name": "c"}]}, "same bundle"),
        ({"name": "x", "mode": "both", "variants": [A]}, "experiments[0].mode: must be one of"),
        ({"name": "x", "variants": [A, A]}, "experiments[0].variants[0].name: a stands twice"),
        ({"name": "x", "variants": [{**A, "name": "interleaved"}]}, "interleaved stands twice"),
        ({"name": "x", "variants": [{"name": "a"}]}, "experiments[0].variants[0].ranker: missing"),
        ({"name": "x", "variants": [{**A, "bundle": "p9"}]}, "variants[0].bundle: pairwise has no"),
        ({"name": "x", "variants": [{**A, "weight": 0}]}, "variants: all weights are 0"),
        ({"name": "x", "variants": [{**A, "weight": -1}]}, "variants[0].weight: must be a number"),
        ({**TWO, "coverage": 1.5}, "experiments[0].coverage: must be a number from 0 to 1"),
        ({**TWO, "start": "2026-02-02", "end": "2026-02-02"}, "experiments[0].end: must be after"),
        ({**TWO, "start": "soon"}, "experiments[0].start: must be a date and time"),
        ({**TWO, "namespace": {"start": 0.5}}, "namespace.name: missing"),
        ({**TWO, "namespace": {"name": "n", "start": 0.5, "end": 0.5}}, "namespace.end: must be"),
        ({**TWO, "allow_list": {"u": "z"}}, "allow_list.u: z is no variant; known are a, b"),
        ({**TWO, "allow_list": {"u": 7}}, "allow_list.u: must be text"),
        ({**TWO, "fallback": "bm25"}, "experiments[0].fallback: must be one of"),
        ({**TWO, "salz": "x"}, "experiments[0].salz: unknown key; did you mean salt?"),
        ("x", "experiments[0]: must hold keys and values"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, experiment: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, experiment)
    assert message in str(caught.value)


def test_a_name_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"experiments\[0\].name: ab stands twice"):
        plan_of(tmp_path, TWO, TWO)


def test_a_ranker_that_is_not_served(tmp_path: Path) -> None:
    config = {
        "rpc_port": 8089,
        "op": {"ernie": {"local_service_conf": {"model_config": "m"}}},
        "experiments": [TWO],
    }
    path = tmp_path / "config_nlp.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(ConfigError, match="cross_encoder is not served; served: pairwise"):
        first_plan(load_config(path), {"pairwise": ["p1"]})


def test_a_default_that_is_not_served_is_named() -> None:
    with pytest.raises(ConfigError, match="default_ranker: cascade is not served; restart"):
        make_plan((), HoldoutConfig(), SERVED, "cascade")
