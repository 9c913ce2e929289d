# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies a tokenizer with all files that PaddleNLP writes for one, so that it reads the copy alike.

A directory of a vocabulary comes in; checkpoints and bundles go out. The service itself reads the
vocabulary and ``do_lower_case`` alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE
from contract.errors import SetUpError

SPECIAL_TOKENS_FILE = "special_tokens_map.json"
# in the order in which PaddleNLP writes them
_SPECIAL_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
# what the encoder takes a vocabulary for that comes alone
_DEFAULTS = {"do_lower_case": True, "tokenizer_class": "ErnieTokenizer"}


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy vocabulary, configuration and special tokens; what is missing of the last two is made.

    Args:
        source: has ``vocab.txt``.
        target: a directory, made if it is not there.

    Raises:
        SetUpError: the configuration is not a JSON object.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in (VOCAB_FILE, TOKENIZER_CONFIG_FILE, SPECIAL_TOKENS_FILE):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    if not (target / TOKENIZER_CONFIG_FILE).is_file():
        _write(target / TOKENIZER_CONFIG_FILE, _DEFAULTS)
    if not (target / SPECIAL_TOKENS_FILE).is_file():
        said = _configuration(target / TOKENIZER_CONFIG_FILE)
        tokens = {name: said.get(name, token) for name, token in _SPECIAL_TOKENS.items()}
        _write(target / SPECIAL_TOKENS_FILE, tokens)


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _configuration(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetUpError(f"cannot be read ({error})", field=str(path)) from error
    if not isinstance(content, dict):
        raise SetUpError("is not a JSON object", field=str(path))
    return content
