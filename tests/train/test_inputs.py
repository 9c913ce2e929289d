# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""All that a command reads is looked at before paddle is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.train.conftest import Files, write_rows

_RUN = """
import json, sys
from importlib import import_module
name, arguments = json.loads(sys.argv[1])
status = import_module(f"train.{name}").main(arguments)
print(json.dumps([status, [m for m in ("paddle", "paddlenlp") if m in sys.modules]]))
"""


def run(name: str, *arguments: object) -> tuple[int, list[str], str]:
    """Exit status, which of paddle's packages were imported, and what stands on stderr."""
    given = json.dumps([name, [str(argument) for argument in arguments]])
    done = subprocess.run(
        [sys.executable, "-c", _RUN, given],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    status, imported = json.loads(done.stdout.splitlines()[-1])
    return status, imported, done.stderr


HEADER = ("query", "title", "label")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    write_rows(folder / "header.tsv", ("a", "b", "c"))
    write_rows(folder / "row.tsv", HEADER, *[("a", "b", 1)] * 50, ("a", "b", "x"))
    return folder


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"train_set": "nothing.tsv"}, "nothing.tsv: cannot be read (No such file"),
        ({"test_file": "nothing.tsv"}, "nothing.tsv: cannot be read (No such file"),
        ({"test_file": "."}, ": is a directory; name a file"),
        ({"train_set": "header.tsv"}, "header.tsv:1: no header, but 'a', 'b', 'c'"),
        ({"test_file": "row.tsv"}, "row.tsv:52: label 'x' is not an integer"),
        ({"tokenizer": "nothing"}, "tokenizer: there is no directory "),
        ({"init_from_ckpt": "nothing"}, "has no model_state.pdparams"),
        ({"teacher_ckpt": "nothing"}, "teacher_ckpt: there is no file or directory "),
        ({"model_name_or_path": "nothing"}, "model_name_or_path: there is no file or directory "),
    ],
)
def test_training_refuses_before_it_imports(
    files: Files, wrong: Path, tmp_path: Path, changed: dict[str, str], reason: str
) -> None:
    options: dict[str, Any] = {"train_set": files.pairs, "test_file": files.dev}
    options.update({name: wrong / value for name, value in changed.items()})
    flags = [x for name, value in options.items() for x in (f"--{name}", value)]
    status, imported, said = run("train_ce", *flags, "--save_dir", tmp_path / "run")
    assert (status, imported) == (2, [])
    assert reason in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("train_pairwise", ("--train_file", "nothing.tsv", "--test_file", "nothing.tsv")),
        ("evaluate", ("--test_file", "nothing.tsv")),
        ("predict_ce", ("--test_set", "nothing.tsv", "--params_path", "x")),
        ("predict_pairwise", ("--input_file", "nothing.tsv", "--params_path", "x")),
    ],
)
def test_every_command_looks_first(name: str, flags: tuple[str, ...]) -> None:
    status, imported, said = run(name, *flags)
    assert (status, imported) == (2, [])
    assert said == f"{name}: nothing.tsv: cannot be read (No such file or directory)\n"


def test_a_missing_checkpoint_is_told_at_once(files: Files, tmp_path: Path) -> None:
    flags = ("--input_file", files.unlabelled, "--params_path", tmp_path / "no" / "last")
    status, imported, said = run("predict_pairwise", *flags)
    assert (status, imported) == (2, [])
    assert said.startswith("predict_pairwise: params_path: there is no file or directory ")


_BM25 = """
import resource, sys
from contract.encoding import PairEncoder
from train.data.dataset import encode, read_labelled_pairs
from train.evaluation.report import bm25_cuts, bm25_of
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pairs = read_labelled_pairs(sys.argv[1])
scores = bm25_of(pairs)
print(encode(PairEncoder.load(sys.argv[2], 64), *pairs[:3]).cuts.titles)
print(bm25_cuts(pairs), len(scores), scores[0] > scores[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_line_of_millions_of_characters_takes_little_memory(files: Files, tmp_path: Path) -> None:
    """BM25 made an object of each character and of each two."""
    long = "".join(chr(0x4E00 + i % 9973) for i in range(5_000_000))
    path = write_rows(tmp_path / "f", HEADER, ("丁七", long, 1), ("丁七", "万", 0))
    done = subprocess.run(
        [sys.executable, "-c", _BM25, str(path), str(files.model)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    cut, said, grown = done.stdout.splitlines()
    assert cut == "1"
    assert said == "BM25 reads the first 65536 characters of 1 texts 2 True"
    assert int(grown) < 250_000
