# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes (query, title) pairs: the ONLY place that tokenizes, truncates and pads.

A row is ``[CLS] query [SEP] title [SEP]`` with token types 0 up to and including the first [SEP]
and 1 after it; of XLM-RoBERTa ``<s> query </s></s> title </s>`` with token type 0. Training,
export, the service and the tensor clients share ``PairEncoder``, so that a pair has the same ids
wherever it goes. Of a long text, no more is tokenized than can matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Optional, Union

import numpy as np

from contract.errors import BundleError
from contract.text import rows as encoded
from contract.text import vocabulary as vocabulary_files
from contract.text.native import NativeEncoder, NativeWordPiece
from contract.text.normalization import Normalizer
from contract.text.rules import NFKC, NONE, UPSTREAM_RULES, TextRules, kept_of_query
from contract.text.sentence_pieces import (
    PIECES_FILE,
    WORDS_FILE,
    Words,
    first_pieces,
    load_sentence_pieces,
    takes_sentence_pieces,
)
from contract.text.tokens import Tokens, first_tokens
from contract.text.unigram import UNIGRAM_FILE, load_unigram, takes_unigram
from contract.text.vocabulary import BERT_LAYOUT, ROBERTA_LAYOUT, RowLayout
from contract.text.wordpiece import (
    RememberedWords,
    WordPiece,
    continuing_characters,
    load_wordpiece,
)

INPUT_IDS = "input_ids"
TOKEN_TYPE_IDS = "token_type_ids"

VOCAB_FILE = vocabulary_files.VOCAB_FILE
TOKENIZER_CONFIG_FILE = vocabulary_files.TOKENIZER_CONFIG_FILE
save_tokenizer = vocabulary_files.save_tokenizer

Row = encoded.Row
Rows = encoded.Rows
IntArray = encoded.IntArray


