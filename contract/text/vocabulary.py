# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the two files of a tokenizer; PaddleNLP reads the same ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Union

from contract.errors import BundleError

UNKNOWN = "[UNK]"
VOCAB_FILE = "vocab.txt"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
# the key of that file that Hugging Face's vocabularies have as false
SYMBOLS_ALONE = "symbols_alone"


class RowLayout(NamedTuple):
    """How the two texts of a pair stand in a row: ``begin query end... title end``.

    Attributes:
        pad: the token that fills rows up.
        begin: the first token of a row.
        end: the token after each text.
        unknown: the token of what has none.
        borders: how many ``end`` stand between query and title.
        token_types: 2 when the title has token type 1, 1 when all tokens have type 0.
    """

    pad: str
    begin: str
    end: str
    unknown: str
    borders: int
    token_types: int

    @property
    def special(self) -> int:
        """Special tokens of a row."""
        return self.borders + 2


# [CLS] query [SEP] title [SEP]
BERT_LAYOUT = RowLayout("[PAD]", "[CLS]", "[SEP]", UNKNOWN, borders=1, token_types=2)
# <s> query </s></s> title </s>
ROBERTA_LAYOUT = RowLayout("<pad>", "<s>", "</s>", "<unk>", borders=2, token_types=1)


def save_tokenizer(tokens: Iterable[str], directory: Union[str, Path], lower_case: bool) -> None:
    """Write the two files."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / VOCAB_FILE).write_text("".join(f"{t}\n" for t in tokens), encoding="utf-8")
    config = {"do_lower_case": lower_case, "tokenizer_class": "ErnieTokenizer"}
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (directory / TOKENIZER_CONFIG_FILE).write_text(text, encoding="utf-8")


def read_vocabulary(path: Path, layout: RowLayout = BERT_LAYOUT) -> dict[str, int]:
    """Ids by token, one token a line; the special ones are those of the layout.

    Raises:
        BundleError: it cannot be read, or lacks a special token.
    """
    try:
        # not splitlines(): U+2028 and its like are tokens of some vocabularies
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"cannot read the vocabulary ({error}); export the bundle again", field=str(path)
        ) from error
    vocabulary = {line.rstrip("\r"): i for i, line in enumerate(lines)}
    missing = [token for token in layout[:4] if token not in vocabulary]
    if missing:
        kind = "an ERNIE" if layout == BERT_LAYOUT else "an XLM-RoBERTa"
        raise BundleError(
            f"the vocabulary lacks {', '.join(missing)}; it is not {kind} vocab.txt",
            field=str(path),
        )
    return vocabulary


def read_configuration(path: Path) -> dict[str, Any]:
    """What ``tokenizer_config.json`` says; nothing where there is none.

    Raises:
        BundleError: the file is damaged.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise BundleError(f"cannot read the tokenizer config ({error})", field=str(path)) from error
    return content
