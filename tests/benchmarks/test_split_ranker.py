# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.split_ranker`` times graphs that score one request alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.split_ranker import draw_request, main, table
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from tests.sets import card_only
from tests.train.conftest import write_model


def test_rows_are_the_parts_one_after_the_other() -> None:
    request = draw_request(3, 4, (5, 9), 100, 0)
    query = request.query[INPUT_IDS][0]
    for row, types, document, kinds in zip(
        *(request.rows[name] for name in (INPUT_IDS, TOKEN_TYPE_IDS)),
        *(request.documents[name] for name in (INPUT_IDS, TOKEN_TYPE_IDS)),
    ):
        length = int((document > 0).sum())
        assert 6 <= length <= 10, "five to nine tokens and [SEP]"
        np.testing.assert_array_equal(row[: len(query)], query)
        np.testing.assert_array_equal(row[len(query) :][:length], document[:length])
        assert types.sum() == kinds.sum() == length


def test_the_table_sets_each_beside_the_first() -> None:
    assert table({"whole": 10.0, "warm": 4.0}).splitlines()[2:] == [
        "| whole | 10.0 | 1.00 |",
        "| warm | 4.0 | 2.50 |",
    ]


@card_only
def test_every_way_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_model(tmp_path, num_hidden_layers=3)
    flags = ["--model_name_or_path", model, "--joint_layers", 1, 2, "--documents", 3]
    flags += ["--document_tokens", 5, 9, "--vocabulary", 80, "--rounds", 1]
    assert main([str(flag) for flag in flags]) == 0
    said = capsys.readouterr().out
    for name in ("all layers joint, whole graph", "joint layers 1, warm", "joint layers 2, cold"):
        assert f"| {name} |" in said


@card_only
def test_a_wrong_number_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--model_name_or_path", str(write_model(tmp_path)), "--joint_layers", "3"]
    assert main(flags) == 2
    assert "joint_layers: 3 is not possible" in capsys.readouterr().err