class PairEncoder:
    """Turns (query, title) pairs into token rows and batches of rows into feeds.

    Thread-safe after construction. Built by :meth:`load`.

    Attributes:
        max_seq_length: longest row in tokens.
        room: how many of them query and title share.
        rules: by which texts become rows.
        fingerprint: tells apart encoders that may give a text other tokens.
    """

    def __init__(
        self,
        normalize: Union[Normalizer, Words],
        wordpiece: WordPiece,
        vocabulary: Mapping[str, int],
        max_seq_length: int,
        rules: TextRules = UPSTREAM_RULES,
        layout: RowLayout = BERT_LAYOUT,
    ) -> None:
        """Bind the two steps to vocabulary, longest row and rules, which the caller has checked."""
        if max_seq_length < layout.special + 2:
            count = {3: "three", 4: "four"}[layout.special]
            raise BundleError(
                f"must be at least {layout.special + 2} ({count} special tokens and one of each "
                f"text), got {max_seq_length}",
                field="max_seq_length",
            )
        self.layout = layout
        self._continuing = continuing_characters(vocabulary)
        self._normalize = normalize
        self._wordpiece = wordpiece
        self._of_files: Optional[WordPiece] = None
        # makes whole rows in one step
        self._native: Optional[NativeEncoder] = None
        if type(wordpiece) is NativeWordPiece and type(normalize) is Normalizer:
            self._native = wordpiece.encoder(
                normalize, vocabulary, max_seq_length, rules.truncation
            )
        self.max_seq_length = max_seq_length
        self.rules = rules
        self.fingerprint = ""
        self._special = layout.special
        self.room = max_seq_length - self._special
        self.vocab_size = max(vocabulary.values()) + 1
        self.pad_id, self._cls_id, self._sep_id, _ = (vocabulary[token] for token in layout[:4])

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

        A directory of ERNIE-tiny has its pieces and its words beside them, one of XLM-RoBERTa its
        SentencePiece model.

        Args:
            directory: a tokenizer directory of a bundle or a checkpoint.
            max_seq_length: longest row in tokens, special tokens included.
            rules: that the bundle or the checkpoint states; PaddleNLP's where nothing does.
            backend: ``native``, which ``make build-tensor-service`` builds, ``tokenizers``,
                ``fast_tokenizer``, ``paddlenlp``, or ``auto``: the first of them that imports.
                ERNIE-tiny and XLM-RoBERTa have one package only, sentencepiece.

        Raises:
            BundleError: a file is missing or damaged, a rule is unknown, no tokenizer package is
                installed, or the named backend is not built.
        """
        directory = Path(directory)
        configuration = vocabulary_files.read_configuration(directory / TOKENIZER_CONFIG_FILE)
        rules = rules.checked(str(directory))
        if takes_unigram(directory, configuration):
            vocabulary = vocabulary_files.read_vocabulary(directory / VOCAB_FILE, ROBERTA_LAYOUT)
            whole, unigram = load_unigram(directory, vocabulary)
            rules = rules._replace(normalization=NONE)
            encoder = cls(whole, unigram, vocabulary, max_seq_length, rules, ROBERTA_LAYOUT)
            encoder.fingerprint = _fingerprint(directory, encoder)
            return encoder
        vocabulary = vocabulary_files.read_vocabulary(directory / VOCAB_FILE)
        lower_case = bool(configuration.get("do_lower_case", True))
        if takes_sentence_pieces(directory, configuration):
            words, pieces = load_sentence_pieces(directory, vocabulary, lower_case)
            # the pieces have a normalization of their own, in their model
            rules = rules._replace(normalization=NONE)
            encoder = cls(words, pieces, vocabulary, max_seq_length, rules)
        else:
            wordpiece = load_wordpiece(backend, vocabulary)
            normalize = Normalizer(
                lower_case,
                compatible=rules.normalization == NFKC,
                symbols_alone=bool(configuration.get(vocabulary_files.SYMBOLS_ALONE, True)),
            )
            encoder = cls(normalize, wordpiece, vocabulary, max_seq_length, rules)
        encoder.fingerprint = _fingerprint(directory, encoder)
        return encoder

    @property
    def backend(self) -> str:
        """Name of the tokenizer in use: ``sentencepiece``, or a backend of WordPiece."""
        return self._wordpiece.name

    def encode(self, query: str, titles: Sequence[str]) -> list[Row]:
        """Encode one query against many titles, in the order given."""
        return self.encode_pairs([(query, title) for title in titles])

    def encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Row]:
        """Encode pairs whose queries may differ; each distinct text is tokenized once."""
        if self._native is not None:
            return self._native.pairs(pairs)
        # one more than a row holds, which tells that something was cut
        texts = dict.fromkeys((text for pair in pairs for text in pair), self.room + 1)
        tokens = self._tokens(texts)
        return [self._pair_row(tokens[query], tokens[title]) for query, title in pairs]

    def first_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokens of texts whose pairs :meth:`row` makes later: as many as matter in any of them.

        For the texts of whole files, of which many have the same words. One thread may call it.
        """
        if self._native is not None:
            return self._native.first_tokens(texts)
        if self._of_files is None:
            has_words = isinstance(self._normalize, Normalizer)
            self._of_files = RememberedWords(self._wordpiece) if has_words else self._wordpiece
        found = self._tokens(dict.fromkeys(texts, self.room + 1), wordpiece=self._of_files)
        return [found[text] for text in texts]

    def row(self, query: Tokens, title: Tokens) -> Row:
        """The row of a pair whose tokens are known: that of :meth:`encode_pairs`."""
        return self._pair_row(query, title)

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
        if self._native is not None:
            return self._native.chunks(pairs, max_title_tokens, max_chunks, max_tokens)
        most = self.room if max_title_tokens is None else min(self.room, max_title_tokens)
        queries = self._tokens(dict.fromkeys((query for query, _ in pairs), self.room + 1))
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

    def _tokens(
        self,
        most: Mapping[str, int],
        limit: Optional[int] = None,
        wordpiece: Optional[WordPiece] = None,
    ) -> dict[str, Tokens]:
        wordpiece = wordpiece or self._wordpiece
        if not isinstance(self._normalize, Normalizer):
            return first_pieces(self._normalize, wordpiece, most, limit)
        return first_tokens(self._normalize, wordpiece, self._continuing, most, limit)

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
        return min(self.room - self._kept(query, first), most)

    def _pair_row(self, query: Tokens, title: Tokens) -> Row:
        return self._row(query, self._kept(len(query.ids), len(title.ids)), title)

    def _kept(self, query: int, title: int) -> int:
        """How many tokens stay of a query beside a title."""
        return kept_of_query(query, title, self.room, self.rules.truncation)

    def _row(self, query: Tokens, kept: int, title: Tokens) -> Row:
        """Assemble one row of the query's first ``kept`` tokens, and what fits of the title."""
        kept_title = title.ids[: self.room - kept]
        border = kept + 1
        head = border + self.layout.borders
        input_ids = np.empty(head + len(kept_title) + 1, dtype=np.int64)
        input_ids[0] = self._cls_id
        input_ids[1:border] = query.ids[:kept]
        input_ids[border:head] = self._sep_id
        input_ids[head:-1] = kept_title
        input_ids[-1] = self._sep_id
        token_type_ids = np.zeros(len(input_ids), dtype=np.int64)
        token_type_ids[head:] = self.layout.token_types - 1
        truncated = len(kept_title) < title.counted
        special = self._special
        return Row(
            input_ids, token_type_ids, truncated, query.counted, kept, title.counted, special
        )

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


def _fingerprint(directory: Path, encoder: PairEncoder) -> str:
    """Of the files and rules that decide which tokens a text has, and how many are looked for."""
    about = (encoder.backend, encoder.room, encoder.rules.normalization)
    digest = blake2b(repr(about).encode(), digest_size=12)
    for name in (VOCAB_FILE, TOKENIZER_CONFIG_FILE, PIECES_FILE, WORDS_FILE, UNIGRAM_FILE):
        file = directory / name
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()
