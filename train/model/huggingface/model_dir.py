# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the model of a Hugging Face directory: configuration, weights, head and tokenizer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Optional

from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER
from contract.text.rules import UPSTREAM_RULES, TextRules
from train.model.checkpoint import CONFIG_FILE, PARAMETERS_FILE, RANKER_FILE, sha256
from train.model.family import FAMILIES, Backbone
from train.model.huggingface.architecture import to_paddle
from train.model.huggingface.tokenizer import convert_tokenizer, has_tokenizer
from train.model.huggingface.weights import (
    WEIGHTS_FILES,
    foreign_weights,
    read_weights,
    shards_of,
    weights_file,
)
from train.model.tokenizer_files import readable_tokenizer, temporary_tokenizer

# of a model that does not say; some have positions for 8192 tokens
_LONGEST_ROW = 512
# the key of our exports' config.json that holds what Hugging Face's files have no place for
OURS = "ranking_stack"


def is_huggingface(directory: Path, config: dict[str, Any]) -> bool:
    """Whether a directory with a ``config.json`` is Hugging Face's.

    PaddleNLP's has its own weights, or none at all and no tokenizer of theirs.
    """
    if (directory / PARAMETERS_FILE).is_file() or (directory / RANKER_FILE).is_file():
        return False
    theirs = "transformers_version" in config or has_tokenizer(directory)
    return theirs or bool(foreign_weights(directory))


def huggingface_backbone(
    directory: Path, config: dict[str, Any], name: str, tokenizer: Optional[str]
) -> Backbone:
    """The model of a directory.

    Raises:
        SetUpError: it has no weights that can be read, is another architecture, or has another
            kind of tokenizer.
    """
    file = weights_file(directory)
    if file is None:
        found = ", ".join(foreign_weights(directory)) or "no weights"
        raise SetUpError(
            f"has {found}, but none of {', '.join(WEIGHTS_FILES)}; save the model as "
            "model.safetensors",
            field=f"model_name_or_path {name}",
        )
    made = to_paddle(config, read_weights(file), str(directory / CONFIG_FILE))
    family = FAMILIES["ernie"]
    rules = UPSTREAM_RULES
    if tokenizer is None:
        files = temporary_tokenizer()
        rules = rules._replace(normalization=convert_tokenizer(directory, files))
    else:
        files = readable_tokenizer(Path(tokenizer))
    stated = config.get(OURS)
    about: dict[str, Any] = stated if isinstance(stated, dict) else {}
    head = made.logits if made.logits in (1, 2) else 0
    ranker = about.get("ranker", CROSS_ENCODER) if head else None
    return Backbone(
        name,
        family,
        family.config.from_dict(made.config),
        made.parameters,
        files,
        ranker,
        logits=head or 2,
        rules=TextRules.stated(about, str(directory / CONFIG_FILE)) if about else rules,
        max_seq_length=about.get("max_seq_length")
        or min(_LONGEST_ROW, made.config["max_position_embeddings"]),
        digest=_digest(shards_of(file)),
    )


def _digest(files: list[Path]) -> str:
    if len(files) == 1:
        return sha256(files[0])
    return hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
