# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes mined lists: pairs and triples to train on, pairs to measure with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from contract.columns import LABEL, NEG_TITLE, QUERY, TITLE
from train.mining.lists import DEV, HELD_OUT, TRAIN, RankedList
from train.mining.selection import Mined

PAIRS, TRIPLES = (QUERY, TITLE, LABEL), (QUERY, TITLE, NEG_TITLE)
PAIRS_FILE, TRIPLES_FILE = "pairs.tsv", "triples.tsv"
EVALUATION_FILES = {DEV: "dev.tsv", HELD_OUT: "heldout.tsv"}

Row = Sequence[object]


class MinedFiles:
    """The files of one directory, which appear when all of them are written.

    Attributes:
        rows: how many each file has, by its name.
    """

    def __init__(self, directory: Path, seed: int, triples_per_title: int) -> None:
        """Say where, and how many triples a relevant title gets at most."""
        self._directory = directory
        self._seed = seed
        self._most = triples_per_title
        self.rows: dict[str, int] = {}

    def write(self, mined: Iterable[Mined], splits: Iterable[str]) -> None:
        """Write the files of some splits.

        Rows of a list are in random order, so that ties favour nobody.
        """
        headers = {PAIRS_FILE: PAIRS, TRIPLES_FILE: TRIPLES}
        headers = {name: header for name, header in headers.items() if TRAIN in splits}
        headers.update({EVALUATION_FILES[s]: PAIRS for s in splits if s in EVALUATION_FILES})
        self._directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for name in headers:
                stack.callback(self._path(name).unlink, missing_ok=True)
            files = {name: stack.enter_context(self._unfinished(name)) for name in headers}
            for name, header in headers.items():
                files[name].write("\t".join(header) + "\n")
                self.rows[name] = 0
            for one in mined:
                for name, rows in self._rows(one):
                    files[name].writelines("\t".join(map(str, row)) + "\n" for row in rows)
                    self.rows[name] += len(rows)
            for name, file in files.items():
                file.close()
                self._path(name).replace(self._directory / name)

    def _path(self, name: str) -> Path:
        return self._directory / f".{name}.unfinished"

    def _unfinished(self, name: str) -> TextIO:
        return self._path(name).open("w", encoding="utf-8", newline="\n")

    def _rows(self, mined: Mined) -> Iterator[tuple[str, list[Row]]]:
        item, draw = mined.item, random.Random(f"{self._seed} {mined.item.query}")
        documents = [*item.documents, *((text, 0) for text in mined.negatives)]
        draw.shuffle(documents)
        pairs: list[Row] = [(item.query, text, grade) for text, grade in documents]
        if item.split != TRAIN:
            yield EVALUATION_FILES[item.split], pairs
            return
        yield PAIRS_FILE, pairs
        yield TRIPLES_FILE, self._triples(item, documents, draw)

    def _triples(
        self, item: RankedList, documents: list[tuple[str, int]], draw: random.Random
    ) -> list[Row]:
        """Each relevant title with titles of lower grades, drawn where there are too many."""
        triples: list[Row] = []
        for text, grade in item.relevant:
            lower = [other for other, other_grade in documents if other_grade < grade]
            for other in draw.sample(lower, min(self._most, len(lower))):
                triples.append((item.query, text, other))
        return triples
