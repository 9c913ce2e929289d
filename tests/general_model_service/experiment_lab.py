# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments that the Pipeline and the C++ service both run, and what each has recorded."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any, NamedTuple

from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.general_model_service.twins import Twins
from tests.waiting import wait_until

A, B = {"name": "a", "ranker": PAIRWISE}, {"name": "乙".encode().hex(), "ranker": CROSS_ENCODER}
BOTH = [A, {**B, "weight": 2}]
EXPERIMENTS: list[dict[str, Any]] = [
    {
        "name": "narrow",
        "coverage": 0.3,
        "variants": [*BOTH, {"name": "c", "ranker": PAIRWISE, "weight": 0.1}],
        "allow_list": {"tester": B["name"], "测试": "a"},
        "fallback": PAIRWISE,
    },
    {
        "name": "mixed",
        "salt": "盐",
        "mode": "interleave",
        "variants": BOTH,
        "namespace": {"name": "n", "end": 0.5},
    },
    {
        "name": "beside",
        "mode": "shadow",
        "variants": BOTH,
        "namespace": {"name": "n", "start": 0.5},
        "end": "2999-01-01T00:00:00+08:00",
    },
    {"name": "later", "start": "2999-01-01", "variants": BOTH},
    {"name": "over", "end": "2020-01-01", "variants": BOTH, "fallback": CROSS_ENCODER},
]
HOLDOUT = {"salt": "held", "share": 0.1}
UNITS = [
    *(f"user{i}" for i in range(60)),
    *("".join(random.Random(i).choices("用户甲乙😀aÀ-é ", k=9)) for i in range(40)),
]
_TIMES = re.compile(r'"(time|\w+_ms)":[0-9.e-]+')
_FLOAT = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


class Lab(NamedTuple):
    """Both services, and where each keeps its records.

    Attributes:
        both: connections.
        directory: of the tests; each service has a part of it.
    """

    both: Twins
    directory: Path

    def lines(self, log: str, *ids: str) -> list[list[str]]:
        """Of the Pipeline and of the program, the lines of a log about these requests."""
        found = []
        for name in ("pipeline", "program"):
            files = sorted((self.directory / name / "records").glob(f"{log}-*.jsonl"))
            # half a line may stand there for a moment, without its end
            lines = [line for file in files for line in file.read_text("utf-8").split("\n")[:-1]]
            found.append([line for line in lines if json.loads(line)["request_id"] in ids])
        return found

    def wait(self, log: str, count: int, *ids: str) -> list[list[str]]:
        """The same, once there are so many of each."""
        what = f"{count} lines in each log of {log}"
        wait_until(lambda: all(len(found) >= count for found in self.lines(log, *ids)), what)
        return self.lines(log, *ids)


def plain(line: str) -> tuple[str, list[float]]:
    """A line without times, and its numbers, which scores' last digits may differ in."""
    text = _TIMES.sub(r'"\1":0', line)
    return _FLOAT.sub("F", text), [float(number) for number in _FLOAT.findall(text)]


def key(line: str) -> tuple[str, str]:
    """By which lines of both services stand in one order."""
    fields = json.loads(line)
    return fields["request_id"], fields["kind"]


FEEDBACK: list[Any] = [
    {"request_id": "fb", "clicks": [2, 0]},
    {"request_id": "fb", "clicks": [], "grades": [[0, 3], [1, 0.5]]},
    {"key": ["request_id", "clicks"], "value": ["fb", "[1]"]},
    {"key": ["request_id", "grades"], "value": ["fb", "[[1, 2]]"]},
    {"request_id": "fb"},
    {"clicks": [1]},
    {"request_id": "fb", "clicks": 1},
    {"request_id": "fb", "clicks": [True]},
    {"request_id": "fb", "clicks": [1000]},
    {"request_id": "fb", "clicks": [-1]},
    {"request_id": "fb", "clicks": [0] * 1001},
    {"request_id": "fb", "grades": [[0]]},
    {"request_id": "fb", "grades": [[0, -1]]},
    {"request_id": "fb", "grades": [[0, 1e7]]},
    {"request_id": "f b\u0001", "clicks": [1]},
    {"request_id": "fb", "click": [1]},
    {"key": ["request_id"], "value": []},
    {"key": ["clicks", "clicks"], "value": ["[1]", "[1]"]},
    {"key": ["clicks"], "value": ["1+1"]},
    [],
]
