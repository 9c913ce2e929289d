# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turn texts into the tokens of models that others have trained, as those were trained to.

The only place besides ``contract.encoding`` that tokenizes: a teacher's rows are no ranker's rows,
and nothing that is served passes here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Union

from contract.errors import SetUpError
from train.teachers.encoder_graph import TokenRow

TOKENIZER_FILE = "tokenizer.json"
_VOCABULARY_FILE = "vocab.txt"
_CONFIG_FILE = "tokenizer_config.json"


class ForeignTokens:
    """A tokenizer of Hugging Face's package, with the model's own special tokens."""

    def __init__(self, tokenizer: Any, max_seq_length: int) -> None:
        """Cut rows to a length: of a pair, token by token the longer of the two."""
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_seq_length, strategy="longest_first")
        self._tokenizer = tokenizer

    def rows(self, texts: Sequence[Union[str, tuple[str, str]]]) -> list[TokenRow]:
        """Rows of texts, or of pairs of texts."""
        return [
            TokenRow(row.ids, row.type_ids) for row in self._tokenizer.encode_batch(list(texts))
        ]


def read_tokens(directory: Path, max_seq_length: int) -> ForeignTokens:
    """The tokenizer of a model's directory: ``tokenizer.json``, or a BERT's ``vocab.txt``.

    Raises:
        SetUpError: there is none, it is damaged, or the package is not installed.
    """
    package = _package(str(directory))
    file, vocabulary = directory / TOKENIZER_FILE, directory / _VOCABULARY_FILE
    try:
        if file.is_file():
            return ForeignTokens(package.tokenizer.from_file(str(file)), max_seq_length)
        if vocabulary.is_file():
            settings = directory / _CONFIG_FILE
            text = settings.read_text(encoding="utf-8") if settings.is_file() else "{}"
            lower = bool(json.loads(text).get("do_lower_case", True))
            made = package.word_pieces(str(vocabulary), lowercase=lower)
            return ForeignTokens(made, max_seq_length)
    # the package raises nothing narrower for a damaged file
    except Exception as error:
        raise SetUpError(f"tokenizer cannot be read ({error})", field=str(directory)) from error
    raise SetUpError(f"has neither {TOKENIZER_FILE} nor {_VOCABULARY_FILE}", field=str(directory))


class PieceTokens:
    """SentencePiece's unigram model, over texts that are normalized already."""

    def __init__(self, pieces: Sequence[tuple[str, float]], unknown: int, where: str) -> None:
        """Pieces with their scores; ``unknown`` is the number of the unknown one."""
        package = _package(where)
        self._tokenizer = package.tokenizer(package.unigram(list(pieces), unk_id=unknown))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens."""
        found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [row.ids for row in found]


class _Package(NamedTuple):
    tokenizer: Any
    word_pieces: Any
    unigram: Any


def _package(where: str) -> _Package:
    try:
        from tokenizers import BertWordPieceTokenizer, Tokenizer
        from tokenizers.models import Unigram
    except ImportError as error:
        raise SetUpError(
            "its texts are read by the package tokenizers, which is not installed here; run the "
            "command in .venv",
            field=where,
        ) from error
    return _Package(Tokenizer, BertWordPieceTokenizer, Unigram)
