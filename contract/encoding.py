# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes (query, title) pairs: the ONLY place that tokenizes, truncates and pads.

A row is ``[CLS] query [SEP] title [SEP]`` with token types 0 up to and including the first [SEP]
and 1 after it. Training, export, the service and the tensor clients share ``PairEncoder``, so that
a pair has the same ids wherever it goes. Of a long text, no more is tokenized than can matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError
from contract.text import vocabulary as vocabulary_files
from contract.text.normalization import Normalizer
from contract.text.rules import NFKC, NONE, UPSTREAM_RULES, TextRules, kept_of_query
from contract.text.sentence_pieces import (
    Words,
    first_pieces,
    load_sentence_pieces,
    takes_sentence_pieces,
)
from contract.text.tokens import Tokens, first_tokens
from contract.text.wordpiece import WordPiece, continuing_characters, load_wordpiece

INPUT_IDS = "input_ids"
TOKEN_TYPE_IDS = "token_type_ids"

VOCAB_FILE = vocabulary_files.VOCAB_FILE
TOKENIZER_CONFIG_FILE = vocabulary_files.TOKENIZER_CONFIG_FILE
save_tokenizer = vocabulary_files.save_tokenizer

SPECIAL_PER_ROW = 3
_MIN_SEQ_LENGTH = SPECIAL_PER_ROW + 2

IntArray = NDArray[np.int64]


class Row(NamedTuple):
    """One encoded pair, unpadded.

    Attributes:
        input_ids: ``[length]`` int64.
        token_type_ids: ``[length]`` int64, 0 for the query's part and 1 for the title's.
        truncated: whether tokens of the title were cut.
        query_tokens: of the query before it was cut, counted up to one more than a row has room
            for; below 0 in rows that were not made of texts.
        query_kept: of those, how many the row has; 0 of a query that has none.
        title_tokens: of the title, or of the chunk of it, before it was cut; counted alike.
    """

    input_ids: IntArray
    token_type_ids: IntArray
    truncated: bool
    query_tokens: int = -1
    query_kept: int = 0
    title_tokens: int = -1


class Rows(NamedTuple):
    """Pairs, encoded; a title that was cut into chunks has several rows.

    Attributes:
        rows: of all pairs, in their order.
        owners: for each row, the index of its pair; ``None`` when each pair has one row.
    """

    rows: tuple[Row, ...]
    owners: Optional[tuple[int, ...]] = None

    @property
    def truncated(self) -> tuple[int, ...]:
        """Indices of pairs whose title was cut."""
        owners = range(len(self.rows)) if self.owners is None else self.owners
        return tuple(sorted({i for i, row in zip(owners, self.rows) if row.truncated}))


