# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A run that is resumed is the same run: options by their values, files by their contents."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Callable

import pytest

from contract.errors import SetUpError
from tests.train.conftest import Files
from train import train_ce as ce_command
from train import train_pairwise as pairwise_command
from train.model.checkpoint import STATE_FILE, read_json
from train.training.identity import HARMLESS, check_identity, content_of, identity_of

Train = Callable[..., int]

OF_OLDER_RELEASES = [
    *("ranker", "model_name_or_path", "seed", "rows", "batch_size", "max_seq_length"),
    *("length_bucketing", "truncation", "normalization"),
]


def test_a_file_is_its_contents_and_not_its_name(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    for path, text in ((one, "a"), (same, "a"), (other, "b")):
        path.write_text(text)
    assert content_of(str(one)) == content_of(same) != content_of(str(other))
    assert content_of([str(one), 3, None]) == [content_of(one), 3, None]
    assert content_of(str(tmp_path / "none")) == str(tmp_path / "none")
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        (folder / "inner").mkdir(parents=True)
        shutil.copy(one, folder / "inner" / "file")
    assert content_of(folders[0]) == content_of(folders[1])
    shutil.copy(other, folders[1] / "inner" / "file")
    assert content_of(folders[0]) != content_of(folders[1])


def test_every_option_counts_but_those_that_are_named(tmp_path: Path) -> None:
    """An option that another module adds counts without a word of anyone."""
    options = argparse.Namespace(new_option=0.5, save_dir="x", epochs=3)
    identity = identity_of(options, tmp_path, {"steps": 9})
    assert identity == {"new_option": 0.5, "steps": 9, "tokenizer": None}
    with pytest.raises(SetUpError, match=r"the checkpoint has new_option 0\.5, this run has 0\.7"):
        check_identity(identity, {**identity, "new_option": 0.7})


@pytest.mark.parametrize("command", [ce_command, pairwise_command])
def test_no_name_of_a_harmless_option_is_stale(command: argparse.Namespace) -> None:
    known: set[str] = set()
    for module, files in (
        (ce_command, ["--train_set", "f"]),
        (pairwise_command, ["--train_file", "f"]),
    ):
        known |= set(vars(module.make_parser().parse_args([*files, "--test_file", "f"])))
    assert HARMLESS - known == {"command_line"}


def changed_copy(path: Path, to: Path) -> Path:
    """As many rows, the first two in the other order."""
    header, first, second, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    to.write_text("".join([header, second, first, *rest]), encoding="utf-8")
    return to


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--learning_rate", 2e-3, "has learning_rate 0.001, this run has 0.002"),
        ("--margin", 0.3, "has margin 0.2, this run has 0.3"),
        ("--weight_decay", 0.1, "has weight_decay 0.0, this run has 0.1"),
        ("--max_steps", 30, "has steps 20, this run has 30"),
        ("--rdrop", 0.5, "has rdrop 0.0, this run has 0.5"),
        ("--layer_decay", 0.9, "has layer_decay 1.0, this run has 0.9"),
        ("--train_file", "triples", "has contents of train_file sha256 "),
        ("--test_file", "dev", "has contents of test_file sha256 "),
    ],
)
def test_another_option_or_file_is_refused_by_name(
    pairwise_run: Path,
    train_pairwise: Train,
    files: Files,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flag: str,
    value: object,
    said: str,
) -> None:
    if isinstance(value, str):
        value = changed_copy(getattr(files, value), tmp_path / value)
    half = pairwise_run / "model_10"
    assert train_pairwise(tmp_path / "run", "--init_from_ckpt", half, flag, value) == 2
    error = capsys.readouterr().err
    assert error.startswith("train_pairwise: init_from_ckpt: the checkpoint ")
    assert said in error
    assert error.count("\n") == 1


def test_moved_files_and_harmless_options_are_the_same_run(
    ce_run: Path, train_ce: Train, files: Files, tmp_path: Path
) -> None:
    moved = shutil.copy(files.pairs, tmp_path / "moved.tsv")
    flags = ("--train_set", moved, "--logging_steps", 3, "--save_steps", 5, "--cpu_threads", 2)
    assert train_ce(tmp_path / "run", "--init_from_ckpt", ce_run / "model_10", *flags) == 0


def test_a_checkpoint_of_an_older_release_resumes_with_a_word(
    ce_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = shutil.copytree(ce_run / "model_10", tmp_path / "old" / "model_10")
    state = read_json(old / STATE_FILE)
    kept = {name: state["identity"].get(name) for name in OF_OLDER_RELEASES}
    state["identity"] = {**kept, "model_name_or_path": "another"}
    for name in ("best_step", "without_gain"):
        del state["progress"][name]
    (old / STATE_FILE).write_text(json.dumps(state))
    resumed = ("--init_from_ckpt", old, "--save_steps", 10)
    assert train_ce(tmp_path / "run", *resumed) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if "does not state" in line]
    named = line.split("does not state ")[1].split(", as older")[0].split(", ")
    assert {"learning_rate", "train_set", "test_file", "weight_decay", "steps"} <= set(named)
    assert not set(named) & {*OF_OLDER_RELEASES, *HARMLESS}
    assert train_ce(tmp_path / "other", *resumed, "--batch_size", 4) == 2
