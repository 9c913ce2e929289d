# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes tokens as ERNIE-tiny does: words of a dictionary, then SentencePiece's pieces of each.

It stands where ``contract.text.normalization`` and ``contract.text.wordpiece`` stand for other
vocabularies, and gives the ids of PaddleNLP's ErnieTinyTokenizer. Special tokens are no part of it,
so a title that contains ``[SEP]`` is text.

Import ``contract.encoding`` instead, which takes this step where a tokenizer directory asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Protocol

import numpy as np

from contract.errors import BundleError
from contract.text.tokenizer_threads import tokenizer_threads
from contract.text.tokens import Tokens, WordPieces, characters_read, check_total

PIECES_FILE = "spm_cased_simp_sampled.model"
WORDS_FILE = "words.json"
# PaddleNLP's form of the words; a pickle may run any code, so nothing that serves reads it
PICKLED_WORDS_FILE = "dict.wordseg.pickle"
TINY_CLASS = "ErnieTinyTokenizer"

_UNKNOWN = "[UNK]"
# begins a word among the pieces
_SPACE = "\u2581"
# in characters; ERNIE-tiny looks for no longer word
_LONGEST_WORD = 5
_SLICE = 1024
# in one call of the package
_TEXTS_AT_ONCE = 64
# letters that have a small form since Unicode 14; ERNIE-tiny is of Python 3.9, which knows 13
_WITHOUT_SMALL_FORM = frozenset(
    {0x2C2F, 0xA7C0, 0xA7D0, 0xA7D6, 0xA7D8, 0x1C89, 0xA7CB, 0xA7CC, 0xA7DA, 0xA7DC}
    | {*range(0x10570, 0x10596), *range(0x10D50, 0x10D66), *range(0x16EA0, 0x16EB9)}
)


class Words(Protocol):
    """Separates a raw text into words by single spaces."""

    def first_words(self, text: str, most: int) -> str:
        """What follows the words that have the first ``most`` tokens may be missing or cut."""


class DictionaryWords:
    """Small letters, cut into the longest words of a dictionary, from the left."""

    def __init__(self, words: frozenset[str], bounded: bool) -> None:
        """``bounded``: each word of letters has a token of its own, whatever follows it."""
        self._words = words
        self._bounded = bounded
        self._small = _SmallLetters()

    def first_words(self, text: str, most: int) -> str:
        """See :class:`Words`."""
        found = []
        tokens = 0
        for word in self._cut(text):
            if word == " ":
                continue
            found.append(word)
            # signs and blanks may have none
            tokens += "\u4e00" <= word[0] <= "\u9fff" or (word[0].isascii() and word[0].isalnum())
            if self._bounded and tokens >= most:
                break
        return " ".join(found)

    def _cut(self, text: str) -> Iterator[str]:
        """All words; reads a slice of the text at a time."""
        rest = ""
        for start in range(0, len(text), _SLICE):
            rest += text[start : start + _SLICE].translate(self._small)
            # a word that may go on in the next slice waits for it
            end = len(rest) if start + _SLICE >= len(text) else len(rest) - _LONGEST_WORD + 1
            at = 0
            while at < end:
                size = min(_LONGEST_WORD, len(rest) - at)
                while size > 1 and rest[at : at + size] not in self._words:
                    size -= 1
                yield rest[at : at + size]
                at += size
            rest = rest[at:]


class _SmallLetters(dict[int, str]):
    """A table for ``str.translate``: small forms of letters, nothing for half a character."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        if 0xD800 <= code_point < 0xE000:
            character = ""
        elif code_point not in _WITHOUT_SMALL_FORM:
            character = character.lower()
        self[code_point] = character
        return character


class SentencePieces:
    """Words to ids, by the package that wrote the model; any thread may call it."""

    name = "sentencepiece"

    def __init__(self, processor: Any, vocabulary: Mapping[str, int]) -> None:
        """Bind a processor to the ids of its pieces; a piece without one is [UNK]."""
        self._processor = processor
        self._ids = vocabulary
        self._unknown = vocabulary[_UNKNOWN]
        self._threads = tokenizer_threads() or 1

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text."""
        found = self._processor.encode(list(texts), out_type=str, num_threads=self._threads)
        return [[self._ids.get(piece, self._unknown) for piece in pieces] for pieces in found]


