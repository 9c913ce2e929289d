# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Cuts words into the pieces of a vocabulary, by one of four backends that give the same ids.

Three are packages, one is built here. Each is given words that ``contract.text.normalization`` has
separated by spaces, and does WordPiece only: the longest piece of the vocabulary first, one [UNK]
for a word that has none or is too long. Special tokens are not registered with any of them, so a
title that contains the characters ``[SEP]`` is text and cannot move the border between query and
title.

Import ``contract.encoding`` instead: it normalizes texts and cuts long ones.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Callable, Optional, Protocol

from contract.errors import BundleError
from contract.text.native import NAME, REMEDY, NativeWordPiece, UnusableModule
from contract.text.normalization import LONGEST_WORD
from contract.text.tokenizer_threads import tokenizer_threads
from contract.text.vocabulary import UNKNOWN

_CONTINUED = "##"
_REMEMBERED_WORDS = 200_000
_WORDS_AT_ONCE = 1024


class WordPiece(Protocol):
    """Normalized texts to the ids of each, without special tokens; any thread may call it.

    Attributes:
        name: of the package.
    """

    name: str

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text."""


class _Tokenizers:
    """Hugging Face tokenizers, in Rust; other Python threads run while it works."""

    name = "tokenizers"

    def __init__(self, vocabulary: dict[str, int]) -> None:
        _prepare_rust_threads(tokenizer_threads())
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece as Model
        from tokenizers.pre_tokenizers import WhitespaceSplit

        if not hasattr(Tokenizer, "encode_batch_fast"):
            raise ImportError("tokenizers 0.20 or newer is needed")
        model = Model(
            vocabulary,
            unk_token=UNKNOWN,
            continuing_subword_prefix=_CONTINUED,
            max_input_chars_per_word=LONGEST_WORD,
        )
        self._tokenizer = Tokenizer(model)
        self._tokenizer.pre_tokenizer = WhitespaceSplit()

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        # "fast" leaves out where in the text each token stood
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


class RememberedWords:
    """Another backend, asked once for each word that comes often; for the texts of whole files.

    Words are what stands between spaces, so that a text's ids are those of its words in turn. Files
    have few distinct words, most of them single characters; remembered are a bounded number.
    """

    def __init__(self, wordpiece: WordPiece, most: int = _REMEMBERED_WORDS) -> None:
        """Remember what this backend says of about so many words at most."""
        self.name = wordpiece.name
        self._most = most
        self._wordpiece = wordpiece
        self._ids: dict[str, tuple[int, ...]] = {"": ()}

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text."""
        words = [text.split(" ") for text in texts]
        new = list(set(chain.from_iterable(words)).difference(self._ids))
        if len(self._ids) > self._most:
            self._ids = {"": ()}
            new = list({word for of_text in words for word in of_text if word})
        # a call for no words is an error to some of the packages
        for start in range(0, len(new), _WORDS_AT_ONCE):
            part = new[start : start + _WORDS_AT_ONCE]
            self._ids.update(zip(part, map(tuple, self._wordpiece(part))))
        known = self._ids
        return [
            list(chain.from_iterable([known[word] for word in of_text if word]))
            for of_text in words
        ]


def _prepare_rust_threads(count: Optional[int]) -> None:
    """Set what the package reads at its first call of a process, and keeps from then on."""
    if count is None:
        # threads of its own would take the cores of the engine, and none of them survives a fork;
        # the service's own threads run side by side without them
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        return
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if count > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(count)


class _FastTokenizer:
    """fast_tokenizer-python, in C++; it keeps Python's lock, and with it all other threads."""

    name = "fast_tokenizer"

    def __init__(self, vocabulary: dict[str, int]) -> None:
        from fast_tokenizer import Tokenizer, set_thread_num
        from fast_tokenizer.models import WordPiece as Model
        from fast_tokenizer.normalizers import BertNormalizer
        from fast_tokenizer.pretokenizers import WhitespacePreTokenizer

        count = tokenizer_threads()
        if count is not None:
            set_thread_num(count)
        model = Model(
            vocabulary,
            unk_token=UNKNOWN,
            continuing_subword_prefix=_CONTINUED,
            max_input_chars_per_word=LONGEST_WORD,
            handle_chinese_chars=True,
        )
        self._tokenizer = Tokenizer(model)
        # one is required: without any, every text encodes to nothing; this one changes nothing
        self._tokenizer.normalizer = BertNormalizer(
            clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False
        )
        self._tokenizer.pretokenizer = WhitespacePreTokenizer()
        self._tokenizer.disable_truncation()
        self._tokenizer.disable_padding()

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


class _PaddleNLP:
    """The last part of PaddleNLP's ErnieTokenizer, in Python.

    The parts before it read the running Python's Unicode data, so that the whole of it gives other
    tokens on another Python.
    """

    name = "paddlenlp"

    def __init__(self, vocabulary: dict[str, int]) -> None:
        from paddlenlp.transformers import WordpieceTokenizer

        self._ids = vocabulary
        self._pieces: Callable[[str], list[str]] = WordpieceTokenizer(
            vocabulary, UNKNOWN, LONGEST_WORD
        ).tokenize

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        return [[self._ids[piece] for piece in self._pieces(text)] for text in texts]


def continuing_characters(vocabulary: Mapping[str, int]) -> frozenset[str]:
    """All that a word may have after its first character, if it is not to be [UNK]."""
    pieces = (token for token in vocabulary if token.startswith(_CONTINUED))
    return frozenset("".join(piece[len(_CONTINUED) :] for piece in pieces))


_Build = Callable[[dict[str, int]], WordPiece]
# the fastest first, each with what makes it importable
_BACKENDS: Mapping[str, tuple[_Build, str]] = {
    NAME: (NativeWordPiece, REMEDY),
    "tokenizers": (_Tokenizers, "pip install 'tokenizers>=0.20'"),
    "fast_tokenizer": (_FastTokenizer, "pip install 'fast-tokenizer-python==1.0.2'"),
    "paddlenlp": (_PaddleNLP, "pip install 'paddlenlp'"),
}
BACKENDS = tuple(_BACKENDS)
AUTO = "auto"


def load_wordpiece(backend: str, vocabulary: dict[str, int]) -> WordPiece:
    """Build a backend.

    Warns when ``auto`` passes over the module in C++ although there is one.

    Args:
        backend: a name of ``BACKENDS``, or ``auto``: the first of them that imports.
        vocabulary: ids by token, ``[UNK]`` among them.

    Raises:
        BundleError: the name is unknown, its package is not installed, or the module in C++ is not
            built or not of this code.
    """
    if backend not in (AUTO, *BACKENDS):
        raise BundleError(
            f"unknown {backend!r}; use {', '.join((AUTO, *BACKENDS[:-1]))} or {BACKENDS[-1]}",
            field="backend",
        )
    names = BACKENDS if backend == AUTO else (backend,)
    reason: Optional[ImportError] = None
    for name in names:
        build, _ = _BACKENDS[name]
        try:
            return build(vocabulary)
        except ImportError as error:
            reason = error
            if backend == AUTO and isinstance(error, UnusableModule):
                warnings.warn(f"{error}; run {REMEDY}", RuntimeWarning, stacklevel=2)
    remedies = " or ".join(_BACKENDS[name][1] for name in names)
    raise BundleError(f"run {remedies} ({reason})", field="backend") from reason
