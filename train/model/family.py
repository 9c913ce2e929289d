# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The architectures of PaddleNLP that a ranker is built on, and what is known of a found model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from numpy.typing import NDArray
from paddlenlp.transformers import (
    ErnieConfig,
    ErnieForSequenceClassification,
    ErnieGramConfig,
    ErnieGramForSequenceClassification,
    ErnieGramModel,
    ErnieGramTokenizer,
    ErnieModel,
    ErnieTokenizer,
)
from paddlenlp.utils.log import logger

from contract.errors import SetUpError
from contract.text.rules import TextRules

Parameters = dict[str, NDArray[Any]]

logger.set_level("ERROR")

# ErnieModel and ErnieForSequenceClassification, but not ErnieMModel or ErnieCtmModel
_CLASS = re.compile(r"Ernie(?P<gram>Gram)?(Model|For[A-Z]\w+)")


@dataclass(frozen=True)
class Family:
    """One architecture of PaddleNLP and the classes that make it up."""

    prefix: str
    config: type[Any]
    encoder: type[Any]
    classifier: type[Any]
    tokenizer: type[Any]


FAMILIES = {
    "ernie": Family(
        "ernie", ErnieConfig, ErnieModel, ErnieForSequenceClassification, ErnieTokenizer
    ),
    "ernie_gram": Family(
        "ernie_gram",
        ErnieGramConfig,
        ErnieGramModel,
        ErnieGramForSequenceClassification,
        ErnieGramTokenizer,
    ),
}


@dataclass(frozen=True)
class Backbone:
    """What ``--model_name_or_path`` and ``--tokenizer`` stand for.

    Attributes:
        name: as the user gave it.
        family: the architecture.
        config: PaddleNLP's configuration object.
        parameters: the weights under their file's names, or ``None`` for random ones.
        tokenizer_dir: holds what the encoder reads; ``vocab.txt`` always.
        ranker: the kind of ranker whose checkpoint this is, or ``None``.
        logits: of a pair, that the head of a cross-encoder has.
        rules: of its texts, where it states them.
        max_seq_length: longest row in tokens, where it states one.
        digest: SHA-256 of the weights, where they came with one.
    """

    name: str
    family: Family
    config: Any
    parameters: Optional[Parameters]
    tokenizer_dir: Path
    ranker: Optional[str]
    logits: int = 2
    rules: Optional[TextRules] = None
    max_seq_length: Optional[int] = None
    digest: Optional[str] = None


def family_of(content: dict[str, Any], file: Path) -> Family:
    """By ``model_type``, or by the class that PaddleNLP named before 2.5.

    Raises:
        SetUpError: it is another architecture.
    """
    if "model_type" not in content and "init_class" in content:
        made = _CLASS.fullmatch(str(content["init_class"]))
        if made is None:
            raise SetUpError(
                f"init_class {content['init_class']!r} is not supported; it must be one of ERNIE's "
                "or ERNIE-Gram's",
                field=str(file),
            )
        return FAMILIES["ernie_gram" if made["gram"] else "ernie"]
    model_type = content.get("model_type", "ernie")
    if model_type not in FAMILIES:
        raise SetUpError(
            f"model_type {model_type!r} is not supported; use one of {', '.join(FAMILIES)}",
            field=str(file),
        )
    return FAMILIES[model_type]
