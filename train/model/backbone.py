# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Find the pretrained model that a name or a directory stands for.

It is a directory or a name of PaddleNLP's ERNIE families, a bundle, or a directory or a name of
Hugging Face's. A name is downloaded; a directory needs no network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

from contract.encoding import VOCAB_FILE
from contract.errors import SetUpError
from train.model.bundle_checkpoint import bundle_backbone, is_bundle
from train.model.checkpoint import (
    CONFIG_FILE,
    PARAMETERS_FILE,
    RANKER_FILE,
    find_config,
    read_parameters,
)
from train.model.family import Backbone, family_of
from train.model.huggingface.hub import download, is_hub_name
from train.model.huggingface.model_dir import huggingface_backbone, is_huggingface
from train.model.huggingface.tokenizer import has_tokenizer
from train.model.paddlenlp_models import known_models, paddlenlp_backbone
from train.model.tokenizer_files import readable_tokenizer

NO_TOKEN_TYPES = (
    "the model has no token types, so it cannot tell the query from the title; use another"
)


def find_backbone(name: str, tokenizer: Optional[str] = None, *, weights: bool = True) -> Backbone:
    """Resolve a directory, a configuration file or a name.

    Args:
        name: a bundle; a directory with ``config.json``, or ``model_config.json`` as PaddleNLP
            wrote before 2.5; such a file itself; PaddleNLP's name; or Hugging Face's,
            ``OWNER/NAME``.
        tokenizer: directory of ``vocab.txt``; ``None`` takes the model's own.
        weights: whether to read the weights too, with whatever head their file has.

    Raises:
        SetUpError: there is no such model, it cannot be used, or a file of it is missing.
    """
    path = Path(name)
    if path.is_dir() and is_bundle(path):
        backbone = bundle_backbone(path, name)
        if tokenizer is not None:
            raise SetUpError("a bundle has its own; leave it out", field="tokenizer")
    elif path.exists():
        backbone = _local(path, name, tokenizer, weights)
    elif name not in known_models() and is_hub_name(name):
        backbone = _local(download(name), name, tokenizer, weights)
    else:
        backbone = paddlenlp_backbone(name, tokenizer, weights)
    # how many its tokenizer needs is known with the encoder
    if getattr(backbone.config, "type_vocab_size", 0) < 1:
        raise SetUpError(NO_TOKEN_TYPES, field="model_name_or_path")
    return backbone


def _local(path: Path, name: str, tokenizer: Optional[str], weights: bool) -> Backbone:
    file = (find_config(path) or path / CONFIG_FILE) if path.is_dir() else path
    home = file.parent
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise SetUpError(
            f"has no readable {CONFIG_FILE} ({error})", field=f"model_name_or_path {name}"
        ) from error
    if path.is_dir() and is_huggingface(path, content):
        return huggingface_backbone(path, content, name, tokenizer)
    family = family_of(content, file)
    tokenizer_dir = Path(tokenizer) if tokenizer else home
    if not (tokenizer_dir / VOCAB_FILE).is_file() and not has_tokenizer(tokenizer_dir):
        raise SetUpError(
            f"{tokenizer_dir} has no {VOCAB_FILE}; name a directory that has one", field="tokenizer"
        )
    parameters_file = home / PARAMETERS_FILE
    parameters = None
    if weights and path.is_dir() and parameters_file.is_file():
        parameters = read_parameters(parameters_file)
    ranker = None
    if (home / RANKER_FILE).is_file():
        ranker = json.loads((home / RANKER_FILE).read_text(encoding="utf-8"))["ranker"]
    config = family.config.from_dict(content)
    readable = readable_tokenizer(tokenizer_dir)
    return Backbone(name, family, config, parameters, readable, ranker)
