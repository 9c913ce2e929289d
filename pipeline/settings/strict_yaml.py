# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A yaml file and dataclasses that describe its keys in, checked dataclasses out.

Every field made by :func:`key` carries the check of its value; anything the dataclass does not
know stops the start with the key's yaml path. Called by pipeline.settings.service.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, Callable, Optional, TypeVar

import yaml

from contract.errors import ConfigError

Check = Callable[["Reader", Any, str], Any]
T = TypeVar("T")

_CHECK = "check"
_NOTE = "note"


def key(check: Check, default: Any = None, *, note: str = "") -> Any:
    """A dataclass field that is a yaml key.

    Args:
        check: turns the yaml value into the field's value, or raises ConfigError.
        default: value when the key is absent or null.
        note: for a key that upstream has and that does not apply here: why, said once in the log.
    """
    return dataclasses.field(default=default, metadata=checked_by(check, note))


def checked_by(check: Check, note: str = "") -> dict[str, Any]:
    """Metadata of a dataclass field that is a yaml key, for one with a default factory."""
    return {_CHECK: check, _NOTE: note}


def whole(minimum: Optional[int] = None, maximum: Optional[int] = None) -> Check:
    """A whole number within bounds; yaml's true and false are not numbers."""

    def check(_: Reader, value: Any, path: str) -> int:
        within = isinstance(value, int) and not isinstance(value, bool)
        if within:
            within = (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
        if not within:
            raise ConfigError(
                f"must be a whole number{_bounds(minimum, maximum)}, got {value!r}", field=path
            )
        return int(value)

    return check


def seconds(minimum: float, maximum: float) -> Check:
    """A number within bounds."""

    def check(_: Reader, value: Any, path: str) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not minimum <= value <= maximum:
            raise ConfigError(
                f"must be a number{_bounds(minimum, maximum)}, got {value!r}", field=path
            )
        return float(value)

    return check


def fraction(reader: Reader, value: Any, path: str) -> float:
    """A number from 0 to 1."""
    return float(seconds(0, 1)(reader, value, path))


def flag(_: Reader, value: Any, path: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ConfigError(f"must be true or false, got {value!r}", field=path)
    return value


def text(_: Reader, value: Any, path: str) -> str:
    """A string; a number has to be quoted."""
    if not isinstance(value, str):
        raise ConfigError(f"must be text, got {value!r}; put it in quotes", field=path)
    return value


def texts(_: Reader, value: Any, path: str) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"must be a list of texts, got {value!r}", field=path)
    return tuple(value)


def text_map(_: Reader, value: Any, path: str) -> dict[str, str]:
    """A mapping from strings to strings."""
    mapping = _mapping(value, path)
    for name, item in mapping.items():
        if not isinstance(item, str):
            raise ConfigError(
                f"must be text, got {item!r}; put it in quotes", field=f"{path}.{name}"
            )
    return mapping


def moment(_: Reader, value: Any, path: str) -> float:
    """A date, or a date and a time; UTC unless it names another zone. Seconds since 1970."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise ConfigError(
            f"must be a date and time like 2026-11-24T08:00:00Z, got {value!r}", field=path
        )
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    try:
        return value.timestamp()
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"out of range ({error})", field=path) from error


def choice(*allowed: str) -> Check:
    """One of a few words."""

    def check(_: Reader, value: Any, path: str) -> str:
        if value not in allowed:
            raise ConfigError(f"must be one of {', '.join(allowed)}, got {value!r}", field=path)
        return str(value)

    return check


def section(cls: type[T]) -> Check:
    """A nested mapping with the keys of ``cls``."""
    return lambda reader, value, path: reader.build(cls, value, path)


def sections(names: tuple[str, ...], cls: type[T]) -> Check:
    """A mapping from some of ``names`` to mappings with the keys of ``cls``."""

    def check(reader: Reader, value: Any, path: str) -> dict[str, T]:
        mapping = _mapping(value, path)
        for name in mapping:
            _refuse_unknown(name, names, path)
        return {name: reader.build(cls, item, f"{path}.{name}") for name, item in mapping.items()}

    return check


def items(cls: type[T]) -> Check:
    """A list of mappings with the keys of ``cls``."""

    def check(reader: Reader, value: Any, path: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ConfigError("must be a list", field=path)
        return tuple(reader.build(cls, item, f"{path}[{i}]") for i, item in enumerate(value))

    return check


class Reader:
    """Builds dataclasses from yaml values, and collects what has to be said about them."""

    def __init__(self) -> None:
        """Start without notes."""
        self.notes: list[str] = []

    def build(self, cls: type[T], value: Any, path: str) -> T:
        """Check a mapping against the dataclass ``cls``.

        Args:
            cls: a dataclass whose yaml keys are made by :func:`key`.
            value: what yaml returned.
            path: yaml path of ``value``, empty for the whole file.

        Raises:
            ConfigError: an unknown key, or a value that its check refuses.
        """
        mapping = _mapping(value, path)
        keys = {f.name: f for f in dataclasses.fields(cls) if _CHECK in f.metadata}  # type: ignore[arg-type]
        checked: dict[str, Any] = {}
        for name, item in mapping.items():
            _refuse_unknown(name, tuple(keys), path)
            where = f"{path}.{name}" if path else name
            if item is None:
                continue
            checked[name] = keys[name].metadata[_CHECK](self, item, where)
            note = keys[name].metadata[_NOTE]
            if note and checked[name] != keys[name].default:
                self.notes.append(f"{where}: {note}")
        return cls(**checked)


def load_yaml(path: Path) -> Any:
    """Read one yaml document; plain data only, no key twice in one mapping.

    Raises:
        ConfigError: unreadable or not yaml.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_UniqueKeyLoader)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot read it ({reason}); name a file with --config", field=str(path)
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"not yaml ({reason})", field=str(path)) from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a mapping with the same key twice, where the last one would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value if isinstance(key_node.value, str) else id(key_node))
        return super().construct_mapping(node, deep)


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ConfigError("must hold keys and values", field=path or "the file")
    return value


def _refuse_unknown(name: str, known: tuple[str, ...], path: str) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    raise ConfigError(f"unknown key; {hint}", field=f"{path}.{name}" if path else name)


def _bounds(minimum: Optional[float], maximum: Optional[float]) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    return f" >= {minimum}" if minimum is not None else ""
