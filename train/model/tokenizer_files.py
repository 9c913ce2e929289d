# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies a tokenizer with all files that PaddleNLP writes for one, so that it reads the copy alike.

Hugging Face's are converted first, as :mod:`train.model.huggingface.tokenizer` says.

A directory of a vocabulary comes in; checkpoints and bundles go out. The service itself reads the
vocabulary, the class and ``do_lower_case``, of XLM-RoBERTa the SentencePiece model, and of
ERNIE-tiny the pieces and the words. Those words are a pickle in PaddleNLP's directories and never
in ours, so that it does not read ours back.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE
from contract.errors import SetUpError
from contract.text.sentence_pieces import (
    PICKLED_WORDS_FILE,
    PIECES_FILE,
    TINY_CLASS,
    WORDS_FILE,
)
from contract.text.unigram import UNIGRAM_FILE
from train.model.huggingface.tokenizer import (
    SPECIAL_TOKENS_FILE,
    convert_tokenizer,
    has_tokenizer,
)
from train.model.word_dictionary import read_pickled_words, write_words

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
_PLAIN = (VOCAB_FILE, PIECES_FILE, WORDS_FILE, UNIGRAM_FILE)


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy vocabulary, configuration and special tokens; what is missing of the last two is made.

    The pieces and the words of ERNIE-tiny too, the words as JSON.

    Args:
        source: has ``vocab.txt``.
        target: a directory, made if it is not there.

    Raises:
        SetUpError: the configuration is not a JSON object, or the words are none.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in (*_PLAIN, TOKENIZER_CONFIG_FILE, SPECIAL_TOKENS_FILE):
        if (source / name).is_file() and source != target:
            shutil.copyfile(source / name, target / name)
    if needs_conversion(source):
        write_words(read_pickled_words(source / PICKLED_WORDS_FILE), target / WORDS_FILE)
    if not (target / TOKENIZER_CONFIG_FILE).is_file():
        tiny = {"tokenizer_class": TINY_CLASS} if (source / PIECES_FILE).is_file() else {}
        _write(target / TOKENIZER_CONFIG_FILE, {**_DEFAULTS, **tiny})
    if not (target / SPECIAL_TOKENS_FILE).is_file():
        said = _configuration(target / TOKENIZER_CONFIG_FILE)
        tokens = {name: said.get(name, token) for name, token in _SPECIAL_TOKENS.items()}
        _write(target / SPECIAL_TOKENS_FILE, tokens)


def needs_conversion(directory: Path) -> bool:
    """Whether the words of ERNIE-tiny lie there as PaddleNLP's pickle only."""
    pickled, words = directory / PICKLED_WORDS_FILE, directory / WORDS_FILE
    return pickled.is_file() and not words.is_file()


def readable_tokenizer(directory: Path) -> Path:
    """A directory that the encoder reads: the same, or a copy in the encoder's files.

    The copy lasts as long as the process.

    Raises:
        SetUpError: it is a tokenizer that cannot be converted.
    """
    if _is_huggingface(directory):
        copy = temporary_tokenizer()
        convert_tokenizer(directory, copy)
        return copy
    if not needs_conversion(directory):
        return directory
    copy = temporary_tokenizer()
    copy_tokenizer(directory, copy)
    return copy


def _is_huggingface(directory: Path) -> bool:
    """Whether it has files of theirs that are not converted, or a class that is not PaddleNLP's.

    Of XLM-RoBERTa's a copy of ours has both the model and all ids.
    """
    if (directory / UNIGRAM_FILE).is_file():
        return not (directory / VOCAB_FILE).is_file()
    return has_tokenizer(directory)


def temporary_tokenizer() -> Path:
    """An empty directory for a tokenizer, removed when the process ends."""
    directory = Path(tempfile.mkdtemp(prefix="tokenizer-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


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
