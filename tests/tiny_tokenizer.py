# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A tokenizer of ERNIE-tiny's kind, as bundles have it and as PaddleNLP has it."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contract.text.sentence_pieces import PICKLED_WORDS_FILE, PIECES_FILE, WORDS_FILE

# written by tests.make_tiny_tokenizer
TINY_TOKENIZER = Path(__file__).resolve().parent / "fixtures" / "ernie_tiny"


def as_paddlenlp(directory: Path, kind: Callable[[list[str]], Any] = set) -> Path:
    """The three files that PaddleNLP downloads, with the words as a pickle of some kind."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.txt", PIECES_FILE):
        shutil.copy(TINY_TOKENIZER / name, directory)
    words = json.loads((TINY_TOKENIZER / WORDS_FILE).read_text(encoding="utf-8"))
    (directory / PICKLED_WORDS_FILE).write_bytes(pickle.dumps(kind(words)))
    return directory