class PairEncoder:
    """Turns (query, title) pairs into token rows and batches of rows into feeds.

    Thread-safe after construction. Built by :meth:`load`.
    """

    def __init__(
        self,
        normalize: Union[Normalizer, Words],
        wordpiece: WordPiece,
        vocabulary: Mapping[str, int],
        max_seq_length: int,
        rules: TextRules = UPSTREAM_RULES,
    ) -> None:
        """Bind the two steps to vocabulary, longest row and rules, which the caller has checked."""
        if max_seq_length < _MIN_SEQ_LENGTH:
            raise BundleError(
                f"must be at least {_MIN_SEQ_LENGTH} (three special tokens and one of each text), "
                f"got {max_seq_length}",
                field="max_seq_length",
            )
        self._continuing = continuing_characters(vocabulary)
        self._normalize = normalize
        self._wordpiece = wordpiece
        self.max_seq_length = max_seq_length
        self.rules = rules
        self._room = max_seq_length - SPECIAL_PER_ROW
        self.vocab_size = max(vocabulary.values()) + 1
        self.pad_id, self._cls_id, self._sep_id, _ = (
            vocabulary[t] for t in vocabulary_files.SPECIAL_TOKENS
        )

    @classmethod
    def load(
        cls,
        directory: Union[str, Path],
        max_seq_length: int,
        rules: TextRules = UPSTREAM_RULES,
        *,
        backend: str = "auto",
    ) -> PairEncoder:
        """Read ``vocab.txt`` (one token a line) and, when present, ``tokenizer_config.json``.

        A directory of ERNIE-tiny has its pieces and its words beside them.

        Args:
            directory: a tokenizer directory of a bundle or a checkpoint.
            max_seq_length: longest row in tokens, special tokens included.
            rules: that the bundle or the checkpoint states; PaddleNLP's where nothing does.
            backend: ``tokenizers``, ``fast_tokenizer``, ``paddlenlp``, or ``auto``: the first of
                them that imports. A directory of ERNIE-tiny has one package only, sentencepiece.

        Raises:
            BundleError: a file is missing or damaged, a rule is unknown, or no tokenizer package is
                installed.
        """
        directory = Path(directory)
        vocabulary = vocabulary_files.read_vocabulary(directory / VOCAB_FILE)
        configuration = vocabulary_files.read_configuration(directory / TOKENIZER_CONFIG_FILE)
        lower_case = bool(configuration.get("do_lower_case", True))
        rules = rules.checked(str(directory))
        if takes_sentence_pieces(directory, configuration):
            words, pieces = load_sentence_pieces(directory, vocabulary, lower_case)
            # the pieces have a normalization of their own, in their model
            rules = rules._replace(normalization=NONE)
            return cls(words, pieces, vocabulary, max_seq_length, rules)
        wordpiece = load_wordpiece(backend, vocabulary)
        normalize = Normalizer(lower_case, compatible=rules.normalization == NFKC)
        return cls(normalize, wordpiece, vocabulary, max_seq_length, rules)

    @property
    def backend(self) -> str:
        """Name of the tokenizer package in use: ``sentencepiece``, or one of WordPiece's."""
        return self._wordpiece.name

    def encode(self, query: str, titles: Sequence[str]) -> list[Row]:
        """Encode one query against many titles, in the order given."""
        return self.encode_pairs([(query, title) for title in titles])

    def encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Row]:
        """Encode pairs whose queries may differ; each distinct text is tokenized once."""
        # one more than a row holds, which tells that something was cut
        texts = dict.fromkeys((text for pair in pairs for text in pair), self._room + 1)
        tokens = self._tokens(texts)
        return [self._pair_row(tokens[query], tokens[title]) for query, title in pairs]

    def encode_chunks(
        self,
        pairs: Sequence[tuple[str, str]],
        max_title_tokens: Optional[int],
        max_chunks: int,
        max_tokens: Optional[int] = None,
    ) -> Rows:
        """Encode pairs; a title that does not fit into a row goes on in further ones.

        The query is cut as beside the first part of the title, and begins each row.

        Args:
            pairs: (query, title).
            max_title_tokens: most tokens of a title in a row; ``None``: as many as fit.
            max_chunks: most rows of a pair; what is left after them is cut.
            max_tokens: of all rows, whose caller refuses more; ends the work when it is seen.

        Raises:
            RequestTooLarge: the titles have more tokens than that, rows that repeat not counted.
        """
        if max_title_tokens is None and max_chunks == 1:
            return Rows(tuple(self.encode_pairs(pairs)))
        most = self._room if max_title_tokens is None else min(self._room, max_title_tokens)
        queries = self._tokens(dict.fromkeys((query for query, _ in pairs), self._room + 1))
        wanted: dict[str, int] = {}
        for query, title in pairs:
            size = self._chunk_size(len(queries[query].ids), most, most)
            wanted[title] = max(wanted.get(title, 0), max_chunks * size + 1)
        titles = self._tokens(wanted, max_tokens)
        rows: list[Row] = []
        owners: list[int] = []
        for index, (query, title) in enumerate(pairs):
            chunks = self._chunks(queries[query], titles[title], most, max_chunks)
            rows += chunks
            owners += [index] * len(chunks)
        return Rows(tuple(rows), tuple(owners))

    def _tokens(self, most: Mapping[str, int], limit: Optional[int] = None) -> dict[str, Tokens]:
        if not isinstance(self._normalize, Normalizer):
            return first_pieces(self._normalize, self._wordpiece, most, limit)
        return first_tokens(self._normalize, self._wordpiece, self._continuing, most, limit)

    def _chunks(self, query: Tokens, title: Tokens, most: int, max_chunks: int) -> list[Row]:
        """Rows of one pair; all of them begin with the same tokens of the query.

        Those are what stays of it beside as much of the title as one row may hold.
        """
        length = len(title.ids)
        size = self._chunk_size(len(query.ids), min(length, most), most)
        kept = self._kept(len(query.ids), min(length, most))
        # a query that fills the row leaves nothing to divide
        starts = range(0, length, size) if size and length else range(1)
        rows = [
            self._row(query, kept, Tokens(title.ids[i : i + size])) for i in starts[:max_chunks]
        ]
        if length > size * len(rows) or title.more:
            rows[-1] = rows[-1]._replace(truncated=length > 0, title_tokens=title.counted)
        return rows

    def _chunk_size(self, query: int, first: int, most: int) -> int:
        """How many tokens of a title a row takes whose first part has ``first``, at most."""
        return min(self._room - self._kept(query, first), most)

    def _pair_row(self, query: Tokens, title: Tokens) -> Row:
        return self._row(query, self._kept(len(query.ids), len(title.ids)), title)

    def _kept(self, query: int, title: int) -> int:
        """How many tokens stay of a query beside a title."""
        return kept_of_query(query, title, self._room, self.rules.truncation)

    def _row(self, query: Tokens, kept: int, title: Tokens) -> Row:
        """Assemble one row of the query's first ``kept`` tokens, and what fits of the title."""
        kept_title = title.ids[: self._room - kept]
        head = kept + 2
        input_ids = np.empty(head + len(kept_title) + 1, dtype=np.int64)
        input_ids[0] = self._cls_id
        input_ids[1 : head - 1] = query.ids[:kept]
        input_ids[head - 1] = self._sep_id
        input_ids[head:-1] = kept_title
        input_ids[-1] = self._sep_id
        token_type_ids = np.zeros(len(input_ids), dtype=np.int64)
        token_type_ids[head:] = 1
        truncated = len(kept_title) < title.counted
        return Row(input_ids, token_type_ids, truncated, query.counted, kept, title.counted)

    def pad(self, rows: Sequence[Row], multiple: int = 1) -> dict[str, IntArray]:
        """Stack rows into one feed, padded on the right to the longest of them.

        Args:
            rows: as encoded.
            multiple: rounds the padded length up, but not beyond ``max_seq_length``.

        Returns:
            ``{"input_ids": [N, L], "token_type_ids": [N, L]}``, both int64. Padding is the
            vocabulary's [PAD] in the ids, which the model masks, and 0 in the token types.
        """
        longest = max((len(row.input_ids) for row in rows), default=0)
        rounded = -(-longest // multiple) * multiple
        length = max(longest, min(rounded, self.max_seq_length))
        input_ids = np.full((len(rows), length), self.pad_id, dtype=np.int64)
        token_type_ids = np.zeros((len(rows), length), dtype=np.int64)
        for i, row in enumerate(rows):
            input_ids[i, : len(row.input_ids)] = row.input_ids
            token_type_ids[i, : len(row.token_type_ids)] = row.token_type_ids
        return {INPUT_IDS: input_ids, TOKEN_TYPE_IDS: token_type_ids}
