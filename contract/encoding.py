# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes (query, title) pairs: the ONLY place that tokenizes, truncates and pads.

A row is ``[CLS] query [SEP] title [SEP]`` with token types 0 up to and including the first [SEP]
and 1 after it. Training, export, the service and the tensor clients share ``PairEncoder``, so that
a pair has the same ids wherever it goes. Of a long text, no more is tokenized than can matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError
from contract.text.normalization import Normalizer
from contract.text.sentence_pieces import Words, load_sentence_pieces, takes_sentence_pieces
from contract.text.wordpiece import UNKNOWN, WordPiece, load_wordpiece

INPUT_IDS = "input_ids"
TOKEN_TYPE_IDS = "token_type_ids"

VOCAB_FILE = "vocab.txt"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"

SPECIAL_TOKENS = ("[PAD]", "[CLS]", "[SEP]", UNKNOWN)
_SPECIAL_PER_ROW = 3
_MIN_SEQ_LENGTH = _SPECIAL_PER_ROW + 2
# a call may keep Python's lock, and with it all other threads
_TEXTS_AT_ONCE = 64

IntArray = NDArray[np.int64]


class Row(NamedTuple):
    """One encoded pair, unpadded.

    Attributes:
        input_ids: ``[length]`` int64.
        token_type_ids: ``[length]`` int64, 0 for the query's part and 1 for the title's.
        truncated: whether tokens of the title, or of a query that does not fit alone, were cut.
    """

    input_ids: IntArray
    token_type_ids: IntArray
    truncated: bool


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
        """Indices of pairs of which something was cut."""
        owners = range(len(self.rows)) if self.owners is None else self.owners
        return tuple(sorted({i for i, row in zip(owners, self.rows) if row.truncated}))


