# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes results as JSON lines or TSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Callable, TextIO

from clients.formats.queries import JSONL, TSV, Item, Query
from clients.ranker.result import RankResult
from contract.errors import RankingError

# the stage is empty without a cascade: an experiment may have some queries answered by one
TSV_HEADER = ("line", "query", "rank", "score", "index", "title", "stage")
# what a TSV cannot hold within a cell
_BREAKS = str.maketrans("\t\r\n", "   ")

Write = Callable[[Item, "RankResult | RankingError"], None]


def json_fields(result: RankResult, titles: Sequence[str]) -> dict[str, Any]:
    """What JSON output shows of a result: its fields, and the title of each place."""
    fields = asdict(result)
    for ranked in fields["results"]:
        del ranked["document"]
        if not ranked["stage"]:
            # only a cascade has them
            del ranked["stage"], ranked["stage_index"]
        ranked["title"] = titles[ranked["index"]]
    return fields


def writer(stream: TextIO, form: str, *, header: bool) -> Write:
    """Writes one item after another, each whole and at once.

    Args:
        stream: where to.
        form: ``jsonl`` or ``tsv``; a failed query has a line only in the first.
        header: whether a TSV begins with one.
    """
    if form == TSV and header:
        stream.write("\t".join(TSV_HEADER) + "\n")
    line_of = _json_line if form == JSONL else _tsv_lines

    def write(item: Item, result: RankResult | RankingError) -> None:
        stream.write(line_of(item, result))
        stream.flush()

    return write


def _json_line(item: Item, result: RankResult | RankingError) -> str:
    fields: dict[str, Any] = {"line": item.first_line}
    if isinstance(item, Query):
        fields["query"] = item.query
        if item.id is not None:
            fields["id"] = item.id
    if isinstance(result, RankResult):
        assert isinstance(item, Query)  # only a query has a result
        fields.update(json_fields(result, item.documents))
    else:
        error = {"code": result.code, "message": result.message, "field": result.field}
        fields["error"] = error
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _tsv_lines(item: Item, result: RankResult | RankingError) -> str:
    if not isinstance(item, Query) or not isinstance(result, RankResult):
        return ""
    lines = []
    for rank, ranked in enumerate(result.results, start=1):
        texts = (item.query, item.documents[ranked.index])
        query, title = (text.translate(_BREAKS) for text in texts)
        score = f"{ranked.score:.6f}"
        cells = (item.first_line, query, rank, score, ranked.index, title, ranked.stage)
        lines.append("\t".join(map(str, cells)) + "\n")
    return "".join(lines)