def first_pieces(
    words: Words,
    pieces: WordPieces,
    most: Mapping[str, int],
    limit: Optional[int] = None,
) -> dict[str, Tokens]:
    """The first tokens of each text; see :func:`contract.text.tokens.first_tokens`.

    Args:
        words: separates words.
        pieces: makes tokens of them.
        most: how many are wanted of each text.
        limit: of the tokens of all texts.

    Raises:
        RequestTooLarge: there are more.
    """
    found = {}
    total = 0
    texts = list(most)
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = texts[start : start + _TEXTS_AT_ONCE]
        read = [characters_read(most[text]) for text in part]
        cut = [words.first_words(text[:end], most[text]) for text, end in zip(part, read)]
        for text, end, ids in zip(part, read, pieces(cut)):
            wanted = most[text]
            more = len(ids) < wanted and len(text) > end
            found[text] = Tokens(np.array(ids[:wanted], dtype=np.int64), more)
            total += min(len(ids), wanted)
        check_total(total, limit)
    return found


def takes_sentence_pieces(directory: Path, configuration: Mapping[str, Any]) -> bool:
    """Whether a tokenizer directory is ERNIE-tiny's, by its class or, where it names none, a file.

    Args:
        directory: of the tokenizer.
        configuration: what its ``tokenizer_config.json`` says.
    """
    named = configuration.get("tokenizer_class")
    return named == TINY_CLASS or (named is None and (directory / PIECES_FILE).is_file())


def load_sentence_pieces(
    directory: Path, vocabulary: Mapping[str, int], lower_case: bool
) -> tuple[DictionaryWords, SentencePieces]:
    """Both steps of a directory.

    Raises:
        BundleError: a file is missing or damaged, or the package is not installed.
    """
    if not lower_case:
        raise BundleError(
            f"do_lower_case must be true for {TINY_CLASS}, whose pieces are of small letters",
            field=str(directory),
        )
    processor = read_pieces(directory / PIECES_FILE)
    words = DictionaryWords(_read_words(directory), _separates_words(processor))
    return words, SentencePieces(processor, vocabulary)


def read_pieces(path: Path) -> Any:
    """A processor of the package with one model.

    Raises:
        BundleError: the file is missing or damaged, or the package is not installed.
    """
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise BundleError(f"pip install sentencepiece ({error})", field=str(path)) from error
    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(path.read_bytes())
    except (OSError, RuntimeError, ValueError) as error:
        raise BundleError(
            f"cannot read the SentencePiece model ({error}); export the bundle again",
            field=str(path),
        ) from error
    return processor


def _separates_words(processor: Any) -> bool:
    """Whether no piece goes over a space, so that what is cut off changes no piece before it."""
    pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    blank = processor.piece_to_id(_SPACE)
    return blank != processor.unk_id() and not any(_SPACE in piece[1:] for piece in pieces)


def _read_words(directory: Path) -> frozenset[str]:
    path = directory / WORDS_FILE
    if not path.is_file() and (directory / PICKLED_WORDS_FILE).is_file():
        raise BundleError(
            f"there is only {PICKLED_WORDS_FILE}, which may run code when it is read; publish a "
            f"bundle of this directory with export.export_to_serving --bundle --tokenizer, which "
            f"writes {WORDS_FILE}",
            field=str(path),
        )
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("not a list of words")
    except (OSError, ValueError) as error:
        raise BundleError(
            f"cannot read the words ({error}); export the bundle again", field=str(path)
        ) from error
    return frozenset(words)
