# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes tokens as XLM-RoBERTa does: SentencePiece's pieces of the whole text.

It stands where ``contract.text.normalization`` and ``contract.text.wordpiece`` stand for other
vocabularies, and gives the ids of Hugging Face's XLMRobertaTokenizer. Special tokens are no part of
it, so a title that contains ``</s>`` is text.

Import ``contract.encoding`` instead, which takes this step where a tokenizer directory asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract.text.sentence_pieces import read_pieces
from contract.text.tokenizer_threads import tokenizer_threads
from contract.text.vocabulary import ROBERTA_LAYOUT

UNIGRAM_FILE = "sentencepiece.bpe.model"
UNIGRAM_CLASS = "XLMRobertaTokenizer"

# SentencePiece takes well-formed Unicode only
_HALVES = dict.fromkeys(range(0xD800, 0xE000))


class WholeText:
    """The model separates words by itself; see :class:`contract.text.sentence_pieces.Words`."""

    def first_words(self, text: str, most: int) -> str:
        """All of the text."""
        return text.translate(_HALVES)


class Unigram:
    """Texts to ids, by the package that wrote the model; any thread may call it."""

    name = "sentencepiece"

    def __init__(self, processor: Any, vocabulary: Mapping[str, int]) -> None:
        """Bind a processor to the ids of its pieces; a piece without one is unknown."""
        unknown = vocabulary[ROBERTA_LAYOUT.unknown]
        pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
        self._processor = processor
        self._ids = [vocabulary.get(piece, unknown) for piece in pieces]
        self._threads = tokenizer_threads() or 1

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text."""
        found = self._processor.encode(list(texts), out_type=int, num_threads=self._threads)
        return [[self._ids[index] for index in indices] for indices in found]


def takes_unigram(directory: Path, configuration: Mapping[str, Any]) -> bool:
    """Whether a tokenizer directory is XLM-RoBERTa's, by its class or, where it names none, a file.

    Args:
        directory: of the tokenizer.
        configuration: what its ``tokenizer_config.json`` says.
    """
    named = configuration.get("tokenizer_class")
    if named is None:
        return (directory / UNIGRAM_FILE).is_file()
    return str(named).startswith(UNIGRAM_CLASS)


def load_unigram(directory: Path, vocabulary: Mapping[str, int]) -> tuple[WholeText, Unigram]:
    """Both steps of a directory.

    Raises:
        BundleError: the model is missing or damaged, or the package is not installed.
    """
    return WholeText(), Unigram(read_pieces(directory / UNIGRAM_FILE), vocabulary)
