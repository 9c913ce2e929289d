# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Model cards: the table of the evaluations given, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.model_card import main


def evaluation(path: Path, difference: float, checkpoint: str = "a" * 64) -> Path:
    metrics = {
        "ranker": [0.8 + difference, 0.7, 0.9],
        "bm25": [0.8, 0.75, 0.85],
        "ranker_minus_bm25": [difference, difference - 0.01, difference + 0.01],
    }
    figures = {
        "checkpoint_sha256": checkpoint,
        "lists": 7,
        "max_seq_length": 384,
        "metrics": {"NDCG@10": metrics},
        "reliability": [[90, 0.05, 0.05], [10, 0.6, 0.8]],
    }
    path.write_text(json.dumps(figures))
    return path


def card(tmp_path: Path, *files: Path) -> str:
    (tmp_path / "text.md").write_text("## Limits\n")
    options = ["--ranker", "pairwise", "--text", str(tmp_path / "text.md")]
    output = tmp_path / "out" / "MODEL_CARD.md"
    assert main([*options, "--output", str(output), *map(str, files)]) == 0
    return output.read_text()


def test_the_table_has_a_row_per_file_and_says_where_bm25_is_better(tmp_path: Path) -> None:
    good = evaluation(tmp_path / "pairwise_medical_padded.json", 0.06)
    bad = evaluation(tmp_path / "pairwise_abstract_padded.json", -0.03)
    text = card(tmp_path, good, bad)
    assert "| medical_padded | 7 | 0.860 [0.700, 0.900] | 0.800 [0.750, 0.850] | +0.060 [" in text
    assert "worse than BM25, beyond chance, on: abstract_padded." in text
    assert text.endswith("## Limits\n\nCheckpoint aaaaaaaaaaaa.\n")
    assert "worse than BM25" not in card(tmp_path, good)


def test_a_split_ranker_is_said_to_be_one(tmp_path: Path) -> None:
    file = evaluation(tmp_path / "pairwise_medical_padded.json", 0.06)
    assert "a title that does not fit is cut.\n" in card(tmp_path, file), "as of older releases"
    figures = json.loads(file.read_text())
    file.write_text(json.dumps({**figures, "layers": "It is a split ranker."}))
    assert "does not fit is cut. It is a split ranker.\n" in card(tmp_path, file)
    older = evaluation(tmp_path / "pairwise_abstract_padded.json", 0.06)
    assert "does not fit is cut. It is a split ranker.\n" in card(tmp_path, older, file)


def test_the_reliability_of_each_file_is_told(tmp_path: Path) -> None:
    files = [evaluation(tmp_path / f"pairwise_{name}.json", 0.06) for name in ("a", "b")]
    (tmp_path / "text.md").write_text("## Limits\n")
    options = ["--ranker", "pairwise", "--text", str(tmp_path / "text.md"), "--reliability"]
    output = tmp_path / "out" / "MODEL_CARD.md"
    assert main([*options, "--output", str(output), *map(str, files)]) == 0
    assert "| a | 0.020 |\n| b | 0.020 |\n" in output.read_text()
    assert "(reliability.svg)" in output.read_text()
    assert (output.parent / "reliability.svg").read_text().startswith("<svg")


def test_files_that_are_no_evaluations_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = evaluation(tmp_path / "pairwise_a.json", 0.1)
    other = evaluation(tmp_path / "pairwise_b.json", 0.1, checkpoint="b" * 64)
    (tmp_path / "text.md").write_text("")
    options = ["--ranker", "pairwise", "--text", str(tmp_path / "text.md"), "--output", "card.md"]
    (tmp_path / "none.json").write_text("{}")
    assert main([*options, str(tmp_path / "none.json")]) == 2
    assert "none.json: is not a file of evaluate --json" in capsys.readouterr().err
    assert main([*options, str(good), str(other)]) == 2
    assert "different checkpoints" in capsys.readouterr().err
