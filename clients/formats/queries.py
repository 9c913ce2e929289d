# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads queries with their documents from a stream of TSV or JSON lines.

Nothing but the lines of one query is held in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Optional, Union

from contract.columns import QUERY, TITLE, Columns, find_columns, is_header
from contract.errors import DataError, InvalidField, MalformedRequest, RankingError

STDIN = "-"
TSV, JSONL = "tsv", "jsonl"
_WITHOUT_HEADER = Columns(2, (0, 1), ())
_TEXTS = ("query", "request_id", "unit_id", "user_id")
_KNOWN = ("query", "documents", "request_id", "unit_id", "user_id", "id")


@dataclass(frozen=True)
class Query:
    """One request to make.

    Attributes:
        first_line: of the input, counted from 1.
        last_line: the same as the first but in a TSV.
        query: its text.
        documents: to rank for it.
        request_id: of the request, or empty.
        unit_id: what keeps its variant of an experiment, or empty.
        user_id: stands for it, or empty.
        id: the caller's name of it, of any JSON type; comes back.
    """

    first_line: int
    last_line: int
    query: str
    documents: list[str]
    request_id: str = ""
    unit_id: str = ""
    user_id: str = ""
    id: Any = None


@dataclass(frozen=True)
class BadLine:
    """A line that is no request."""

    first_line: int
    error: RankingError

    @property
    def last_line(self) -> int:
        """The same."""
        return self.first_line


Item = Union[Query, BadLine]


def read_items(lines: Iterable[bytes], form: str, after: int = 0) -> Iterator[Item]:
    """Read lines as they come.

    Args:
        lines: of the input.
        form: ``tsv``, query and title, in the order of the header if there is one, or ``jsonl``,
            an object with ``query`` and ``documents``.
        after: number of the last line to pass over.
    """
    if form == TSV:
        # the header is read though it is passed over
        return _tsv_items(_decoded(lines, 0), after)
    return _json_items(_decoded(lines, after))


def _decoded(lines: Iterable[bytes], after: int) -> Iterator[tuple[int, Union[str, BadLine]]]:
    for number, line in enumerate(lines, start=1):
        if number <= after:
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield number, BadLine(number, DataError("not UTF-8; convert the input"))
        else:
            if text.strip(" \r"):
                yield number, text


def _tsv_items(texts: Iterable[tuple[int, Union[str, BadLine]]], after: int) -> Iterator[Item]:
    """Lines that follow each other with one query make one request; a bad header ends it all."""
    open_query: list[Query] = []
    layout: Optional[Columns] = None
    for number, text in texts:
        columns = text.split("\t") if isinstance(text, str) else []
        if layout is None and isinstance(text, str):
            try:
                layout = _layout(columns)
            except DataError as error:
                yield BadLine(number, error)
                return
            if layout is not _WITHOUT_HEADER:
                continue
        if number <= after:
            continue
        if layout and len(columns) == layout.width:
            query, title = (columns[place] for place in layout.places)
            if open_query and open_query[0].query == query:
                held = open_query[0]
                held.documents.append(title)
                open_query = [Query(held.first_line, number, held.query, held.documents)]
                continue
            yield from open_query
            open_query = [Query(number, number, query, [title])]
            continue
        yield from open_query
        open_query = []
        if isinstance(text, BadLine):
            yield text
        else:
            message = f"has {len(columns)} columns; write the query, a tab and the title"
            yield BadLine(number, DataError(message))
    yield from open_query


def _layout(columns: list[str]) -> Columns:
    """Where the first row says that query and title stand.

    Raises:
        DataError: it is a header, but not of these two columns.
    """
    if not is_header(columns):
        return _WITHOUT_HEADER
    layout = find_columns(columns, (QUERY, TITLE))
    if layout.unused:
        raise DataError(
            f"the header has columns besides query and title ({', '.join(layout.unused)}); leave "
            "them out"
        )
    return layout


def _json_items(texts: Iterable[tuple[int, Union[str, BadLine]]]) -> Iterator[Item]:
    for number, text in texts:
        if isinstance(text, BadLine):
            yield text
            continue
        try:
            yield _json_query(number, text)
        except RankingError as error:
            yield BadLine(number, error)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _json_query(number: int, text: str) -> Query:
    try:
        fields = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise MalformedRequest("must be an object with query and documents")
    for name in fields:
        if name not in _KNOWN:
            raise InvalidField(f"unknown; known are {', '.join(_KNOWN)}", field=name)
    for name in _TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise InvalidField("must be a string", field=name)
    documents = fields.get("documents")
    if not isinstance(documents, list) or not all(isinstance(one, str) for one in documents):
        raise InvalidField("must be a list of strings", field="documents")
    if "query" not in fields:
        raise InvalidField("missing", field="query")
    return Query(number, number, **fields)
