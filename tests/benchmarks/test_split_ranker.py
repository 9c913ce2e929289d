# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.split_ranker`` times graphs that score one request alike."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import split_ranker
from benchmarks.split_ranker import Way, check_options, main, make_parser, table
from benchmarks.split_requests import Tokens, draw_request
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import SetUpError
from tests.sets import card_only
from tests.train.conftest import write_model


def test_rows_are_the_parts_one_after_the_other() -> None:
    tokens = Tokens(pad=0, cls=7, sep=9, others=np.arange(20, 100))
    request = draw_request(3, 4, (5, 9), tokens, 0)
    query = request.query[INPUT_IDS][0]
    assert (query[0], query[-1]) == (7, 9)
    assert (query[1:-1] >= 20).all()
    for row, types, document, kinds in zip(
        *(request.rows[name] for name in (INPUT_IDS, TOKEN_TYPE_IDS)),
        *(request.documents[name] for name in (INPUT_IDS, TOKEN_TYPE_IDS)),
    ):
        length = int((document > 0).sum())
        assert document[length - 1] == 9
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


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--joint_layers", "1", "2"], "joint_layers: 2 is not possible: of the 2 layers"),
        (["--joint_layers", "3"], "joint_layers: 3 is not possible"),
        (["--document_tokens", "9", "5"], "document_tokens: 9 5: the first is the fewest"),
        (["--document_tokens", "9", "50"], "document_tokens: 50 beside 12 of a query make rows"),
        (["--vocabulary", "101"], "vocabulary: 101 is not possible with the 100 tokens"),
        (["--vocabulary", "3"], "vocabulary: 3 is not possible"),
    ],
)
def test_a_wrong_number_is_refused(flags: list[str], said: str) -> None:
    config = SimpleNamespace(num_hidden_layers=2, max_position_embeddings=64, vocab_size=100)
    fits = ["--model_name_or_path", "m", "--document_tokens", "5", "49", "--vocabulary", "100"]
    check_options(make_parser().parse_args(fits), config)
    with pytest.raises(SetUpError, match=said):
        check_options(make_parser().parse_args([*fits, *flags]), config)


@card_only
def test_a_layer_too_many_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--model_name_or_path", str(write_model(tmp_path)), "--joint_layers", "2"]
    assert main(flags) == 2
    assert "joint_layers: 2 is not possible" in capsys.readouterr().err


@card_only
def test_every_way_has_a_turn_that_is_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = {"a": 0, "b": 0}

    def way(name: str) -> Way:
        def turn() -> Any:
            turns[name] += 1

        return turn

    monkeypatch.setattr(split_ranker, "open_ways", lambda *_: {name: way(name) for name in turns})
    flags = ["--model_name_or_path", write_model(tmp_path), "--document_tokens", 5, 9]
    assert main([str(flag) for flag in [*flags, "--vocabulary", 80, "--rounds", 2]]) == 0
    assert turns == {"a": 3, "b": 3}
