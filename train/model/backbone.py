# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Find the pretrained model that a name or a directory stands for.

It is one of PaddleNLP's ERNIE families, with configuration, weights and vocabulary. PaddleNLP
downloads what is given by name; a directory needs no network.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
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
    ErnieTinyTokenizer,
    ErnieTokenizer,
)
from paddlenlp.utils.download import resolve_file_path
from paddlenlp.utils.log import logger

from contract.encoding import VOCAB_FILE
from contract.errors import SetUpError
from train.model.checkpoint import (
    CONFIG_FILE,
    PARAMETERS_FILE,
    RANKER_FILE,
    find_config,
    read_parameters,
)
from train.model.tokenizer_files import readable_tokenizer, temporary_tokenizer

Parameters = dict[str, NDArray[Any]]

logger.set_level("ERROR")

_NOT_FOR_PAIRS = {
    "ernie-m": "its vocabulary is SentencePiece and it has no token types",
    "ernie-code": "its vocabulary is SentencePiece and it has no token types",
    "ernie-doc": "it reads long documents with memory, not pairs",
    "ernie-ctm": "it reads knowledge tags, not pairs",
    "ernie-layout": "it reads page layouts, not pairs",
    "ernie_vil": "it reads images",
}


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


_FAMILIES = {
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
    """

    name: str
    family: Family
    config: Any
    parameters: Optional[Parameters]
    tokenizer_dir: Path
    ranker: Optional[str]


def known_models() -> list[str]:
    """Names of PaddleNLP's ERNIE and RocketQA families that can be a backbone."""
    return sorted(
        name
        for family in _FAMILIES.values()
        for name in family.config.pretrained_init_configuration
        if name.startswith(("ernie-", "rocketqa")) and name not in _NOT_FOR_PAIRS
    )


def find_backbone(name: str, tokenizer: Optional[str] = None, *, weights: bool = True) -> Backbone:
    """Resolve a directory, a configuration file or a name of PaddleNLP.

    Args:
        name: a directory with ``config.json``, or ``model_config.json`` as PaddleNLP wrote before
            2.5; such a file itself; or a name.
        tokenizer: directory of ``vocab.txt``; ``None`` takes the model's own.
        weights: whether to read the weights too, with whatever head their file has.

    Raises:
        SetUpError: there is no such model, it cannot be used, or a file of it is missing.
    """
    path = Path(name)
    if path.exists():
        backbone = _local(path, name, tokenizer, weights)
    else:
        backbone = _online(name, tokenizer, weights)
    if getattr(backbone.config, "type_vocab_size", 0) < 2:
        raise SetUpError(
            "the model has no token types, so it cannot tell the query from the title; use another",
            field="model_name_or_path",
        )
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
    family = _family_of(content, file)
    tokenizer_dir = Path(tokenizer) if tokenizer else home
    if not (tokenizer_dir / VOCAB_FILE).is_file():
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


def _family_of(content: dict[str, Any], file: Path) -> Family:
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
        return _FAMILIES["ernie_gram" if made["gram"] else "ernie"]
    model_type = content.get("model_type", "ernie")
    if model_type not in _FAMILIES:
        raise SetUpError(
            f"model_type {model_type!r} is not supported; use one of {', '.join(_FAMILIES)}",
            field=str(file),
        )
    return _FAMILIES[model_type]


def _online(name: str, tokenizer: Optional[str], weights: bool) -> Backbone:
    for start, reason in _NOT_FOR_PAIRS.items():
        if name == start or name.startswith(f"{start}-"):
            raise SetUpError(f"{name} cannot be used: {reason}", field="model_name_or_path")
    if name not in known_models():
        raise SetUpError(
            f"{name!r} is neither a directory nor one of {', '.join(known_models())}",
            field="model_name_or_path",
        )
    family = next(f for f in _FAMILIES.values() if name in f.config.pretrained_init_configuration)
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
