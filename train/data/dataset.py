# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Read TSV files of texts, and keep their rows as tokens.

Columns are found by their names in the header. Every distinct text is kept once and rows refer to
it by number, and the tokens of all rows lie in one flat array, so that some 100,000 rows cost tens
of megabytes.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.columns import LABEL, NEG_TITLE, QUERY, TITLE, Columns, find_columns, is_header
from contract.cuts import Cuts, cuts_of
from contract.encoding import PairEncoder, Row
from contract.errors import DataError

IntArray = NDArray[np.int64]

_SHOWN_BAD_ROWS = 10
# query and title, and in upstream's files the score of the recall
_HEADERLESS_WIDTHS = (2, 3)
_ENCODED_AT_ONCE = 32768
_DIGEST_BYTES = 16


class LabelledPairs(NamedTuple):
    """Rows of ``query, title, label``; ``texts[queries[i]]`` is the query of row ``i``."""

    texts: list[str]
    queries: IntArray
    titles: IntArray
    labels: IntArray


class Triples(NamedTuple):
    """Rows of ``query, title, neg_title`` as numbers of ``texts``."""

    texts: list[str]
    queries: IntArray
    titles: IntArray
    neg_titles: IntArray


class UnlabelledPairs(NamedTuple):
    """Rows of ``query, title`` as numbers of ``texts``; a recall score is read over."""

    texts: list[str]
    queries: IntArray
    titles: IntArray


class _BadRows:
    """Counts malformed rows, shows the first of them, and refuses more than the limit."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._first: Optional[tuple[int, str]] = None
        self._count = 0

    def add(self, line: int, reason: str) -> None:
        self._count += 1
        self._first = self._first or (line, reason)
        if self._count <= min(_SHOWN_BAD_ROWS, self._limit):
            print(f"{self._path}:{line}: {reason}", file=sys.stderr)

    def check(self) -> None:
        if self._first is None:
            return
        line, reason = self._first
        if self._count > self._limit:
            raise DataError(
                f"{reason}; {self._count} malformed rows in all, "
                f"correct them or raise --max_bad_rows (now {self._limit})",
                field=f"{self._path}:{line}",
            )
        print(f"{self._path}: skipped {self._count} malformed rows", file=sys.stderr)


def read_triples(path: Union[str, Path], max_bad_rows: int = 0) -> Triples:
    """Read a pair-wise training file, whose header names ``query``, ``title`` and ``neg_title``.

    Raises:
        DataError: the file is missing or empty, has no such header, or holds too many malformed
            rows.
    """
    texts, columns, _ = _read(Path(path), (QUERY, TITLE, NEG_TITLE), max_bad_rows)
    return Triples(texts, *columns)


def read_labelled_pairs(path: Union[str, Path], max_bad_rows: int = 0) -> LabelledPairs:
    """Read a file whose header names ``query``, ``title`` and ``label``.

    A label is an integer grade: 0 is irrelevant, anything above is relevant.

    Raises:
        DataError: the file is missing or empty, has no such header, or holds too many malformed
            rows.
    """
    texts, columns, labels = _read(Path(path), (QUERY, TITLE, LABEL), max_bad_rows)
    queries, titles = columns
    return LabelledPairs(texts, queries, titles, np.asarray(labels, dtype=np.int64))


def read_unlabelled_pairs(path: Union[str, Path], max_bad_rows: int = 0) -> UnlabelledPairs:
    """Read pairs, with a header or as upstream has them: ``query, title``, perhaps a recall score.

    Raises:
        DataError: the file is missing or empty, has a header without one of the two, or holds too
            many malformed rows.
    """
    texts, columns, _ = _read(Path(path), (QUERY, TITLE), max_bad_rows, _HEADERLESS_WIDTHS)
    return UnlabelledPairs(texts, *columns)


def _read(
    path: Path, wanted: tuple[str, ...], max_bad_rows: int, headerless: tuple[int, ...] = ()
) -> tuple[list[str], list[IntArray], Sequence[int]]:
    """The distinct texts, the columns of text as their numbers, and the labels if any.

    Without a header a file may only be where ``headerless`` has widths of its rows.
    """
    text_columns = [name for name in wanted if name != LABEL]
    numbers: dict[str, int] = {}
    columns = [array("q") for _ in text_columns]
    labels = array("q")
    bad = _BadRows(path, max_bad_rows)
    header: list[str] = []
    layout: Optional[Columns] = None
    for line, row in _lines(path, bad):
        cells = [cell.strip() for cell in row.split("\t")]
        if layout is None:
            header, layout = _layout(cells, wanted, headerless, path, line)
            if header:
                continue
        reason = _fault(cells, header, layout, wanted, headerless)
        if reason is not None:
            bad.add(line, reason)
            continue
        for column, place in zip(columns, layout.places):
            column.append(numbers.setdefault(cells[place], len(numbers)))
        if LABEL in wanted:
            labels.append(int(cells[layout.places[-1]]))
    bad.check()
    if not columns[0]:
        raise DataError("has no rows", field=str(path))
    return list(numbers), [np.asarray(column, dtype=np.int64) for column in columns], labels


def _layout(
    cells: list[str], wanted: tuple[str, ...], headerless: tuple[int, ...], path: Path, line: int
) -> tuple[list[str], Columns]:
    """The header, empty where there is none and need be none, and where the columns are."""
    if headerless and not is_header(cells):
        return [], Columns(0, tuple(range(len(wanted))), ())
    layout = find_columns(cells, wanted, f"{path}:{line}")
    if layout.unused:
        print(f"{path}: columns not used: {', '.join(layout.unused)}", file=sys.stderr)
    return cells, layout


def _lines(path: Path, bad: _BadRows) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not empty; only a line feed ends one, whatever a title holds."""
    try:
        # bytes, because reading text would end lines at a lone carriage return too
        with path.open("rb") as stream:
            for line, raw in enumerate(stream, start=1):
                try:
                    text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    bad.add(line, f"invalid UTF-8 at byte {error.start}")
                    continue
                if text.strip():
                    yield line, text.rstrip("\r\n")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error


