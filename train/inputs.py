# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Looks at all that a command will read before it imports paddle, which takes many seconds.

First whether everything is there and every file has its columns, then at all rows. What is read
stays ready until the command ends, so that whoever reads the file again finds it at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from contract.errors import DataError, SetUpError
from train.data.faults import BadRows, Wanted
from train.data.formats.files import open_rows
from train.data.table import file_size, forget_ready, make_ready
from train.model.checkpoint import find_parameters
from train.model.leftovers import clean_up

# options that name files of rows, each with what their rows may be
Inputs = Mapping[str, tuple[Wanted, ...]]

_MODELS = ("init_from_ckpt", "teacher_ckpt", "params_path", "model_name_or_path")
_PREPARED = "prepared"


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Options on how files of rows are read."""
    parser.add_argument(
        "--max_bad_rows",
        type=int,
        default=0,
        help="malformed rows that may be skipped (default: 0)",
    )
    parser.add_argument(
        "--cache_dir",
        type=Path,
        help="where files of more than 16 MB are prepared, to be found by later runs (default: "
        f"{_PREPARED} in --save_dir; without one they are prepared for each run in TMPDIR)",
    )


@contextmanager
def inputs_ready(options: argparse.Namespace, inputs: Optional[Inputs]) -> Iterator[None]:
    """Read all files of rows, and keep them ready within the block.

    Args:
        options: as parsed.
        inputs: the options that name such files; ``None`` looks at nothing.

    Raises:
        SetUpError: a file or a directory is missing, or a file is not what it has to be.
    """
    if inputs is None:
        yield
        return
    _put_right(options)
    _check_models(options)
    named = [(Path(getattr(options, name)), kinds) for name, kinds in inputs.items()]
    chosen = [(path, _kind(path, kinds)) for path, kinds in named]
    try:
        for path, wanted in chosen:
            make_ready(path, wanted, options.max_bad_rows, _cache_dir(options))
        yield
    finally:
        forget_ready()


def _kind(path: Path, kinds: tuple[Wanted, ...]) -> Wanted:
    """The first of the kinds whose columns a file has."""
    file_size(path)
    if not path.is_file():
        # a pipe, which can be read once only
        return kinds[0]
    refused: Optional[DataError] = None
    for wanted in kinds:
        try:
            open_rows(path, wanted, BadRows(path, 0, quiet=True))
            return wanted
        except DataError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _cache_dir(options: argparse.Namespace) -> Optional[Path]:
    if options.cache_dir is not None:
        return Path(options.cache_dir)
    save_dir = getattr(options, "save_dir", None)
    return Path(save_dir) / _PREPARED if save_dir is not None else None


def _put_right(options: argparse.Namespace) -> None:
    """What a killed run left where checkpoints go: it may be what this one is to resume from."""
    save_dir = getattr(options, "save_dir", None)
    # of several processes the first does it
    if save_dir is None or os.environ.get("PADDLE_TRAINER_ID", "0") != "0":
        return
    try:
        for line in clean_up(Path(save_dir)):
            print(line, flush=True)
    except OSError as error:
        raise SetUpError(f"cannot be put right ({error.strerror})", field=str(save_dir)) from error


def _check_models(options: argparse.Namespace) -> None:
    """Whether there is what can only be a path; names are looked up where models are known."""
    tokenizer = getattr(options, "tokenizer", None)
    if tokenizer is not None and not Path(tokenizer).is_dir():
        raise SetUpError(f"there is no directory {tokenizer}", field="tokenizer")
    for name in _MODELS:
        value = getattr(options, name, None)
        if value is None or Path(value).exists():
            continue
        if name == "init_from_ckpt" and hasattr(options, "save_dir"):
            # what is resumed is a checkpoint, and none that has to be downloaded
            find_parameters(value)
        if _is_path(value):
            raise SetUpError(f"there is no file or directory {value}", field=name)


def _is_path(value: str) -> bool:
    """Whether it cannot be the name of a model, which has one slash at most."""
    path = Path(value)
    known_folder = len(path.parts) > 1 and path.parent.is_dir()
    return value.startswith(("/", "./", "../", "~")) or len(path.parts) > 2 or known_folder
