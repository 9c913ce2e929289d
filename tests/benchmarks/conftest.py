# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny bundles and a tiny workload, for tests of how the benchmark works; they check no time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.workload import Workload, load_workload
from tests.bundles import SENTENCES


@pytest.fixture(scope="session")
def workload_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two queries with documents of very different lengths."""
    path = tmp_path_factory.mktemp("workload") / "tiny.json"
    documents = [*SENTENCES, "文化" * 100, ""]
    items = [{"query": query, "docs": documents} for query in SENTENCES[:2]]
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def workload(workload_file: Path) -> Workload:
    """The file, read."""
    return load_workload(workload_file)
