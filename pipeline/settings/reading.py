# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what a yaml file holds against a section, and names what cannot be taken by its path."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, Union

from pydantic import TypeAdapter, ValidationError

from contract.errors import ConfigError
from pipeline.settings.key_types import REFUSAL, UNUSED

T = TypeVar("T")
Steps = tuple[Union[int, str], ...]


def read(adapter: TypeAdapter[T], data: Any) -> T:
    """Make a section of what the file holds.

    Raises:
        ConfigError: an unknown key, or a value that cannot be taken: the first in the file.
    """
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        raise _first(error, data) from None


def notes(section: Any, data: Any, path: str = "") -> Iterator[str]:
    """What is said of keys that do not apply, in the file's order.

    Args:
        section: what :func:`read` made.
        data: what it was made of.
        path: of the section in the file.
    """
    if not isinstance(data, dict):
        return
    about = {} if isinstance(section, Mapping) else {f.name: f for f in dataclasses.fields(section)}
    for name, given in data.items():
        value = getattr(section, name) if name in about else section[name]
        where = f"{path}.{name}" if path else name
        if name in about and UNUSED in about[name].metadata and value != about[name].default:
            yield f"{where}: {about[name].metadata[UNUSED]}"
        yield from notes(value, given, where)


def _first(error: ValidationError, data: Any) -> ConfigError:
    """Pydantic finds all errors, in the order of the fields; the file's first one is told."""
    found: list[tuple[Steps, str]] = []
    for one in error.errors(include_url=False, include_input=False):
        text, key = one["ctx"][REFUSAL]
        found.append((one["loc"] if key is None else (*one["loc"], key), text))
    path, text = min(found, key=lambda one: _place(one[0], data))
    return ConfigError(text, field=_written(path) if path else "the file")


def _place(path: Steps, data: Any) -> list[int]:
    """Where it stands in the file: the number of each step among its neighbours."""
    place = []
    for step in path:
        place.append(list(data).index(step) if isinstance(data, dict) else int(step))
        data = data[step]
    return place


def _written(path: Steps) -> str:
    first, *rest = path
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
    return str(first) + "".join(steps)