def _fault(
    cells: list[str],
    header: list[str],
    layout: Columns,
    wanted: tuple[str, ...],
    headerless: tuple[int, ...],
) -> Optional[str]:
    """What is wrong with a row, or ``None``."""
    widths = (layout.width,) if header else headerless
    if len(cells) not in widths:
        expected = " or ".join(str(width) for width in widths)
        return f"expected {expected} tab-separated columns, found {len(cells)}"
    if cells == header:
        return "the header again, as where two files were joined"
    for name, place in zip(wanted, layout.places):
        if not cells[place]:
            return f"column {place + 1} ({name}) is empty"
    if LABEL in wanted:
        label = cells[layout.places[-1]]
        if not (label.isascii() and label.isdigit() and len(label) < 10):
            return f"label {label[:40]!r} is not an integer of at least 0"
    return None


class EncodedPairs:
    """Token rows of many pairs in two flat arrays; :meth:`rows` cuts some of them out.

    Attributes:
        lengths: of the rows, in tokens.
        cuts: what was cut of the pairs.
    """

    def __init__(
        self,
        input_ids: array[int],
        token_type_ids: bytearray,
        lengths: array[int],
        order: IntArray,
        cuts: Cuts,
    ) -> None:
        """Take over the concatenated rows and the length of each.

        Args:
            input_ids: 32-bit ids of all rows, in the order of encoding.
            token_type_ids: of the same tokens.
            lengths: of the rows, in the order of encoding.
            order: ``order[i]`` is the number of the pair that was encoded ``i``-th.
            cuts: what was cut of the pairs.
        """
        self.cuts = cuts
        self._input_ids = np.frombuffer(input_ids, dtype=np.int32)
        self._token_type_ids = np.frombuffer(token_type_ids, dtype=np.uint8)
        encoded = np.asarray(lengths, dtype=np.int64)
        self.lengths = np.empty_like(encoded)
        self.lengths[order] = encoded
        self._ends = np.empty_like(encoded)
        self._ends[order] = np.cumsum(encoded)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.lengths)

    def rows(self, indices: IntArray) -> list[Row]:
        """The rows at ``indices``, as :meth:`PairEncoder.pad` takes them."""
        spans = [slice(self._ends[i] - self.lengths[i], self._ends[i]) for i in indices]
        ids, types = self._input_ids, self._token_type_ids
        return [Row(ids[s].astype(np.int64), types[s].astype(np.int64), False) for s in spans]

    @cached_property
    def distinct(self) -> tuple[IntArray, IntArray]:
        """The first of each row that has its tokens, and of every pair its place among these.

        A service computes equal rows once, too. Computed twice, their logits differ by rounding.
        """
        places: dict[bytes, int] = {}
        firsts: list[int] = []
        place_of = np.empty(len(self), dtype=np.int64)
        for i, (end, length) in enumerate(zip(self._ends.tolist(), self.lengths.tolist())):
            digest = blake2b(self._input_ids[end - length : end], digest_size=_DIGEST_BYTES)
            digest.update(self._token_type_ids[end - length : end])
            place_of[i] = places.setdefault(digest.digest(), len(places))
            if place_of[i] == len(firsts):
                firsts.append(i)
        return np.array(firsts, dtype=np.int64), place_of


def encode(
    encoder: PairEncoder, texts: Sequence[str], queries: IntArray, titles: IntArray
) -> EncodedPairs:
    """Encode every pair ``texts[queries[i]], texts[titles[i]]`` once.

    Pairs of one title are encoded together, since the encoder tokenizes a text once per call.
    """
    input_ids, lengths = array("i"), array("q")
    token_type_ids = bytearray()
    order = np.lexsort((queries, titles))
    cuts = Cuts()
    for start in range(0, len(order), _ENCODED_AT_ONCE):
        part = order[start : start + _ENCODED_AT_ONCE]
        rows = encoder.encode_pairs([(texts[queries[i]], texts[titles[i]]) for i in part])
        input_ids.frombytes(np.concatenate([row.input_ids for row in rows]).astype("i4").tobytes())
        token_type_ids += (
            np.concatenate([row.token_type_ids for row in rows]).astype("u1").tobytes()
        )
        lengths.extend(len(row.input_ids) for row in rows)
        cuts += cuts_of(rows)
    return EncodedPairs(input_ids, token_type_ids, lengths, order, cuts)
