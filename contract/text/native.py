# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder in C++, ``general_model_service/src/text``: finds its module and checks that it fits.

``make build-tensor-service`` builds it beside the tensor service's program. It makes whole rows of
raw texts, the same ones as the modules beside this one, on one thread and without Python's lock.

Import ``contract.encoding`` instead, which takes it where it is built.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.environment.built import BUILT, INSTALLED
from contract.text.normalization import Normalizer
from contract.text.rows import Row, Rows
from contract.text.rules import TITLE_FIRST
from contract.text.tokenizer_threads import tokenizer_threads
from contract.text.tokens import Tokens, check_total
from contract.text.unicode_table import COMPATIBILITY_FILE, SYMBOL_FILE, TABLE_FILE
from contract.text.vocabulary import BERT_LAYOUT

NAME = "native"
REMEDY = "make build-tensor-service"
MODULE = "native_encoder"
# of general_model_service/binding/native_encoder.cc; raise both when names, arguments, answers or
# ids change
INTERFACE = 1
_FOLDERS = (BUILT, INSTALLED)
# of a checkout; the image has none, and its module is built with it
_SOURCES = Path(__file__).resolve().parents[2] / "general_model_service"
_SOURCE_FILES = ("binding/*.cc", "binding/*.h", "src/text/*.cc", "src/text/*.h")


class UnusableModule(ImportError):
    """The module is there, and is not of this code or does not load."""


def load_module(folders: Optional[Sequence[Path]] = None) -> ModuleType:
    """The module, from the first folder that has one for this Python.

    Args:
        folders: in which to look; ``None``: of the checkout, then of the image.

    Raises:
        ImportError: none has one.
        UnusableModule: it does not load, or was built from other tables or of other code.
    """
    folders = _FOLDERS if folders is None else folders
    name = MODULE + EXTENSION_SUFFIXES[0]
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        places = " or ".join(map(str, folders))
        raise ImportError(f"there is no {name} in {places}", name=MODULE)
    module = _module_at(path)
    if getattr(module, "INTERFACE", None) != INTERFACE:
        raise UnusableModule(f"{path} was built for another release of this code", name=MODULE)
    if getattr(module, "TABLES", None) != tables_digest():
        raise UnusableModule(f"{path} was built from other Unicode tables", name=MODULE)
    expected = sources_digest()
    if expected and getattr(module, "SOURCES", None) != expected:
        raise UnusableModule(f"{path} was built before its sources changed", name=MODULE)
    return module


@functools.cache
def _module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise UnusableModule(f"{path} is no module", name=MODULE)
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise UnusableModule(f"{path} does not load ({error})", name=MODULE) from error
    return module


@functools.cache
def tables_digest() -> str:
    """Of the frozen tables, as the module states it: the SHA-256 of each file, with spaces."""
    files = (TABLE_FILE, COMPATIBILITY_FILE, SYMBOL_FILE)
    return " ".join(sha256(file.read_bytes()).hexdigest() for file in files)


@functools.cache
def sources_digest() -> str:
    """Of the module's sources, as the module states it; empty where they are not."""
    files = {
        path.relative_to(_SOURCES).as_posix(): path
        for pattern in _SOURCE_FILES
        for path in _SOURCES.glob(pattern)
    }
    digests = "".join(sha256(files[name].read_bytes()).hexdigest() for name in sorted(files))
    return sha256(digests.encode()).hexdigest() if files else ""


class NativeWordPiece:
    """Words to ids; see :class:`contract.text.wordpiece.WordPiece`."""

    name = NAME

    def __init__(self, vocabulary: dict[str, int]) -> None:
        """Build it.

        Raises:
            ImportError: there is no module, or not the right one.
            BundleError: the number of threads that is set, of which it uses one, is none.
        """
        tokenizer_threads()
        self._module: Any = load_module()
        self._pieces = self._module.WordPieces(vocabulary, vocabulary[BERT_LAYOUT.unknown])

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, whose words stand between spaces."""
        found: list[list[int]] = self._pieces(texts)
        return found

    def encoder(
        self,
        normalize: Normalizer,
        vocabulary: Mapping[str, int],
        max_seq_length: int,
        truncation: str,
    ) -> NativeEncoder:
        """Of this vocabulary; ``truncation`` is that of :class:`contract.text.rules.TextRules`."""
        encoder = self._module.PairEncoder(
            self._pieces,
            begin=vocabulary[BERT_LAYOUT.begin],
            end=vocabulary[BERT_LAYOUT.end],
            lower_case=normalize.lower_case,
            compatible=normalize.compatible,
            symbols_alone=normalize.symbols_alone,
            max_seq_length=max_seq_length,
            title_first=truncation == TITLE_FIRST,
        )
        return NativeEncoder(encoder, max_seq_length)


class NativeEncoder:
    """Pairs of raw texts to rows. Rows of one call share the memory of their ids."""

    def __init__(self, encoder: Any, max_seq_length: int) -> None:
        """Bind the module's encoder."""
        self._encoder = encoder
        # the token types of any row are a part of these
        self._types = np.repeat(np.array([0, 1], dtype=np.int64), max_seq_length)
        self._types.flags.writeable = False
        self._border = max_seq_length

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Row]:
        """One row for each pair; see :meth:`contract.encoding.PairEncoder.encode_pairs`."""
        return self._rows(*self._encoder.encode_pairs(pairs))

    def chunks(
        self,
        pairs: Sequence[tuple[str, str]],
        max_title_tokens: Optional[int],
        max_chunks: int,
        max_tokens: Optional[int],
    ) -> Rows:
        """See :meth:`contract.encoding.PairEncoder.encode_chunks`.

        Raises:
            RequestTooLarge: the titles have more than ``max_tokens`` tokens.
        """
        found = self._encoder.encode_chunks(pairs, max_title_tokens, max_chunks, max_tokens)
        if found is None:
            assert max_tokens is not None
            check_total(max_tokens + 1, max_tokens)
        ids, facts, owners = found
        return Rows(tuple(self._rows(ids, facts)), tuple(owners))

    def first_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Of each text as many as matter in any row."""
        ids, facts = self._encoder.first_tokens(texts)
        return [Tokens(ids[start:end], more) for start, end, more in facts]

    def _rows(
        self, ids: NDArray[np.int64], facts: Sequence[tuple[int, int, int, bool, int, int, int]]
    ) -> list[Row]:
        types, border, special = self._types, self._border, BERT_LAYOUT.special
        # not Row(...), which takes as long again
        make = Row._make
        return [
            make(
                (
                    ids[start:end],
                    types[border - head : border - head + end - start],
                    *counts,
                    special,
                )
            )
            for start, end, head, *counts in facts
        ]
