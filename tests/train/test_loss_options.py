# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The options choose the losses, and what would change nothing is refused by name."""

from __future__ import annotations

import re
from typing import Callable

import pytest

from tests.train.conftest import Files, write_rows
from train import train_ce, train_pairwise
from train.loss_options import LOSSES, choose_losses

Train = Callable[..., int]
_OWN = {train_ce: "cross_entropy", train_pairwise: "margin_ranking"}


def chosen(*flags: object, command=train_ce):
    required = ("--train_set" if command is train_ce else "--train_file", "f", "--test_file", "f")
    options = command.make_parser().parse_args([str(x) for x in (*required, *flags)])
    return choose_losses(options, _OWN[command])


@pytest.mark.parametrize("command", _OWN)
def test_upstreams_loss_without_options(command) -> None:
    choice = chosen(command=command)
    assert choice.weights == {_OWN[command]: 1.0}
    assert (choice.named, choice.margin, choice.list_size) == (None, 0.2, None)


def test_several_losses_with_weights() -> None:
    choice = chosen("--loss", "listnet:1", "--loss", "margin_mse:0.5", "--loss", "infonce")
    assert choice.weights == {"listnet": 1.0, "margin_mse": 0.5, "infonce": 1.0}
    assert choice.named == "infonce:1, listnet:1, margin_mse:0.5"
    assert choice.of_lists
    assert choice.learns_from_teacher


@pytest.mark.parametrize(("weight", "share"), [(None, 0.5), (0.25, 0.25), (1.0, 1.0)])
@pytest.mark.parametrize("command", _OWN)
def test_a_teacher_has_its_share_of_the_own_loss(command, weight, share) -> None:
    taught = "teacher_entropy" if command is train_ce else "margin_mse"
    choice = chosen(command=command).with_teacher(weight)
    assert choice.weights == {_OWN[command]: 1 - share, taught: share}
    named = chosen("--loss", "teacher_kl:2", command=command)
    assert named.with_teacher(weight) == named


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("listnett", "no loss 'listnett'; there are cross_entropy, margin_ranking"),
        ("listnet:", "weight of listnet must be above 0, got ''"),
        ("listnet:0", "must be above 0"),
        ("listnet:nan", "must be above 0"),
        ("listnet:-1", "must be above 0"),
    ],
)
def test_a_wrong_loss_is_refused(value: str, said: str, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        chosen("--loss", value)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "field", "said"),
    [
        (("--loss", "ranknet", "--loss", "ranknet:2"), "loss", "ranknet is named twice"),
        (("--gain", "linear"), "gain", "lambdarank or lambdaloss or listnet"),
        (("--loss", "listmle", "--temperature", 2), "temperature", "infonce or teacher_kl"),
        (("--loss", "listnet", "--positives", "mean"), "positives", "add --loss infonce"),
        (("--loss", "listmle", "--label_smoothing", 0.1), "label_smoothing", "changes none"),
        (("--list_size", 8), "list_size", "cross_entropy takes rows on their own"),
        (
            ("--loss", "margin_mse", "--distill_weight", 0.5, "--teacher_ckpt", "x"),
            "distill_weight",
            "--loss has the weights",
        ),
        (("--distill_weight", 0.5), "distill_weight", "there is no teacher"),
        (("--loss", "teacher_kl"), "loss", "give --teacher_ckpt, or a training file with"),
        (("--loss", "ranknet", "--teacher_ckpt", "x"), "teacher_ckpt", "add teacher_entropy or"),
    ],
)
def test_what_would_change_nothing_is_refused(
    flags: tuple[object, ...],
    field: str,
    said: str,
    train_ce: Train,
    files: Files,
    tmp_path,
    capsys,
) -> None:
    """In one line, before a model is loaded."""
    assert train_ce(tmp_path, "--train_set", files.dev, *flags) == 2
    error = capsys.readouterr().err.strip()
    assert re.match(rf"train_ce: {field}: .*{re.escape(said)}", error)
    assert error.count("\n") == 0


@pytest.mark.parametrize("name", ["--temperature", "--list_size", "--label_smoothing"])
def test_values_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(SystemExit):
        chosen("--loss", "infonce", name, -1)


def test_lists_that_teach_nothing_end_the_run(
    train_ce: Train, train_pairwise: Train, tmp_path, capsys
) -> None:
    header = ("query", "title", "label")
    alone = write_rows(tmp_path / "alone", header, ("天", "地玄", 1), ("黄", "宇宙", 0))
    assert train_ce(tmp_path / "run", "--train_set", alone, "--loss", "listnet") == 2
    assert "loss: listnet learn from lists with two grades" in capsys.readouterr().err
    assert train_pairwise(tmp_path / "run", "--train_file", alone) == 2
    assert "margin_ranking" in capsys.readouterr().err


def test_triples_have_no_lists_to_draw_of(train_pairwise: Train, tmp_path, capsys) -> None:
    assert train_pairwise(tmp_path, "--list_size", 4) == 2
    assert "list_size: " in capsys.readouterr().err


def test_help_names_every_loss() -> None:
    for command in _OWN:
        text = " ".join(command.make_parser().format_help().split())
        assert all(name in text for name in LOSSES)
