# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the values of a request, field by field.

Each function names the field in the error that it raises.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from contract.errors import InvalidField, MalformedRequest, RequestTooLarge

MAX_ID_CHARS = 256
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_STRING = r"""(?:'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")"""
_FLAT_LITERAL = re.compile(
    rf"\{{\s*{_STRING}\s*:\s*{_STRING}\s*(?:,\s*{_STRING}\s*:\s*{_STRING}\s*)*,?\s*\}}"
    rf"|\[\s*{_STRING}\s*(?:,\s*{_STRING}\s*)*,?\s*\]"
)
_NUMPY_LIST = re.compile(r"\s*array\((\[.*\]),\s*dtype='[<>=|]U\d+'\)\s*", re.DOTALL)
_NUMPY_BEGIN, _NUMPY_END = "array([", ")"
_NUMPY_TYPE = re.compile(r"\],\s*dtype=")


def plain(text: str, name: str) -> str:
    """The value of a field that is text and need not be JSON.

    PipelineClient sends a list as numpy prints it: a list of one text is taken as that text.

    Raises:
        RequestError: it is another list.
    """
    if not _is_numpy_print(text):
        return text
    items = decode(text, name)
    if len(items) != 1 or not isinstance(items[0], str):
        raise InvalidField(
            f"must be one text, got a list of {len(items)}; send the text itself", field=name
        )
    return items[0]


def _is_numpy_print(text: str) -> bool:
    """Whether it is numpy's print of an array of anything, for the fields that are text.

    In one pass: a pattern for the whole of it would look at a hostile text once for each ``dtype``.
    """
    stripped = text.strip()
    if not stripped.startswith(_NUMPY_BEGIN) or not stripped.endswith(_NUMPY_END):
        return False
    inner = stripped[len(_NUMPY_BEGIN) - 1 : -len(_NUMPY_END)]
    if inner.endswith("]"):
        return True
    # behind the last one there are the fewest brackets
    end = 0
    for found in _NUMPY_TYPE.finditer(inner):
        end = found.end()
    return end > 0 and not {"(", ")"}.intersection(inner[end:])


def decode(text: str, name: str) -> Any:
    """JSON, or else the Python literals that existing clients send.

    These are ``str(dict)`` of upstream's ranking clients and ``repr(numpy.array(list))``, which
    PipelineClient makes of a list. Only strings in one dict or list are taken: ``literal_eval`` of
    arbitrary text such as ``1+1+1...`` overflows the C stack and ends the process.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        pass
    array = _NUMPY_LIST.fullmatch(text)
    literal = array.group(1) if array else text.strip()
    if literal in ("True", "False", "None"):
        return ast.literal_eval(literal)
    if _FLAT_LITERAL.fullmatch(literal):
        try:
            return ast.literal_eval(literal)
        except (ValueError, SyntaxError) as error:
            raise MalformedRequest(
                f"not a Python literal ({error}); send JSON", field=name
            ) from error
    raise MalformedRequest("neither JSON nor a Python literal of strings; send JSON", field=name)


def first_repeated(names: Iterable[str]) -> str:
    """The first name that comes a second time; the caller knows that there is one."""
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def check_text(value: Any, name: str, limit: int, *, empty: bool = False) -> str:
    """A text of at most ``limit`` characters; ``empty`` allows one without any.

    A title may be empty, as it is scored like any other. A query may not.
    """
    if not isinstance(value, str):
        raise InvalidField(f"must be a string, got {type(value).__name__}", field=name)
    if len(value) > limit:
        raise RequestTooLarge(f"{len(value)} characters, at most {limit} allowed", field=name)
    if not empty and not value.strip():
        raise InvalidField("must not be empty", field=name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(
            "holds a lone surrogate; send well-formed Unicode", field=name
        ) from error
    return value


def check_count(count: int, name: str, limit: int) -> None:
    """A number of documents, from 1 to ``limit``."""
    if count == 0:
        raise InvalidField("must hold at least one document", field=name)
    if count > limit:
        raise RequestTooLarge(f"{count} documents, at most {limit} allowed", field=name)


def check_choice(value: Any, name: str, choices: Sequence[str]) -> Optional[str]:
    """One of ``choices``, or absent."""
    if value is None:
        return None
    if value not in choices:
        raise InvalidField(f"must be one of {', '.join(choices)}, got {value!r:.40}", field=name)
    return str(value)


def check_top_n(value: Any) -> Optional[int]:
    """How many of the best to keep, or absent."""
    return check_whole(value, "top_n")


def check_whole(value: Any, name: str, most: Optional[int] = None) -> Optional[int]:
    """A whole number of at least 1, or absent."""
    if value is None:
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        bounds = "of at least 1" if most is None else f"from 1 to {most}"
        raise InvalidField(f"must be a whole number {bounds}, got {value!r:.40}", field=name)
    return int(value)


def check_bool(value: Any, name: str) -> bool:
    """True or false; absent is false."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidField(f"must be true or false, got {value!r:.40}", field=name)
    return value


def check_request_id(value: Any) -> str:
    """The name that the caller gave the request; empty when there is none."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _REQUEST_ID.fullmatch(value):
        raise InvalidField("must be 1 to 128 printable ASCII characters", field="request_id")
    return value


def check_unit(value: Any, name: str) -> str:
    """An id of a user or a session: text that can be logged in one line, or absent."""
    if value is None:
        return ""
    text = check_text(value, name, MAX_ID_CHARS)
    if not text.isprintable():
        raise InvalidField("must hold no control characters", field=name)
    return text
