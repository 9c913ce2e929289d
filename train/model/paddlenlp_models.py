# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Models that PaddleNLP knows by name: from its cache, or else from its server."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Optional

from paddlenlp.transformers import ErnieTinyTokenizer
from paddlenlp.utils.download import resolve_file_path

from contract.errors import SetUpError
from train.model.checkpoint import read_parameters
from train.model.family import FAMILIES, Backbone, Family, Parameters
from train.model.tokenizer_files import readable_tokenizer, temporary_tokenizer

_NOT_FOR_PAIRS = {
    "ernie-m": "its vocabulary is SentencePiece and it has no token types",
    "ernie-code": "its vocabulary is SentencePiece and it has no token types",
    "ernie-doc": "it reads long documents with memory, not pairs",
    "ernie-ctm": "it reads knowledge tags, not pairs",
    "ernie-layout": "it reads page layouts, not pairs",
    "ernie_vil": "it reads images",
}


def known_models() -> list[str]:
    """Names of PaddleNLP's ERNIE and RocketQA families that can be a backbone."""
    return sorted(
        name
        for family in FAMILIES.values()
        for name in family.config.pretrained_init_configuration
        if name.startswith(("ernie-", "rocketqa")) and name not in _NOT_FOR_PAIRS
    )


def paddlenlp_backbone(name: str, tokenizer: Optional[str], weights: bool) -> Backbone:
    """The model of a name.

    Raises:
        SetUpError: PaddleNLP does not know it, it cannot rank pairs, or it cannot be downloaded.
    """
    for start, reason in _NOT_FOR_PAIRS.items():
        if name == start or name.startswith(f"{start}-"):
            raise SetUpError(f"{name} cannot be used: {reason}", field="model_name_or_path")
    if name not in known_models():
        raise SetUpError(
            f"{name!r} is neither a directory nor one of {', '.join(known_models())}; a name of "
            "Hugging Face's is OWNER/NAME",
            field="model_name_or_path",
        )
    family = next(f for f in FAMILIES.values() if name in f.config.pretrained_init_configuration)
    try:
        config = family.config.from_pretrained(name)
        parameters = _download_parameters(family, name) if weights else None
        files = Path(tokenizer) if tokenizer else _download_tokenizer(family, name)
    except (OSError, RuntimeError, ValueError) as error:
        logging.getLogger(__name__).debug("download of %s", name, exc_info=error)
        raise SetUpError(
            f"{name} could not be downloaded; go online once, or name a local directory",
            field="model_name_or_path",
        ) from error
    return Backbone(name, family, config, parameters, readable_tokenizer(files), None)


def _download_parameters(family: Family, name: str) -> Parameters:
    """All of a pretrained model's file, from PaddleNLP's cache or its server.

    A model class of PaddleNLP would drop what it has no place for, as an encoder drops the head of
    a cross-encoder, and would add a random head to what has none.
    """
    url = family.encoder.pretrained_resource_files_map["model_state"][name]
    return read_parameters(_resolved(name, url))


def _resolved(name: str, url: str) -> Path:
    """A model's file, from PaddleNLP's cache or its server."""
    file = resolve_file_path(name, [url])
    if file is None:
        raise OSError(f"{url} could not be had")
    return Path(file)


def _download_tokenizer(family: Family, name: str) -> Path:
    directory = temporary_tokenizer()
    if name in ErnieTinyTokenizer.pretrained_init_configuration:
        # its own save_pretrained looks in one folder of PaddleNLP's cache, wherever they are
        for key, file in ErnieTinyTokenizer.resource_files_names.items():
            shutil.copyfile(
                _resolved(name, ErnieTinyTokenizer.pretrained_resource_files_map[key][name]),
                directory / file,
            )
        return directory
    family.tokenizer.from_pretrained(name).save_pretrained(str(directory))
    return directory
