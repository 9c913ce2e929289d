# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads files of queries with graded documents.

JSON lines ``{"query": text, "docs": [{"text": text, "label": grade}, ...]}``, or a TSV whose header
names ``query``, ``title`` and ``label``.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contract.columns import LABEL, QUERY, TITLE, find_columns
from contract.errors import DataError

# a foreign document that a list holds already is drawn again so often, at most
_DRAWS = 20


@dataclass(frozen=True)
class GradedList:
    """A query and its documents.

    Attributes:
        query: its text.
        documents: their texts.
        grades: of the documents; 0 is irrelevant, more is better.
    """

    query: str
    documents: tuple[str, ...]
    grades: tuple[int, ...]

    @property
    def can_be_ranked(self) -> bool:
        """Whether some order is better than another one."""
        return len(set(self.grades)) > 1


def read_graded_lists(path: Path) -> list[GradedList]:
    """Read a file of either kind; the first character tells which.

    Raises:
        DataError: ``file:line`` and what is wrong with it.
    """
    lines = list(_lines(path))
    if not lines:
        raise DataError("holds no lists", field=str(path))
    if lines[0][1].lstrip().startswith("{"):
        return [_from_json(line, f"{path}:{number}") for number, line in lines]
    return _from_tsv(lines, path)


def padded(
    lists: Sequence[GradedList], length: int, seed: int, further: Sequence[str] = ()
) -> list[GradedList]:
    """Fill short lists up to ``length`` with documents of other queries, of grade 0.

    ``further`` are texts that are taken for it beside them.

    Every list is shuffled, longer ones too: files name the best first, and a ranker that gives
    equal scores would be right by their order.
    """
    own = {document for graded in lists for document in graded.documents}
    pool = sorted(own.union(further))
    return [_padded(graded, length, pool, f"{seed}:{graded.query}") for graded in lists]


def _padded(graded: GradedList, length: int, pool: list[str], seed: str) -> GradedList:
    draw = random.Random(seed)
    pairs = list(zip(graded.documents, graded.grades))
    taken = set(graded.documents)
    for _ in range(_DRAWS * length):
        if len(pairs) >= length:
            break
        foreign = draw.choice(pool)
        if foreign not in taken:
            taken.add(foreign)
            pairs.append((foreign, 0))
    draw.shuffle(pairs)
    documents, grades = zip(*pairs)
    return replace(graded, documents=documents, grades=grades)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not empty; only a line feed ends one, whatever a title holds."""
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                if text.strip():
                    yield number, text.rstrip("\r\n")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error
    except UnicodeDecodeError as error:
        message = f"invalid UTF-8 at byte {error.start}"
        raise DataError(message, field=f"{path}:{number}") from error


def _from_json(line: str, where: str) -> GradedList:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON ({error})", field=where) from error
    if not isinstance(fields, dict):
        raise DataError("must be an object with query and docs", field=where)
    docs = fields.get("docs")
    if not isinstance(docs, list) or not docs or not all(isinstance(doc, dict) for doc in docs):
        raise DataError("docs must be a list of objects with text and label", field=where)
    return GradedList(
        _text(fields.get("query"), "query", where),
        tuple(_text(doc.get("text"), f"docs[{i}].text", where) for i, doc in enumerate(docs)),
        tuple(_grade(doc.get("label"), f"docs[{i}].label", where) for i, doc in enumerate(docs)),
    )


def _from_tsv(lines: list[tuple[int, str]], path: Path) -> list[GradedList]:
    """The rows of one query make one list, wherever they stand."""
    number, header = lines[0]
    try:
        columns = find_columns(header.split("\t"), (QUERY, TITLE, LABEL), f"{path}:{number}")
    except DataError as error:
        message = f"neither JSON lines nor a TSV with the columns: {error.message}"
        raise DataError(message, field=error.field) from None
    if columns.unused:
        print(f"{path}: columns not used: {', '.join(columns.unused)}", file=sys.stderr)
    rows: dict[str, list[tuple[str, int]]] = {}
    for number, line in lines[1:]:
        where = f"{path}:{number}"
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != columns.width:
            message = f"expected {columns.width} tab-separated columns, found {len(cells)}"
            raise DataError(message, field=where)
        query, title, text = (cells[place] for place in columns.places)
        label = int(text) if text.isascii() and text.isdigit() else text
        graded = _text(title, "title", where), _grade(label, "label", where)
        rows.setdefault(_text(query, "query", where), []).append(graded)
    if not rows:
        raise DataError("holds no lists", field=str(path))
    return [
        GradedList(query, tuple(title for title, _ in pairs), tuple(grade for _, grade in pairs))
        for query, pairs in rows.items()
    ]


def _text(value: Any, name: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{name} must be a text that is not empty, got {value!r:.40}", field=where)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"{name} holds a lone surrogate", field=where) from error
    return value


def _grade(value: Any, name: str, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataError(f"{name} must be an integer of at least 0, got {value!r:.40}", field=where)
    return int(value)
