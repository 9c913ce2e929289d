# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's models are published without training, and rankers are written in their format.

What transformers saved comes back parameter by parameter, so that it loads what is written here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import CONFIG_FILE, GOLDEN_FILE, TOKENIZER_DIR
from contract.bundle.golden import read_golden
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.scoring import SCORE_FUNCTIONS
from tests.bundles import SENTENCES, build_checkpoint
from tests.sets import skip_unless_card

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "huggingface"
NAMES = ("bert", "ernie", "xlm-roberta", "roberta")


@pytest.fixture(autouse=True)
def card_s_packages() -> None:
    skip_unless_card()


def expected(name: str) -> tuple[int, list[dict[str, Any]]]:
    lines = (FIXTURES / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    about, *rows = map(json.loads, lines)
    return about["max_seq_length"], rows


def logits_of(loaded: Any, pairs: list[tuple[str, str]]) -> Any:
    from export.proof.parity import run_dynamic

    return run_dynamic(loaded.model)(loaded.encoder.pad(loaded.encoder.encode_pairs(pairs)))


def margins_of(loaded: Any, pairs: list[tuple[str, str]]) -> Any:
    return SCORE_FUNCTIONS[loaded.score_function].margins(logits_of(loaded, pairs))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_published_without_training(name: str, tmp_path: Path) -> None:
    """Its golden pairs are those of transformers, and every engine here has repeated them."""
    from export.publish import main
    from train.model.ranker import load_ranker

    length, rows = expected(name)
    lists = tmp_path / "lists.tsv"
    wanted = {}
    # blanks at an end are no part of a line of lists
    for row in rows:
        if not set("\t\n\u3000") & set(row["query"] + row["title"]):
            wanted[row["query"], row["title"]] = row
    lists.write_text("".join(f"{q}\t{t}\n" for q, t in wanted), encoding="utf-8")
    bundle = tmp_path / "bundle"
    command = ["--model", str(FIXTURES / name), "--max_seq_length", str(length)]
    assert main([*command, "--golden_file", str(lists), "--bundle", str(bundle)]) == 0
    golden = read_golden(bundle / GOLDEN_FILE)
    # pairs of the project's own are among them too
    theirs = [pair for pair in golden if (pair.query, pair.title) in wanted]
    assert len(theirs) > 3
    for pair in theirs:
        row = wanted[pair.query, pair.title]
        assert pair.input_ids == row["input_ids"]
        assert np.abs(np.array(pair.logits) - row["logits"]).max() < 1e-5
    manifest = Bundle.open(bundle).manifest
    assert manifest.ranker == CROSS_ENCODER
    assert SCORE_FUNCTIONS[manifest.score_function].width == len(rows[0]["logits"])
    # the service reads all of the tokenizer, so that the manifest has to name it
    there = {f"{TOKENIZER_DIR}/{path.name}" for path in (bundle / TOKENIZER_DIR).iterdir()}
    assert there <= set(manifest.files)
    # and it is a checkpoint again
    pairs = list(wanted)
    again = logits_of(load_ranker(bundle), pairs)
    assert np.abs(again - [wanted[pair]["logits"] for pair in pairs]).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_what_transformers_saved_is_written_again(name: str, tmp_path: Path) -> None:
    from export.to_huggingface import main
    from train.model.huggingface.weights import read_weights, weights_file
    from train.model.ranker import load_ranker

    _, rows = expected(name)
    labels = str(len(rows[0]["logits"]))
    output = tmp_path / "hf"
    for _ in range(2):
        command = ["--params_path", str(FIXTURES / name), "--output", str(output)]
        assert main([*command, "--num_labels", labels]) == 0
    theirs, ours = weights_file(FIXTURES / name), weights_file(output)
    assert theirs is not None
    assert ours is not None
    wanted, found = read_weights(theirs), read_weights(ours)
    assert set(found) == {key for key in wanted if not key.endswith("position_ids")}
    positions = "embeddings.position_embeddings.weight"
    for key, value in found.items():
        # no row has the positions before RoBERTa's first
        begin = 2 if key == f"roberta.{positions}" else 0
        np.testing.assert_array_equal(value[begin:], wanted[key][begin:])
    described = json.loads((output / CONFIG_FILE).read_text(encoding="utf-8"))
    saved = json.loads((FIXTURES / name / CONFIG_FILE).read_text(encoding="utf-8"))
    for key in ("model_type", "layer_norm_eps", "max_position_embeddings", "pad_token_id"):
        assert described[key] == saved[key]
    pairs = [(row["query"], row["title"]) for row in rows]
    difference = logits_of(load_ranker(output), pairs) - logits_of(
        load_ranker(FIXTURES / name), pairs
    )
    assert np.abs(difference).max() < 1e-6


def test_the_tokenizer_is_that_of_transformers(tmp_path: Path) -> None:
    """Of the directory that has nothing but tokenizer.json, by every fact that makes ids."""
    from train.model.huggingface.export import write_huggingface
    from train.model.ranker import load_ranker

    write_huggingface(load_ranker(FIXTURES / "xlm-roberta"), tmp_path / "hf")
    found, wanted = (
        json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        for folder in (tmp_path / "hf", FIXTURES / "xlm-roberta")
    )
    scores = [dict(content["model"].pop("vocab")) for content in (found, wanted)]
    assert list(scores[0]) == list(scores[1])
    np.testing.assert_allclose(list(scores[0].values()), list(scores[1].values()), rtol=1e-6)
    assert found == wanted


@pytest.mark.parametrize("ranker", [PAIRWISE, CROSS_ENCODER])
@pytest.mark.parametrize("model_type", ["bert", "ernie"])
def test_a_ranker_of_ours_goes_there_and_back(ranker: str, model_type: str, tmp_path: Path) -> None:
    from export.to_huggingface import main
    from train.model.ranker import load_ranker

    checkpoint = build_checkpoint(tmp_path / "checkpoints", ranker)
    output = tmp_path / "hf"
    command = ["--params_path", str(checkpoint), "--output", str(output)]
    assert main([*command, "--model_type", model_type]) == 0
    before, after = load_ranker(checkpoint), load_ranker(output)
    assert after.ranker == ranker
    assert after.score_function == "sigmoid"
    assert after.encoder.rules == before.encoder.rules
    assert after.max_seq_length == before.max_seq_length
    pairs = [(query, title) for query in SENTENCES for title in SENTENCES]
    assert np.abs(margins_of(before, pairs) - margins_of(after, pairs)).max() < 1e-5


def test_what_is_there_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.to_huggingface import main

    (tmp_path / "notes.txt").write_text("mine")
    command = ["--params_path", str(FIXTURES / "bert"), "--output", str(tmp_path)]
    assert main(command) == 2
    assert "was not written by this command" in capsys.readouterr().err
    assert main([*command[:2], "--output", str(tmp_path / "a"), "--model_type", "roberta"]) == 2
    assert "use bert or ernie" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_names_that_stand_for_nothing_are_refused_in_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from export.publish import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    for name in ("checkpoints/best", "a/b/c"):
        assert main(["--model", name, "--bundle", "bundle"]) == 2
        assert f"checkpoint {name}: has no model_state.pdparams" in capsys.readouterr().err
