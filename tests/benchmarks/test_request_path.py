# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds the path of a request through our code to its length: files passed, calls made."""

from __future__ import annotations

import threading
from typing import NamedTuple

import pytest

from benchmarks.calls_seen import CallsSeen
from benchmarks.request_path import RERANK, RPC, Walk, measure, report
from contract.wire.request import Limits, RankRequest
from tests.bundles import FIXTURES
from tests.sets import modern_only

pytestmark = modern_only  # sys.monitoring is Python 3.12's


class Bound(NamedTuple):
    files: int
    calls: int


# lower them when the path has become shorter, and never raise them for a feature that most
# requests do not ask for; which thread is faster makes a few calls more or less
BOUNDS = {RERANK: Bound(48, 242), RPC: Bound(40, 208)}


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Walk]:
    return measure(FIXTURES / "0", tmp_path_factory.mktemp("path"))


def listed(name: str, walk: Walk) -> str:
    lines = [*report(name, walk), *(f"  {count:5d} {file}" for file, count in walk.files.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("name", BOUNDS)
def test_the_path_is_no_longer_than_it_was(walks: dict[str, Walk], name: str) -> None:
    walk, bound = walks[name], BOUNDS[name]
    assert len(walk.files) <= bound.files, listed(name, walk)
    assert walk.calls <= bound.calls, listed(name, walk)


@pytest.mark.parametrize("name", BOUNDS)
def test_the_whole_path_is_seen(walks: dict[str, Walk], name: str) -> None:
    """On all threads: from the edge, which reads the request, to the engine."""
    walk = walks[name]
    assert {"contract/wire/request.py", "contract/encoding.py"} <= set(walk.files)
    assert any("engine" in file for file in walk.files)
    assert "contract.wire.request.RankRequest" in walk.instances
    assert len(walk.threads) > 1


def test_calls_and_instances_are_counted_on_every_thread() -> None:
    seen = CallsSeen()
    fields = {"query": "q", "documents": ["a"]}
    seen.begin()
    thread = threading.Thread(target=RankRequest.from_fields, args=(fields, Limits()), name="other")
    thread.start()
    thread.join()
    found = seen.end()
    (first, *_) = found["calls"]
    assert first[:3] == ("contract/wire/request.py", "RankRequest.from_fields", "other")
    assert found["instances"] == {
        "contract.wire.request.Limits": 1,
        "contract.wire.request.RankRequest": 1,
    }
    RankRequest.from_fields(fields, Limits())
    assert len(found["calls"]) < 30
