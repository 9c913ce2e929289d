# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The types of the keys of config_nlp.yml: what pydantic accepts, and what we say of the rest.

A section of the file is a frozen dataclass derived from :class:`Section`. Its fields are annotated
with the types below. Pydantic checks what comes from the file; a section made in code is an
ordinary dataclass and is not checked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from itertools import takewhile
from typing import Annotated, Any, ClassVar, Optional

from pydantic import (
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

REFUSAL = "refusal"
UNUSED = "unused"


def refusal(text: str, key: Optional[str] = None) -> PydanticCustomError:
    """The error of a value that cannot be taken.

    Args:
        text: what is wrong with it.
        key: what is wrong lies in this key of the value.
    """
    return PydanticCustomError("config", "see the context", {REFUSAL: (text, key)})


class Rule:
    """What a plain value must be, and the one sentence about any other."""

    def __init__(self, schema: CoreSchema, text: str) -> None:
        """Keep pydantic's schema, and our text with ``%r`` where the value stands."""
        self._schema = schema
        self._text = text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, self._schema)

    def _check(self, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise refusal(self._text % (value,)) from None


def whole(minimum: Optional[int] = None, maximum: Optional[int] = None) -> Rule:
    """A whole number within bounds; yaml's true and false are not numbers."""
    return Rule(
        core_schema.int_schema(strict=True, ge=minimum, le=maximum),
        f"must be a whole number{_bounds(minimum, maximum)}, got %r",
    )


def number(minimum: float, maximum: float) -> Rule:
    """A number within bounds."""
    return Rule(
        core_schema.float_schema(strict=True, ge=minimum, le=maximum, allow_inf_nan=False),
        f"must be a number{_bounds(minimum, maximum)}, got %r",
    )


def choice(*allowed: str) -> Rule:
    """One of a few words."""
    return Rule(
        core_schema.literal_schema(list(allowed)), f"must be one of {', '.join(allowed)}, got %r"
    )


def _bounds(minimum: Optional[float], maximum: Optional[float]) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    return f" >= {minimum}" if minimum is not None else ""


def mapping(value: Any) -> dict[str, Any]:
    """The value, if it is a mapping from texts.

    Raises:
        PydanticCustomError: it is not.
    """
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise refusal("must hold keys and values")
    return value


def known_keys(*names: str) -> BeforeValidator:
    """A mapping that may have these keys only."""

    def check(value: Any) -> dict[str, Any]:
        for name in mapping(value):
            if name not in names:
                raise _unknown(name, names)
        return value  # type: ignore[no-any-return]

    return BeforeValidator(check)


def _a_list(value: Any) -> Any:
    if not isinstance(value, list):
        raise refusal("must be a list")
    return value


def _seconds_since_1970(value: Any) -> float:
    """A date, or a date and a time; UTC unless it names another zone."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise refusal(f"must be a date and time like 2026-11-24T08:00:00Z, got {value!r}")
    zoned = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    try:
        return zoned.timestamp()
    except (ValueError, OverflowError) as error:
        raise refusal(f"out of range ({error})") from error


def _unknown(name: str, known: Sequence[str]) -> PydanticCustomError:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return refusal(f"unknown key; {hint}", name)


Flag = Annotated[bool, Rule(core_schema.bool_schema(strict=True), "must be true or false, got %r")]
Text = Annotated[
    str, Rule(core_schema.str_schema(strict=True), "must be text, got %r; put it in quotes")
]
_STRINGS = core_schema.list_schema(core_schema.str_schema(strict=True), strict=True)
Texts = Annotated[
    tuple[str, ...],
    Rule(
        core_schema.no_info_after_validator_function(tuple, _STRINGS),
        "must be a list of texts, got %r",
    ),
]
TextMap = Annotated[Mapping[str, Text], BeforeValidator(mapping)]
Share = Annotated[float, number(0, 1)]
Whole = Annotated[int, whole()]
Count = Annotated[int, whole(1)]
Port = Annotated[int, whole(1024, 65535)]
# seconds since 1970; the file has a date
Moment = Annotated[float, BeforeValidator(_seconds_since_1970), WithJsonSchema({"type": "string"})]
# of sections: Annotated[tuple[VariantConfig, ...], LIST]
LIST = BeforeValidator(_a_list)


class Section:
    """A mapping of the file: a frozen dataclass with a field for each key. Null means left out."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(cls._from_file, handler(source))

    @classmethod
    def _from_file(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        given = mapping(value)
        # what is wrong before the first unknown key is said before it
        known = dict(takewhile(lambda item: item[0] in names, given.items()))
        section = handler({name: item for name, item in known.items() if item is not None})
        if len(known) < len(given):
            raise _unknown(next(name for name in given if name not in names), names)
        return section


def unused(why: str) -> dict[str, str]:
    """Metadata of a field whose key upstream has and which does not apply here.

    A value other than the default is noted once in the log, with ``why``.
    """
    return {UNUSED: why, "description": f"Accepted and not used: {why}."}
