# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Commands train on lists with any loss, with a teacher too, and go on exactly where they were."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle
import pytest

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from tests.train.conftest import Files
from train.data.dataset import LabelledPairs, read_labelled_pairs, read_triples
from train.data.lists import of_pairs, of_triples
from train.loss_options import LOSSES, LossChoice
from train.model.checkpoint import PARAMETERS_FILE, read_parameters
from train.model.ranker import load_ranker
from train.training.objective import ListObjective
from train.training.teacher import Teacher

Train = Callable[..., int]
TAUGHT_ALONE = LossChoice({"margin_mse": 1.0})


def parameters(directory: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in read_parameters(directory / PARAMETERS_FILE).items()}


def logits_of(ranker: Any, texts: list[str], queries: Any, titles: Any) -> np.ndarray:
    pairs = [(texts[q], texts[t]) for q, t in zip(queries, titles)]
    feed = ranker.encoder.pad(ranker.encoder.encode_pairs(pairs))
    out = ranker.model(*(paddle.to_tensor(feed[n]) for n in (INPUT_IDS, TOKEN_TYPE_IDS))).numpy()
    return out[:, -1] - (out[:, 0] if out.shape[1] == 2 else 0)


@pytest.mark.parametrize("teacher_run", ["ce_run", "pairwise_run"])
def test_margins_are_learned_from_a_teacher(
    files: Files, teacher_run: str, pairwise_run, request: pytest.FixtureRequest
) -> None:
    """A student that is the teacher has no loss left."""
    teacher = load_ranker(request.getfixturevalue(teacher_run) / "last")
    student = load_ranker(pairwise_run / "last")
    triples, rows = read_triples(files.triples), np.arange(7)
    lists = of_triples(triples)
    objective = ListObjective(lists, student.encoder, TAUGHT_ALONE, Teacher(teacher, 8))
    value = float(objective.loss(student.model, lists.members[rows]).value)

    def margins(ranker) -> np.ndarray:
        columns = (triples.titles[rows], triples.neg_titles[rows])
        better, worse = (
            logits_of(ranker, triples.texts, triples.queries[rows], c) for c in columns
        )
        return better - worse

    expected = ((margins(student) - margins(teacher)) ** 2).mean()
    assert value == pytest.approx(expected, abs=1e-6)
    assert (value < 1e-9) == (teacher_run == "pairwise_run")


def test_scores_of_the_file_teach_as_the_teacher_does(files: Files, ce_run, pairwise_run) -> None:
    teacher, student = load_ranker(ce_run / "last"), load_ranker(pairwise_run / "last")
    pairs = read_labelled_pairs(files.dev)
    choice = LossChoice({"teacher_kl": 0.5, "margin_mse": 1.0}, named="teacher_kl", temperature=2.0)
    scores = Teacher(teacher, 8).logits(pairs.texts, pairs.queries, pairs.titles)
    scored = of_pairs(pairs._replace(teacher_scores=scores), choice)
    batch = [np.arange(5), np.arange(10, 15)]
    by_file = ListObjective(scored, student.encoder, choice).loss(student.model, batch)
    by_teacher = ListObjective(
        of_pairs(pairs, choice), student.encoder, choice, Teacher(teacher, 8)
    ).loss(student.model, batch)
    assert float(by_file.value) == float(by_teacher.value) > 0
    triples = read_triples(files.triples)
    scored_triples = of_triples(
        triples._replace(
            teacher_scores=np.arange(90, dtype="float32"),
            teacher_neg_scores=-np.arange(90, dtype="float32"),
        )
    )
    better, worse = scored_triples.members[7]
    assert scored_triples.teacher_scores[[better, worse]].tolist() == [7.0, -7.0]
    assert scored_triples.grades[[better, worse]].tolist() == [1, 0]


