# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The runs of a search: combinations of options, each with a name that stays."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import SetUpError
from train.training.identity import content_of

Options = Mapping[str, Any]

_DIGITS = 10
_OF_THE_SEARCH = {"save_dir", "init_from_ckpt"}


@dataclass(frozen=True)
class Trial:
    """One run of a search.

    Attributes:
        options: what distinguishes it.
        arguments: of the training command, all but where it saves.
    """

    options: Options
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        """The same for the same arguments and contents of files, so that a search can go on."""
        text = "\0".join(_content(argument) for argument in self.arguments)
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def __str__(self) -> str:
        """Its options as they are typed."""
        return " ".join(f"--{name} {value}" for name, value in self.options.items()) or "(as it is)"


def read_grid(path: Path) -> list[Options]:
    """The options of every run.

    Raises:
        SetUpError: the file is missing, or is no grid.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetUpError(f"cannot be read ({error})", field=str(path)) from error
    runs = _combinations(content, path) if isinstance(content, dict) else content
    if not isinstance(runs, list) or not runs or not all(isinstance(one, dict) for one in runs):
        raise SetUpError(
            'is neither an object of lists, as {"learning_rate": [1e-5, 2e-5]}, nor a list of '
            "objects, or has none",
            field=str(path),
        )
    for one in runs:
        for name, value in one.items():
            _check(name, value, path)
    return runs


def _combinations(content: Mapping[str, Any], path: Path) -> list[Options]:
    for name, values in content.items():
        if not isinstance(values, list) or not values:
            raise SetUpError(f"{name} has no list of values", field=str(path))
    return [dict(zip(content, values)) for values in itertools.product(*content.values())]


def _check(name: str, value: Any, path: Path) -> None:
    if name in _OF_THE_SEARCH:
        raise SetUpError(f"{name} is the search's own; leave it out", field=str(path))
    if not isinstance(value, (str, int, float)):
        raise SetUpError(f"{name} has {value!r}, which is no single value", field=str(path))


def trials_of(grid: Sequence[Options], rest: Sequence[str]) -> list[Trial]:
    """A run for each combination; the same twice is one.

    Raises:
        SetUpError: the training command's own options have what the search or the grid gives.
    """
    given = {text.partition("=")[0].lstrip("-") for text in rest if text.startswith("--")}
    for name in sorted(given & (_OF_THE_SEARCH | {name for one in grid for name in one})):
        reason = "the search's own" if name in _OF_THE_SEARCH else "in the grid too"
        raise SetUpError(f"it is {reason}; leave it out of the training options", field=name)
    trials = {}
    for one in grid:
        arguments = [*rest, *(f"--{name}={value}" for name, value in one.items())]
        trial = Trial(one, tuple(arguments))
        trials[trial.name] = trial
    return list(trials.values())


def _content(argument: str) -> str:
    """An argument, with what is in the file that it names in place of the name."""
    name, separator, value = argument.partition("=")
    if argument.startswith("--") and separator:
        return f"{name}={content_of(value)}"
    return str(content_of(argument))
