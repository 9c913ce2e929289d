# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is ranked of each document of a body: a text, or fields of an object; and what comes back.

A list of texts and objects comes in from .rerank_bodies, their texts go out. ``rank_fields`` names
the fields of objects, as Cohere has it: their values in that order, one a line, without the names,
which the rankers have not been trained on. A field that an object has not, or that is null or
empty, is left out; an object with none of them is ranked as an empty text, and told of. Without
``rank_fields`` it is ``text``, else ``title``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from contract.errors import InvalidField
from contract.wire.values import check_text, first_repeated

_DEFAULT_FIELDS = ("text", "title")
_MOST_FIELDS = 64
_MOST_FIELD_CHARS = 256
# an answer holds a document some levels deep, and is written with other calls under way
_SPARE_DEPTH = 64


def read_rank_fields(value: Any) -> Optional[Sequence[str]]:
    """The names; ``None`` where the list is empty.

    Raises:
        InvalidField: it is no list of names, or one stands twice.
    """
    if value == []:
        return None
    if not isinstance(value, list) or len(value) > _MOST_FIELDS:
        raise InvalidField(
            f"must be a list of at most {_MOST_FIELDS} names of fields", field="rank_fields"
        )
    names = [
        check_text(name, f"rank_fields[{i}]", _MOST_FIELD_CHARS) for i, name in enumerate(value)
    ]
    if len(set(names)) < len(names):
        # each would add a copy of its texts, before their lengths are checked
        twice = f"{first_repeated(names)!r:.80}"
        raise InvalidField(f"{twice} stands twice; name it once", field="rank_fields")
    return names


def texts_of(documents: Any, rank_fields: Optional[Sequence[str]]) -> tuple[Any, Sequence[int]]:
    """The text of each, and which objects have none of the named fields.

    What is no list or no document is left for the check of texts.

    Raises:
        InvalidField: there is nothing that could be ranked.
    """
    if not isinstance(documents, list):
        return documents, ()
    if rank_fields is None:
        return [_own_text(d, f"documents[{i}]") for i, d in enumerate(documents)], ()
    texts = [_named_text(d, f"documents[{i}]", rank_fields) for i, d in enumerate(documents)]
    lacking = [i for i, t in enumerate(texts) if t is None and documents[i] is not None]
    if texts and len(lacking) == len(texts):
        names = ", ".join(f"{name!r:.40}" for name in rank_fields)
        raise InvalidField(f"no document has any of {names:.200}", field="rank_fields")
    for i in lacking:
        texts[i] = ""
    return texts, lacking


def _own_text(document: Any, where: str) -> Any:
    if isinstance(document, dict):
        for name in _DEFAULT_FIELDS:
            if document.get(name) is not None:
                return document[name]
        other = f"name other fields in rank_fields{_such_as(document)}"
        raise InvalidField(f"must be a string, or an object with text; {other}", field=where)
    return document


def _named_text(document: Any, where: str, rank_fields: Sequence[str]) -> Any:
    if not isinstance(document, dict):
        return document
    found = [(name, document[name]) for name in rank_fields if document.get(name) is not None]
    if not found:
        return None
    values = [_value(value, f"{where}.{name:.80}") for name, value in found]
    return "\n".join(value for value in values if value)


def _such_as(document: Mapping[str, Any]) -> str:
    texts = [name for name, value in document.items() if isinstance(value, str)]
    return f", such as [{json.dumps(texts[0][:80])}]" if texts else ""


def _value(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, list) and not any(isinstance(one, (list, dict)) for one in value):
        return " ".join(_value(one, where) for one in value if one is not None)
    raise InvalidField("must be a text, a number or a list of them", field=where)


def check_returnable(documents: Any) -> Sequence[Any]:
    """Documents that an answer can hold as they came.

    Raises:
        InvalidField: an object holds what JSON of an answer cannot.
    """
    if not isinstance(documents, list):
        return ()
    for i, document in enumerate(documents):
        if isinstance(document, dict):
            _check_writable(document, f"documents[{i}]")
    return documents


def _check_writable(document: Mapping[str, Any], where: str) -> None:
    nested: Any = document
    for _ in range(_SPARE_DEPTH):
        nested = [nested]
    try:
        json.dumps(nested, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(
            "holds a lone surrogate; send well-formed Unicode", field=where
        ) from error
    except ValueError as error:
        raise InvalidField("holds a number out of range", field=where) from error
    except RecursionError as error:
        raise InvalidField("nested too deeply", field=where) from error


def shown_document(given: Any, text: str) -> Mapping[str, Any]:
    """A document as results carry it: the object that came, with ``text`` in any case."""
    if not isinstance(given, dict):
        return {"text": text}
    return given if given.get("text") is not None else {**given, "text": text}