def test_losses_are_added_by_weight(files: Files, ce_run, pairwise_run) -> None:
    student, teacher = load_ranker(ce_run / "last"), load_ranker(pairwise_run / "last")
    pairs, batch = read_labelled_pairs(files.pairs), np.arange(9)[:, None]

    def loss(**weights: float):
        choice = LossChoice(weights)
        taught = Teacher(teacher, 8) if "teacher_entropy" in weights else None
        objective = ListObjective(of_pairs(pairs, choice), student.encoder, choice, taught)
        return objective.loss(student.model, batch)

    own, taught = float(loss(cross_entropy=1).value), float(loss(teacher_entropy=1).value)
    both = loss(cross_entropy=0.75, teacher_entropy=0.25)
    assert own != taught
    assert float(both.value) == pytest.approx(0.75 * own + 0.25 * taught, abs=1e-6)
    shown = {name: float(x.total) / float(x.count) for name, x in both.figures.items()}
    assert shown["cross_entropy"] == pytest.approx(own, abs=1e-6)
    assert shown["teacher_entropy"] == pytest.approx(taught, abs=1e-6)
    assert 0 <= shown["accuracy"] <= 1


def test_pair_accuracy_counts_pairs(files: Files, ce_run) -> None:
    ranker = load_ranker(ce_run / "last")
    pairs = read_labelled_pairs(files.dev)
    choice = LossChoice({"ranknet": 1.0}, named="ranknet:1")
    objective = ListObjective(of_pairs(pairs, choice), ranker.encoder, choice)
    batch = [np.arange(5), np.arange(5, 10)]
    share = objective.loss(ranker.model, batch).figures["pair accuracy"]
    values = logits_of(ranker, pairs.texts, pairs.queries[:10], pairs.titles[:10])
    right = [
        values[i] > values[j]
        for rows in batch
        for i in rows
        for j in rows
        if pairs.labels[i] > pairs.labels[j]
    ]
    assert (float(share.total), float(share.count)) == (sum(right), len(right))


def test_rows_are_trained_alone_unless_a_loss_compares_titles(files: Files) -> None:
    pairs = read_labelled_pairs(files.dev)
    alone = of_pairs(pairs, LossChoice({"cross_entropy": 1.0, "teacher_entropy": 1.0}))
    assert alone.members.tolist() == [[i] for i in range(50)]
    together = of_pairs(pairs, LossChoice({"cross_entropy": 1.0, "listnet": 1.0}))
    assert together.lists.tolist() == pairs.lists.tolist()


def test_lists_that_no_loss_learns_from_are_left_out() -> None:
    texts, zeros = ["q", "a"], np.zeros(7, dtype=np.int64)
    labels = np.array([0, 1, 1, 1, 0, 2, 1])
    lists = np.array([0, 0, 1, 1, 2, 3, 3])
    pairs = LabelledPairs(texts, zeros, zeros + 1, labels, lists)

    def kept(*names: str) -> list[int]:
        return of_pairs(pairs, LossChoice(dict.fromkeys(names, 1.0))).lists.tolist()

    assert kept("listnet") == [0, 0, -1, -1, -1, 3, 3]
    assert kept("infonce") == [0, 0, -1, -1, -1, -1, -1]
    assert kept("infonce", "teacher_kl") == [0, 0, 1, 1, -1, 3, 3]
    assert kept("infonce", "cross_entropy") == lists.tolist()
    assert of_pairs(pairs, LossChoice({"infonce": 1.0})).left_out == 3


@pytest.mark.parametrize("name", [name for name in LOSSES if not LOSSES[name].teacher])
def test_each_loss_trains_on_lists(
    name: str, files: Files, train_ce: Train, train_pairwise: Train, tmp_path: Path, capsys
) -> None:
    """Ten lists are learned by heart, so that the mean loss of later steps is lower."""
    train, option = (
        (train_pairwise, "--train_file")
        if name in ("margin_ranking", "listmle", "cross_entropy")
        else (train_ce, "--train_set")
    )
    flags = (option, files.dev, "--loss", name, "--max_steps", 30, "--logging_steps", 10)
    assert train(tmp_path, *flags, "--batch_size", 25, "--learning_rate", 5e-3) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "global step" in line]
    losses = [float(re.findall(r", loss: ([\d.]+)", line)[0]) for line in lines]
    assert losses[-1] < losses[0]
    assert ("pair accuracy: " in lines[0]) == (name != "cross_entropy")


