# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.state_store`` times the Pipeline's engines at several shares of hits."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from benchmarks.state_store import Requests, Row, batches_of, main, table
from contract.bundle.split import parts_of
from contract.encoding import INPUT_IDS
from tests.sets import card_only
from tests.train.conftest import write_model

OPTIONS = argparse.Namespace(documents=10, document_tokens=[3, 6], query_tokens=4, vocabulary=50)


@pytest.mark.parametrize(("share", "known"), [(0, 0), (50, 5), (90, 9), (100, 10)])
def test_a_request_has_its_share_of_known_documents(share: int, known: int) -> None:
    requests = Requests(OPTIONS)
    of_before = {document.tobytes() for document in requests.known}
    rows = requests.of(share)
    assert len(rows) == 10
    assert len({row.query.tobytes() for row in rows}) == 1
    found = [row.document.tobytes() in of_before for row in rows]
    assert found == [True] * known + [False] * (10 - known)
    assert rows[0].query.tobytes() != requests.of(share)[0].query.tobytes(), "a new query"


def test_batches_hold_every_row_within_the_budget() -> None:
    rows = [Row(np.array([1, 7, 2]), np.arange(10, 11 + n)) for n in (9, 2, 5, 30, 5)]
    feeds = list(batches_of(rows, 40))
    assert all(feed[INPUT_IDS].size <= 40 for feed in feeds)
    parts = [document.input_ids.tolist() for feed in feeds for _, document in parts_of(feed, 0)]
    assert sorted(parts) == sorted(row.document.tolist() for row in rows)


def test_the_table_tells_pairs_a_second_beside_the_first() -> None:
    assert table({"whole": 0.5, "two": 0.1}, 50).splitlines()[2:] == [
        "| whole | 100 | 1.00 |",
        "| two | 500 | 5.00 |",
    ]


@card_only
def test_every_share_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_model(tmp_path, num_hidden_layers=3)
    flags = ["--model_name_or_path", model, "--tokenizer", model, "--documents", 4]
    flags += ["--document_tokens", 5, 9, "--vocabulary", 80, "--rounds", 1]
    assert main([str(flag) for flag in flags]) == 0
    said = capsys.readouterr().out
    assert "| whole graph | " in said
    for share in (0, 50, 90, 100):
        assert f"| two graphs, {share} % of them known | " in said
    assert "bytes for a document" in said


@card_only
def test_a_model_that_is_not_split_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model_name_or_path", str(write_model(tmp_path)), "--joint_layers", "2"]
    assert main(flags) == 2
    assert "joint_layers: as many as the model has layers" in capsys.readouterr().err
