# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A training file that gets the columns ``teacher_score`` and ``teacher_neg_score``.

What else it holds stays as it is: columns, their order, and fields of JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from contract.columns import NEG_TITLE, QUERY, TEACHER_NEG_SCORE, TEACHER_SCORE, TITLE
from contract.errors import DataError, SetUpError
from train.data.faults import BadRows, Wanted, checked
from train.data.faults import Fault as RowFault
from train.data.formats.files import Rows, open_rows
from train.data.formats.jsonl import JsonRows
from train.data.formats.lines import numbered_lines
from train.data.formats.tsv import TsvRows
from train.teachers.teacher import FloatArray, Pair

_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_TAKEN = (TEACHER_SCORE, TEACHER_NEG_SCORE)


class _NoBadRows(BadRows):
    """Refuses the first bad row, and says nothing of columns that are not needed: they are kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 0)
        self._where = path

    def add(self, line: int, reason: str) -> None:
        """Refuse it."""
        raise DataError(
            f"{reason}; correct the row, or leave it out", field=f"{self._where}:{line}"
        )

    def say(self, line: str) -> None:
        """Keep it."""
        self.said.append(line)


class ScoredFile:
    """Pairs of a file, in its order, and the file to write.

    Attributes:
        rows: how many it has.
        pairs: those of all rows; of triples those with the negatives follow, in the same order.
        relevant: of the pairs, where the file is labelled.
    """

    def __init__(self, path: Path, output: Path, *, labelled: bool = False) -> None:
        """Read the pairs.

        Args:
            path: a TSV with a header, or JSON lines: rows, or lists of documents.
            output: what :meth:`write` writes; it may take the place of ``path``.
            labelled: whether pairs must have labels; triples have.

        Raises:
            DataError: a row is malformed, or the file has a teacher's scores already.
            SetUpError: the output is of another kind than the file.
        """
        self._path = path
        self._output = output
        self._rows = self._open(labelled)
        self._is_json = isinstance(self._rows, JsonRows)
        if self._is_json != output.name.lower().endswith(_JSON_ENDINGS):
            ending = ".jsonl" if self._is_json else ".tsv"
            raise SetUpError(
                f"its name must end in {ending}, as it is of that kind", field="output"
            )
        texts, labels = [], []
        for row in self._rows.rows():
            try:
                found = checked(row, self._wanted, self._rows.has_list_id, self._rows.name)
            except RowFault as fault:
                raise DataError(
                    f"{fault}; correct the row, or leave it out", field=f"{path}:{row.line}"
                ) from fault
            texts.append(found.texts)
            labels.append(found.label > 0)
        if not texts:
            raise DataError("has no rows", field=str(path))
        self.rows = len(texts)
        self.pairs: list[Pair] = [(row[0], row[1]) for row in texts]
        self.relevant: NDArray[np.bool_] = np.array(labels)
        if self._is_triples:
            self.pairs += [(row[0], row[2]) for row in texts]
            self.relevant = np.arange(len(self.pairs)) < self.rows

    @property
    def _is_triples(self) -> bool:
        return NEG_TITLE in self._wanted.texts

    def _open(self, labelled: bool) -> Rows:
        """As triples where the file has their columns, else as pairs."""
        self._bad = _NoBadRows(self._path)
        self._wanted = Wanted((QUERY, TITLE, NEG_TITLE), scores=_TAKEN)
        try:
            rows = open_rows(self._path, self._wanted, self._bad)
        except DataError:
            self._wanted = Wanted((QUERY, TITLE), label=labelled, scores=_TAKEN)
            rows = open_rows(self._path, self._wanted, self._bad)
        if any(rows.has_scores):
            raise DataError(
                f"has {TEACHER_SCORE} already; give the file from before it was scored",
                field=str(self._path),
            )
        if not isinstance(rows, (JsonRows, TsvRows)):
            raise DataError(
                "is no TSV and no .jsonl; convert it, so that columns can be added",
                field=str(self._path),
            )
        self._wanted = self._wanted._replace(scores=())
        return open_rows(self._path, self._wanted, self._bad)

    def write(self, scores: FloatArray) -> None:
        """Write the file with one score for each of :attr:`pairs`, whole or not at all."""
        columns = np.asarray(scores, dtype=np.float32).reshape(-1, self.rows)
        texts = zip(*([_shortest(value) for value in column] for column in columns))
        self._output.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._output.with_name(f".{self._output.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                (self._write_json if self._is_json else self._write_tsv)(file, texts)
            Path(unfinished).replace(self._output)
        finally:
            unfinished.unlink(missing_ok=True)

    @property
    def _names(self) -> tuple[str, ...]:
        return _TAKEN if self._is_triples else _TAKEN[:1]

    def _write_tsv(self, file: TextIO, scores: Iterator[tuple[str, ...]]) -> None:
        lines = numbered_lines(self._path, self._bad)
        for number, (_, line) in enumerate(lines):
            file.write("\t".join((line, *(next(scores) if number else self._names))) + "\n")

    def _write_json(self, file: TextIO, scores: Iterator[tuple[str, ...]]) -> None:
        for _, line in numbered_lines(self._path, self._bad):
            fields: dict[str, Any] = json.loads(line)
            for part in fields.get("docs") or [fields]:
                part.update(zip(self._names, map(float, next(scores))))
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def _shortest(value: np.float32) -> str:
    """The fewest digits that give the same float32."""
    return np.format_float_positional(value, trim="0")
