# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Files and what became of them: messages, their paths, which of two errors is told, and defaults.

Each line of recorded.jsonl holds a file and its outcome: the message, or the keys that differ from
their defaults. ``...`` in a file stands for ``BASE``, whose keys are then left out of the outcome.
All lines were recorded with the checks that stood here before pydantic, but for
``server_endpoints`` with an engine that does not ask them, which is refused since, and the word
``cascade`` among the names that are known.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from contract.errors import ConfigError
from pipeline.settings.service import load_config

BASE = "rpc_port: 8089, op: {ernie: {local_service_conf: {model_config: m}}}"
RECORDED: list[tuple[str, Any]] = [
    tuple(json.loads(line))
    for line in Path(__file__).with_name("recorded.jsonl").read_text(encoding="utf-8").splitlines()
]
OF_BASE = {
    "rpc_port": 8089,
    "op": {"ernie": {"local_service_conf": {"model_config": "m"}}},
    "default_ranker": "pairwise",
}


def whole(text: str) -> str:
    """The file without ``...``."""
    return text.replace("{...", "{" + BASE, 1)


def changed(section: Any) -> dict[str, Any]:
    """The keys that differ from their defaults."""
    found = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        factory = field.default_factory
        default = field.default if factory is dataclasses.MISSING else factory()
        if value != default and field.name != "path":
            found[field.name] = plain(value)
    return found


def plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return changed(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("number", range(len(RECORDED)), ids=lambda number: f"line {number + 1}")
def test_a_file_has_the_outcome_that_was_recorded(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, outcome = RECORDED[number]
    monkeypatch.chdir(tmp_path)
    path = Path("config_nlp.yml")
    path.write_text(whole(text), encoding="utf-8")
    try:
        told: Any = changed(load_config(path))
    except ConfigError as error:
        told = str(error)
    else:
        told = {name: value for name, value in told.items() if OF_BASE.get(name) != value}
    assert told == outcome


def test_enough_is_recorded() -> None:
    taken = [outcome for _, outcome in RECORDED if isinstance(outcome, dict)]
    assert len(taken) > 100
    assert len(RECORDED) - len(taken) > 300
