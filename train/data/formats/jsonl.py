# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads rows of a file of JSON lines: a row each, or a list of graded documents each.

    {"query": "...", "title": "...", "label": 1}
    {"id": "17", "query": "...", "docs": [{"text": "...", "label": 2}, ...]}

The first line tells which, and what its fields are called.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Optional

from contract.columns import COLUMN_NAMES, LABEL, LIST_ID, NEG_TITLE, QUERY, TITLE, column_name
from contract.errors import DataError
from train.data.faults import BadRows, ParsedRow, Wanted, shown
from train.data.formats.lines import numbered_lines

_DOCS = "docs"
_OTHER_NAMES = {"text": TITLE, "grade": LABEL}
# in a row of its own it could be the row's
_ID_OF_LIST = {"id": LIST_ID}

Fields = dict[str, Any]


class JsonRows:
    """The rows of one file; see :class:`train.data.formats.files.Rows`."""

    def __init__(self, path: Path, wanted: Wanted, bad: BadRows) -> None:
        """Read up to the first line with fields.

        Raises:
            DataError: the file cannot be read, or that line lacks a field.
        """
        self._wanted = wanted
        self._bad = bad
        objects = self._objects(path)
        first = next(objects, (1, {}))
        self._objects_left = chain([first] if first[1] else [], objects)
        line, fields = first
        self._lists = _DOCS in fields
        where = f"{path}:{line}"
        if self._lists and NEG_TITLE in wanted.texts:
            raise DataError(
                f"{_DOCS} is a list of documents, but this command reads rows of query, title and "
                "neg_title",
                field=where,
            )
        self._keys, unused = _keys(fields, _ID_OF_LIST if self._lists else _OTHER_NAMES, where)
        if self._lists:
            keys, more = _keys(_first_document(fields), _OTHER_NAMES, where, _DOCS)
            unused = [*(name for name in unused if name != _DOCS), *more]
            # a document has no query of its own
            self._keys = {**keys, **{k: v for k, v in self._keys.items() if k in (QUERY, LIST_ID)}}
        if fields:
            self._require(where)
        if unused:
            bad.say(f"{path}: fields not used: {', '.join(unused)}")
        # without an id each line of documents is a list
        self.has_list_id = self._lists or LIST_ID in self._keys
        self.has_scores = tuple(name in self._keys for name in wanted.scores)

    def rows(self) -> Iterator[ParsedRow]:
        """All rows, of lists each document."""
        id_key = self._keys.get(LIST_ID)
        for line, fields in self._objects_left:
            if self._lists:
                yield from self._of_list(line, fields, id_key)
            elif _DOCS in fields:
                self._bad.add(line, "a list of documents, but the file began with single rows")
            else:
                list_id = None if id_key is None else fields.get(id_key)
                yield self._row(line, "", fields, fields, list_id)

    def name(self, row: ParsedRow, field: str) -> str:
        """What a field is called in an error."""
        return f"{'' if field in (QUERY, LIST_ID) else row.inside}{self._keys.get(field, field)}"

    def _of_list(self, line: int, fields: Fields, id_key: Optional[str]) -> Iterator[ParsedRow]:
        documents = fields.get(_DOCS)
        if not isinstance(documents, list) or not documents:
            self._bad.add(line, f"{_DOCS} is not a list of documents, but {shown(documents)}")
            return
        list_id = line if id_key is None else fields.get(id_key)
        for i, document in enumerate(documents):
            if isinstance(document, dict):
                yield self._row(line, f"{_DOCS}[{i}].", fields, document, list_id)
            else:
                self._bad.add(line, f"{_DOCS}[{i}] is not an object, but {shown(document)}")

    def _row(self, line: int, inside: str, outer: Fields, inner: Fields, list_id: Any) -> ParsedRow:
        keys, wanted = self._keys, self._wanted
        texts = tuple(
            [(outer if name == QUERY else inner).get(keys[name]) for name in wanted.texts]
        )
        label = inner.get(keys[LABEL]) if wanted.label else None
        scores = tuple([inner.get(keys.get(name, name)) for name in wanted.scores])
        return ParsedRow(line, inside, texts, label, list_id, scores)

    def _objects(self, path: Path) -> Iterator[tuple[int, Fields]]:
        for line, text in numbered_lines(path, self._bad):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                self._bad.add(line, f"not JSON ({error})")
                continue
            if isinstance(value, dict) and value:
                yield line, value
            else:
                self._bad.add(line, f"not an object, but {shown(value)}; write one object a line")

    def _require(self, where: str) -> None:
        for name in (*self._wanted.texts, *((LABEL,) if self._wanted.label else ())):
            if name not in self._keys:
                part = f" in {_DOCS}" if self._lists and name != QUERY else ""
                raise DataError(f"there is no field {name}{part}", field=where)


def _first_document(fields: Fields) -> Fields:
    documents = fields[_DOCS]
    first = documents[0] if isinstance(documents, list) and documents else None
    return first if isinstance(first, dict) else {TITLE: None, LABEL: None}


def _keys(
    fields: Fields, others: Mapping[str, str], where: str, part: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Keys of an object by our names, and those of its keys that have none.

    Raises:
        DataError: two of them have one name; ``where`` is its field.
    """
    found: dict[str, str] = {}
    unused = []
    for key in fields:
        name = others.get(key) or column_name(key)
        if name not in COLUMN_NAMES:
            unused.append(f"{part}.{key}" if part else key)
        elif name in found:
            raise DataError(f"{found[name]} and {key} both name {name}; leave one", field=where)
        else:
            found[name] = key
    return found, unused
