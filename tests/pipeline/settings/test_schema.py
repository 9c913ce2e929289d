# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema for editors: made of the keys, and of one mind with the service about files."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
import yaml

from pipeline.settings.schema import schema
from tests.conftest import REPOSITORY
from tests.docs.blocks import all_blocks
from tests.pipeline.settings.test_recorded import RECORDED, whole
from tests.pipeline.settings.test_service import BOTH, SMALL, UPSTREAM

FILE = REPOSITORY / "docs" / "config_nlp.schema.json"
# what the schema says too; the rest needs more than one key, or is a date or an address
SAID = (
    "unknown key",
    "must be a whole number",
    "must be a number",
    "must be true or false",
    "must be text",
    "must be a list",
    "must hold keys and values",
)
Accepts = Callable[[str], bool]


@pytest.fixture(scope="module")
def accepts() -> Accepts:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="set modern has it")
    validator = jsonschema.Draft7Validator(json.loads(FILE.read_text(encoding="utf-8")))

    def check(text: str) -> bool:
        # an editor takes dates for texts
        data = json.loads(json.dumps(yaml.safe_load(text), default=str))
        return bool(validator.is_valid(data))

    return check


def test_the_file_is_that_of_the_keys() -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert kept == schema(), "python -m pipeline.settings.schema > docs/config_nlp.schema.json"


def test_every_key_says_what_it_is_for() -> None:
    for section in [schema(), *schema()["$defs"].values()]:
        for name, rule in section["properties"].items():
            # a section's own text is where its keys are
            assert "description" in rule or "anyOf" in rule, name


def test_our_file_names_the_schema_and_is_accepted(accepts: Accepts) -> None:
    text = (REPOSITORY / "config_nlp.yml").read_text(encoding="utf-8")
    (modeline,) = [line for line in text.splitlines() if "yaml-language-server" in line]
    named = modeline.partition("$schema=")[2]
    assert REPOSITORY / named == FILE
    assert accepts(text)


@pytest.mark.parametrize("text", [UPSTREAM, SMALL, "rpc_port: 8089\n" + BOTH])
def test_upstreams_file_is_accepted(text: str, accepts: Accepts) -> None:
    assert accepts(text)


def examples() -> list[Any]:
    blocks = [b for b in all_blocks() if b.language == "yaml" and "apiVersion" not in b.text]
    return [pytest.param(block.text, id=block.name) for block in blocks]


@pytest.mark.parametrize("text", examples())
def test_examples_of_the_pages_are_accepted(text: str, accepts: Accepts) -> None:
    assert accepts(text)


@pytest.mark.parametrize("keys", ["paint: red", "dag: {tracer: {interval: 1}}", "op: {erine: {}}"])
def test_an_unknown_key_is_refused(keys: str, accepts: Accepts) -> None:
    assert not accepts(f"rpc_port: 8089\n{keys}\n")


def test_what_the_service_takes_is_accepted(accepts: Accepts) -> None:
    taken = [whole(text) for text, outcome in RECORDED if isinstance(outcome, dict)]
    assert [text for text in taken if not accepts(text)] == []


def test_what_the_service_refuses_for_one_key_is_refused(accepts: Accepts) -> None:
    refused = [
        whole(text)
        for text, outcome in RECORDED
        if isinstance(outcome, str)
        and outcome.partition(": ")[2].startswith(SAID)
        # it holds itself
        and "*" not in text
    ]
    assert len(refused) > 300
    assert [text for text in refused if accepts(text)] == []
