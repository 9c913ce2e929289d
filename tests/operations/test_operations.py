# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Dashboard, alerts and the table of metrics, held against what both services really say."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from child_services.tensor_process import TensorProcess
from contract.rankers import BM25, CASCADE, PAIRWISE
from tests.conftest import REPOSITORY
from tests.pipeline.calls import http_call, rank
from tests.services import running_service

OPERATIONS = REPOSITORY / "operations"
# what Prometheus itself adds to each series
OF_PROMETHEUS = {"job", "instance", "le"}
NAME = re.compile(r"\b(?:ranking|tensor_service)_[a-z_]+\b(?=[\[{)\s,]|$)")
# a name with its selector, as far as it has one
SELECTOR = re.compile(r"\b((?:ranking|tensor_service)_[a-z_]+)\{([^}]*)\}")


class Said(NamedTuple):
    """What /metrics says: types of families, and labels and their values by series name."""

    types: dict[str, str]
    labels: dict[str, dict[str, set[str]]]


def said(url: str) -> Said:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        lines = response.read().decode().splitlines()
    types, labels = {}, {}
    for line in lines:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
        elif not line.startswith("#"):
            found = re.match(r"([a-z_]+)(?:\{(.*)\})? ", line)
            assert found, line
            of_series = labels.setdefault(found[1], {})
            for name, value in re.findall(r'(\w+)="([^"]*)"', found[2] or ""):
                of_series.setdefault(name, set()).add(value)
    return Said(types, labels)


@pytest.fixture(scope="module")
def ranking(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    directory = tmp_path_factory.mktemp("operations")
    variants = [{"name": "a", "ranker": "pairwise"}, {"name": "b", "ranker": "cross_encoder"}]
    keys = {
        "experiments": [{"name": "e", "mode": "shadow", "variants": variants}],
        "exposures": {"directory": str(directory / "exposures")},
        "cascade": {"stages": [{"ranker": BM25, "keep": 9}, {"ranker": PAIRWISE}], "max_ms": 1},
        # a row waits for longer than the cascade does: the stage is dropped for certain
        "scheduler": {"max_wait_ms": 200},
    }
    with running_service(bundles, directory, **keys) as service:
        for name in ("ranker", "ernie", "rocketqa"):
            assert rank(service.url, name, query="感冒", documents=["感冒灵" * 400]).err_no == 0
        asked = {"query": "感冒", "documents": ["感冒灵"], "ranker": CASCADE}
        (_, dropped) = rank(service.url, "ranker", **asked).decoded("stages")
        assert dropped["dropped"]
        assert rank(service.url, query="感冒").err_no != 0
        body = {"query": "感冒", "documents": ["感冒灵"]}
        late = http_call(service.url, "/ernie/prediction", body, headers={"x-timeout-ms": "0.001"})
        assert late.status == 504
        yield said(service.url)


@pytest.fixture(scope="module")
def tensors(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Said]:
    with TensorProcess(bundles / PAIRWISE, tmp_path_factory.mktemp("tensors")) as service:
        yield said(service.url)


def dashboard() -> dict:
    return json.loads((OPERATIONS / "grafana" / "ranking.json").read_text(encoding="utf-8"))


def alerts() -> list[dict]:
    text = (OPERATIONS / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    targets = [t["expr"] for panel in dashboard()["panels"] for t in panel.get("targets", [])]
    return targets + [rule["expr"] for rule in alerts()]


def test_every_name_and_label_is_one_that_the_services_say(ranking: Said, tensors: Said) -> None:
    series = {**ranking.labels, **tensors.labels}
    seen = set()
    for expression in expressions():
        names = set(NAME.findall(expression))
        seen |= names
        assert names or "up{" in expression, expression
        assert names <= set(series), names - set(series)
        known = {label for name in names for label in series[name]} | OF_PROMETHEUS
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            if names:
                assert {label.strip() for label in grouped.split(",")} <= known, expression
        for name, selector in SELECTOR.findall(expression):
            for label, value in re.findall(r'(\w+)!?=~?"([^"]*)"', selector):
                assert label in set(series[name]) | OF_PROMETHEUS, (name, label)
                if label in ("stage", "status"):
                    assert set(value.split("|")) <= series[name][label], value
    assert len(seen) > 25


def test_expressions_are_well_formed() -> None:
    for expression in expressions():
        for opening, closing in ("()", "[]", "{}"):
            assert expression.count(opening) == expression.count(closing), expression
        assert expression.count('"') % 2 == 0
        # a counter is of use as a rate only
        for name in re.findall(r"\b\w+_total\b", expression):
            assert re.search(rf"(rate|increase)\({name}[{{\[]", expression), expression


def test_the_dashboard_can_be_imported() -> None:
    board = dashboard()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) and board["uid"] and board["schemaVersion"]
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert board["templating"]["list"][0]["type"] == "datasource"
    places = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        places.add((place["x"], place["y"]))
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}"
            used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            assert used <= variables
    assert len(places) == len(ids)


def test_alerts_say_what_is_wrong() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names)) > 5
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
    text = (OPERATIONS / "prometheus" / "scrape.yml").read_text(encoding="utf-8")
    jobs = {job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]}
    assert jobs == {"ranking", "tensor_service"}


def test_the_table_of_metrics_is_what_the_services_say(ranking: Said, tensors: Said) -> None:
    text = (REPOSITORY / "docs" / "operate.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE)
    assert {name: kind for name, kind, _ in rows} == {**ranking.types, **tensors.types}
    series = {**ranking.labels, **tensors.labels}
    for name, kind, labels in rows:
        found = series.get(f"{name}_count" if kind == "histogram" else name)
        if found is not None:
            assert set(re.findall(r"\w+", labels)) == set(found), name


def test_no_series_says_when_it_was_made(ranking: Said) -> None:
    assert not [name for name in ranking.labels if name.endswith("_created")]