def test_a_run_on_drawn_lists_goes_on_exactly(
    files: Files, train_ce: Train, tmp_path: Path, capsys
) -> None:
    """Its tenth step is in the middle of an epoch."""
    flags = ("--train_set", files.dev, "--loss", "listnet", "--loss", "ranknet:0.5")
    sizes = ("--list_size", 3, "--batch_size", 7, "--max_steps", 14)
    assert train_ce(tmp_path / "whole", *flags, *sizes, "--save_steps", 7) == 0
    assert "5 batches an epoch" in capsys.readouterr().out
    half = ("--init_from_ckpt", tmp_path / "whole" / "model_7")
    assert train_ce(tmp_path / "on", *flags, *sizes, *half) == 0
    assert parameters(tmp_path / "on" / "last") == parameters(tmp_path / "whole" / "last")
    capsys.readouterr()
    for other, said in (
        ((*flags, *sizes, "--list_size", 4), "list_size 3, this run has 4"),
        ((*flags[:4], *sizes), "loss listnet:1, ranknet:0.5, this run has listnet:1"),
    ):
        assert train_ce(tmp_path / "other", *other, *half) == 2
        assert f"the checkpoint has {said}" in capsys.readouterr().err


def with_scores(path: Path, source: Path, *names: str) -> Path:
    """The rows of a file with columns of a teacher's scores."""
    header, *rows = source.read_text(encoding="utf-8").splitlines()
    scores = "\t".join(f"{0.5 * number}" for number in range(len(names)))
    lines = ["\t".join((header, *names)), *(f"{row}\t{scores}" for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_columns_of_scores_teach(
    files: Files, train_ce: Train, train_pairwise: Train, ce_run, tmp_path: Path, capsys
) -> None:
    pairs = with_scores(tmp_path / "pairs.tsv", files.dev, "teacher_score")
    names = ("teacher_score", "teacher_neg_score")
    triples = with_scores(tmp_path / "triples.tsv", files.triples, *names)
    short = ("--max_steps", 2, "--logging_steps", 2)
    for train, option, path, losses in (
        (train_ce, "--train_set", pairs, "cross_entropy: .*, teacher_entropy: "),
        (train_pairwise, "--train_file", triples, "margin_ranking: .*, margin_mse: "),
        (train_pairwise, "--train_file", pairs, "margin_ranking: .*, margin_mse: "),
    ):
        assert train(tmp_path / "run", option, path, *short) == 0
        said = capsys.readouterr().out
        assert "the training file's teacher_score is learned from" in said
        assert re.search(f"loss: [0-9.]+, {losses}", said)
    assert train_ce(tmp_path / "run", "--train_set", pairs, *short, "--loss", "ranknet") == 0
    assert "teacher_score is not used by --loss" in capsys.readouterr().out
    half = with_scores(tmp_path / "half.tsv", files.triples, "teacher_score")
    assert train_pairwise(tmp_path / "run", "--train_file", half) == 2
    assert "teacher_score or teacher_neg_score is there" in capsys.readouterr().err
    both = ("--teacher_ckpt", ce_run / "last")
    assert train_ce(tmp_path / "run", "--train_set", pairs, *both) == 2
    error = capsys.readouterr().err
    assert "teacher_ckpt: the training file has teacher_score already" in error


def test_teacher_is_left_as_it_was(files: Files, ce_run, train_pairwise: Train, tmp_path) -> None:
    before = (ce_run / "last" / "model_state.pdparams").read_bytes()
    flags = ("--teacher_ckpt", ce_run / "last", "--distill_weight", 0.5, "--max_steps", 3)
    assert train_pairwise(tmp_path, *flags) == 0
    assert (ce_run / "last" / "model_state.pdparams").read_bytes() == before


def test_losses_of_half_precision_logits_are_float32(files: Files, ce_run) -> None:
    ranker = load_ranker(ce_run / "last")
    choice = LossChoice({"lambdaloss": 1.0, "listmle": 1.0}, named="lambdaloss:1, listmle:1")
    objective = ListObjective(
        of_pairs(read_labelled_pairs(files.dev), choice), ranker.encoder, choice
    )
    half = lambda *feed: ranker.model(*feed).astype("float16")  # noqa: E731
    loss = objective.loss(half, [np.arange(5)])
    assert loss.value.dtype == paddle.float32
    assert all(share.total.dtype == paddle.float32 for share in loss.figures.values())
