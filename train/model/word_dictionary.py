# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rewrites ERNIE-tiny's dictionary of words, which PaddleNLP has as a pickle, as JSON.

A pickle may run any code when it is read. This reader builds sets, lists, dictionaries, numbers
and strings, and nothing else.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contract.errors import SetUpError

_ALLOWED = {
    (module, kind.__name__): kind
    for module in ("builtins", "__builtin__")
    for kind in (set, frozenset)
}


class _WordUnpickler(pickle.Unpickler):  # noqa: S301 - it is what makes reading safe
    """Finds no class but those of sets."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[(module, name)]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place among words") from None


def read_pickled_words(path: Path) -> list[str]:
    """The words of ``dict.wordseg.pickle``, sorted: a set, a list, or the keys of a dictionary.

    Raises:
        SetUpError: it holds something else, or cannot be read.
    """
    try:
        content = _WordUnpickler(io.BytesIO(path.read_bytes())).load()
    # a damaged file may raise whatever its instructions run into
    except (OSError, pickle.UnpicklingError, EOFError, LookupError, TypeError, ValueError) as error:
        raise SetUpError(f"is not a readable dictionary ({error})", field=str(path)) from error
    if not isinstance(content, (set, frozenset, list, tuple, dict)):
        raise SetUpError(f"holds {type(content).__name__}, not words", field=str(path))
    strange = next((word for word in content if not isinstance(word, str)), None)
    if strange is not None:
        raise SetUpError(f"holds {strange!r} among its words", field=str(path))
    return sorted(content)


def write_words(words: Iterable[str], path: Path) -> None:
    """Write what :mod:`contract.text.sentence_pieces` reads, one word a line."""
    text = json.dumps(list(words), ensure_ascii=False, indent=0)
    path.write_text(text + "\n", encoding="utf-8")