class PairEncoder:
    """Turns (query, title) pairs into token rows and batches of rows into feeds.

    Thread-safe after construction. Built by :meth:`load`.
    """

    def __init__(
        self,
        normalize: Words,
        wordpiece: WordPiece,
        vocabulary: Mapping[str, int],
        max_seq_length: int,
    ) -> None:
        """Bind the two steps to their vocabulary and to the longest row they may produce."""
        if max_seq_length < _MIN_SEQ_LENGTH:
            raise BundleError(
                f"must be at least {_MIN_SEQ_LENGTH} (three special tokens and one of each text), "
                f"got {max_seq_length}",
                field="max_seq_length",
            )
        self._normalize = normalize
        self._wordpiece = wordpiece
        self.max_seq_length = max_seq_length
        self._room = max_seq_length - _SPECIAL_PER_ROW
        self.vocab_size = max(vocabulary.values()) + 1
        self.pad_id, self._cls_id, self._sep_id, _ = (vocabulary[t] for t in SPECIAL_TOKENS)

    @classmethod
    def load(
        cls, directory: Union[str, Path], max_seq_length: int, *, backend: str = "auto"
    ) -> PairEncoder:
        """Read ``vocab.txt`` (one token a line) and, when present, ``tokenizer_config.json``.

        A directory of ERNIE-tiny has its pieces and its words beside them.

        Args:
            directory: a tokenizer directory of a bundle or a checkpoint.
            max_seq_length: longest row in tokens, special tokens included.
            backend: ``tokenizers``, ``fast_tokenizer``, ``paddlenlp``, or ``auto``: the first of
                them that imports. A directory of ERNIE-tiny has one package only, sentencepiece.

        Raises:
            BundleError: a file is missing or damaged, or no tokenizer package is installed.
        """
        directory = Path(directory)
        vocabulary = _read_vocabulary(directory / VOCAB_FILE)
        configuration = _read_configuration(directory / TOKENIZER_CONFIG_FILE)
        lower_case = bool(configuration.get("do_lower_case", True))
        if takes_sentence_pieces(directory, configuration):
            words, pieces = load_sentence_pieces(directory, vocabulary, lower_case)
            return cls(words, pieces, vocabulary, max_seq_length)
        wordpiece = load_wordpiece(backend, vocabulary)
        return cls(Normalizer(lower_case), wordpiece, vocabulary, max_seq_length)

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
        ids = self._ids(dict.fromkeys((text for pair in pairs for text in pair), self._room + 1))
        return [self._row(ids[query], ids[title]) for query, title in pairs]

    def encode_chunks(
        self, pairs: Sequence[tuple[str, str]], max_title_tokens: Optional[int], max_chunks: int
    ) -> Rows:
        """Encode pairs; a title that does not fit into a row goes on in further ones.

        Args:
            pairs: (query, title).
            max_title_tokens: most tokens of a title in a row; ``None``: as many as fit.
            max_chunks: most rows of a pair; what is left after them is cut.
        """
        if max_title_tokens is None and max_chunks == 1:
            return Rows(tuple(self.encode_pairs(pairs)))
        size = self._room if max_title_tokens is None else min(self._room, max_title_tokens)
        most = dict.fromkeys((title for _, title in pairs), max_chunks * max(1, size) + 1)
        for query, _ in pairs:
            most[query] = max(most.get(query, 0), self._room + 1)
        ids = self._ids(most)
        rows: list[Row] = []
        owners: list[int] = []
        for index, (query, title) in enumerate(pairs):
            chunks = self._chunks(ids[query], ids[title], max_title_tokens, max_chunks)
            rows += chunks
            owners += [index] * len(chunks)
        return Rows(tuple(rows), tuple(owners))

    def _ids(self, most: Mapping[str, int]) -> dict[str, list[int]]:
        """The first ids of each text, as many as ``most`` says.

        A word has at least one token, so the first ``n`` tokens lie in the first ``n`` words.
        """
        texts = list(most)
        ids: dict[str, list[int]] = {}
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            part = texts[start : start + _TEXTS_AT_ONCE]
            words = [self._normalize.first_words(text, most[text]) for text in part]
            found = self._wordpiece(words)
            ids.update((text, own[: most[text]]) for text, own in zip(part, found))
        return ids

    def _chunks(
        self, query: Sequence[int], title: Sequence[int], most: Optional[int], max_chunks: int
    ) -> list[Row]:
        room = self._room - len(query)
        # a query that fills the row leaves nothing to divide
        size = max(1, room if most is None else min(room, most))
        parts = [title[start : start + size] for start in range(0, len(title), size)] or [title]
        rows = [self._row(query, part) for part in parts[:max_chunks]]
        if len(parts) > max_chunks:
            rows[-1] = rows[-1]._replace(truncated=True)
        return rows

    def _row(self, query: Sequence[int], title: Sequence[int]) -> Row:
        """Assemble one row; the title gives way first, the query only when it alone is too long."""
        kept_query = query[: self._room]
        kept_title = title[: self._room - len(kept_query)]
        head = len(kept_query) + 2
        input_ids = np.empty(head + len(kept_title) + 1, dtype=np.int64)
        input_ids[0] = self._cls_id
        input_ids[1 : head - 1] = kept_query
        input_ids[head - 1] = self._sep_id
        input_ids[head:-1] = kept_title
        input_ids[-1] = self._sep_id
        token_type_ids = np.zeros(len(input_ids), dtype=np.int64)
        token_type_ids[head:] = 1
        truncated = len(kept_query) + len(kept_title) < len(query) + len(title)
        return Row(input_ids, token_type_ids, truncated)

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


def save_tokenizer(tokens: Iterable[str], directory: Union[str, Path], lower_case: bool) -> None:
    """Write the two files :meth:`PairEncoder.load` reads; PaddleNLP reads the same ones."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / VOCAB_FILE).write_text("".join(f"{t}\n" for t in tokens), encoding="utf-8")
    config = {"do_lower_case": lower_case, "tokenizer_class": "ErnieTokenizer"}
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (directory / TOKENIZER_CONFIG_FILE).write_text(text, encoding="utf-8")


def _read_vocabulary(path: Path) -> dict[str, int]:
    try:
        # not splitlines(): U+2028 and its like are tokens of some vocabularies
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"cannot read the vocabulary ({error}); export the bundle again", field=str(path)
        ) from error
    vocabulary = {line.rstrip("\r"): i for i, line in enumerate(lines)}
    missing = [token for token in SPECIAL_TOKENS if token not in vocabulary]
    if missing:
        raise BundleError(
            f"the vocabulary lacks {', '.join(missing)}; it is not an ERNIE vocab.txt",
            field=str(path),
        )
    return vocabulary


def _read_configuration(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise BundleError(f"cannot read the tokenizer config ({error})", field=str(path)) from error
    return content
