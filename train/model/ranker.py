# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two rankers: filled for training, or loaded ready to score.

A checkpoint, a bundle, a directory of Hugging Face's or a name comes in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Optional, Union

import numpy as np
import paddle
from numpy.typing import NDArray

from contract.encoding import VOCAB_FILE, PairEncoder
from contract.errors import SetUpError
from contract.text.rules import NEW_RULES, UPSTREAM_RULES, TextRules
from train.model.backbone import NO_TOKEN_TYPES, find_backbone
from train.model.bundle_checkpoint import is_bundle
from train.model.checkpoint import (
    CONFIG_FILE,
    RANKER_FILE,
    find_config,
    find_parameters,
    read_json,
    read_parameters,
    sha256,
)
from train.model.family import Backbone
from train.model.huggingface.hub import is_hub_name
from train.model.huggingface.model_dir import is_huggingface
from train.model.layers import build_model, encoder_of, pack_evidence
from train.model.paddlenlp_models import known_models
from train.model.parameters import load_parameters, with_fitting_head
from train.model.split.settings import JOINT_LAYERS, SplitSettings, check_rows

PAIRWISE = "pairwise"
CROSS_ENCODER = "cross_encoder"
SCORE_FUNCTION_OF = {PAIRWISE: "sigmoid", CROSS_ENCODER: "softmax_positive"}

# length for a file of parameters that came without ours
_DEFAULT_MAX_SEQ_LENGTH = 128


@dataclass(frozen=True)
class LoadedRanker:
    """A ranker ready to score, and what else export needs of its checkpoint.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        model: in eval mode.
        encoder: turns pairs into the rows the model was trained on.
        max_seq_length: that of ``encoder``.
        score_function: a name of ``contract.scoring``.
        tokenizer_dir: holds the vocabulary.
        checkpoint_sha256: of the parameter file.
    """

    ranker: str
    model: Any
    encoder: PairEncoder
    max_seq_length: int
    score_function: str
    tokenizer_dir: Path
    checkpoint_sha256: str


def initialise(model: Any, backbone: Backbone, init: str, seed: int) -> str:
    """Fill a model from the backbone's weights, or at random; says what was done in one line."""
    if backbone.parameters is not None:
        fitting = with_fitting_head(model, backbone.parameters)
        return f"{backbone.name}: {load_parameters(model, fitting, any_head=True)}"
    if init == "default":
        return f"{backbone.name}: no weights there, all parameters are random"
    if SplitSettings.of_config(backbone.config) is not None:
        raise SetUpError(
            f"matching finds tokens of the other text in the first layers, which {JOINT_LAYERS} "
            "keeps apart; train a whole ranker, and name it as --model_name_or_path",
            field="init",
        )
    from train.model.matching_init import apply_matching_init

    try:
        apply_matching_init(encoder_of(model), seed=seed)
    except ValueError as error:
        raise SetUpError(str(error), field="init") from error
    return f"{backbone.name}: no weights there, initialised for matching"


def ranker_of_parameters(parameters: Mapping[str, Any]) -> Optional[str]:
    """The ranker whose head a file of parameters holds."""
    if "similarity.weight" in parameters:
        return PAIRWISE
    return CROSS_ENCODER if "classifier.weight" in parameters else None


def make_encoder(
    backbone: Backbone, max_seq_length: int, rules: TextRules = NEW_RULES
) -> PairEncoder:
    """The encoder of a backbone, checked against the sizes of the model.

    Raises:
        SetUpError: rows would be longer, or ids larger, than the model can take.
    """
    longest = backbone.config.max_position_embeddings
    if max_seq_length > longest:
        raise SetUpError(
            f"{max_seq_length} is more than the {longest} positions of {backbone.name}; use fewer",
            field="max_seq_length",
        )
    encoder = PairEncoder.load(backbone.tokenizer_dir, max_seq_length, rules)
    if getattr(backbone.config, "type_vocab_size", 0) < encoder.layout.token_types:
        raise SetUpError(NO_TOKEN_TYPES, field="model_name_or_path")
    check_rows(backbone.config, encoder.layout.token_types)
    if encoder.vocab_size > backbone.config.vocab_size:
        raise SetUpError(
            f"the vocabulary has {encoder.vocab_size} tokens, but the model only "
            f"{backbone.config.vocab_size}; use the vocabulary it was made for",
            field="tokenizer",
        )
    if encoder.pad_id != backbone.config.pad_token_id:
        raise SetUpError(
            f"{encoder.layout.pad} is token {encoder.pad_id}, but the model masks token "
            f"{backbone.config.pad_token_id}; use the vocabulary it was made for",
            field="tokenizer",
        )
    return encoder


def load_ranker(
    checkpoint: Union[str, Path],
    model_name_or_path: Optional[str] = None,
    *,
    max_seq_length: Optional[int] = None,
    rules: Mapping[str, Optional[str]] = MappingProxyType({}),
) -> LoadedRanker:
    """Load a trained ranker.

    Args:
        checkpoint: a checkpoint directory, its ``model_state.pdparams``, such a file of upstream,
            a bundle, a directory of Hugging Face's, its name on the hub, or the name of a RocketQA
            cross-encoder, which PaddleNLP downloads with its head.
        model_name_or_path: backbone of a parameter file that has neither ``ranker.json`` nor
            a configuration beside it.
        max_seq_length: instead of the checkpoint's own.
        rules: of :class:`contract.text.rules.TextRules` by name, instead of the checkpoint's own;
            those of a checkpoint that is not ours are PaddleNLP's.

    Raises:
        SetUpError: the checkpoint is missing, damaged, untrained or not that of a ranker.
    """
    name = str(checkpoint)
    if not Path(name).exists() and name in known_models():
        return _of_name(name, max_seq_length, rules)
    if is_complete(name):
        return _of_complete(name, max_seq_length, rules)
    file = find_parameters(checkpoint)
    home = file.parent
    if (home / RANKER_FILE).is_file():
        about = read_json(home / RANKER_FILE)
        backbone = find_backbone(str(home))
        length = max_seq_length or about["max_seq_length"]
        own = TextRules.stated(about, str(home / RANKER_FILE))
        return _ready(backbone, about["ranker"], length, own.but(rules), sha256(file))
    return _of_file(name, file, model_name_or_path, max_seq_length, rules)


def _of_name(
    name: str, max_seq_length: Optional[int], rules: Mapping[str, Optional[str]]
) -> LoadedRanker:
    """One of PaddleNLP's names."""
    if not name.endswith("cross-encoder"):
        raise SetUpError(
            "a pretrained encoder cannot score before training; name a trained checkpoint",
            field=f"checkpoint {name}",
        )
    backbone = find_backbone(name)
    digest = _digest(backbone.parameters or {})
    length = max_seq_length or _DEFAULT_MAX_SEQ_LENGTH
    # its file may have more, such as what pretraining needed
    return _ready(
        backbone, CROSS_ENCODER, length, UPSTREAM_RULES.but(rules), digest, may_have_more=True
    )


def _of_file(
    name: str,
    file: Path,
    model_name_or_path: Optional[str],
    max_seq_length: Optional[int],
    rules: Mapping[str, Optional[str]],
) -> LoadedRanker:
    """A file of parameters that was not made here; ``name`` is what the caller called it."""
    home = file.parent
    parameters = read_parameters(file)
    ranker = ranker_of_parameters(parameters)
    if ranker is None:
        raise SetUpError("has an encoder but no trained head; train it first", field=str(file))
    source = str(home) if find_config(home) else model_name_or_path
    if source is None:
        raise SetUpError(
            f"name the backbone of {file}, which has no {RANKER_FILE} beside it",
            field="model_name_or_path",
        )
    tokenizer = str(home) if (home / VOCAB_FILE).is_file() else None
    found = find_backbone(source, tokenizer, weights=False)
    backbone = Backbone(name, found.family, found.config, parameters, found.tokenizer_dir, ranker)
    length = max_seq_length or min(_DEFAULT_MAX_SEQ_LENGTH, found.config.max_position_embeddings)
    return _ready(backbone, ranker, length, UPSTREAM_RULES.but(rules), sha256(file))


def is_complete(name: str) -> bool:
    """Whether a name stands for a model that brings its head, rules and length along.

    Such are a bundle, and what is Hugging Face's; all other is a checkpoint or a file of one.
    """
    path = Path(name)
    if not path.exists():
        return is_hub_name(name)
    if not path.is_dir() or is_bundle(path):
        return path.is_dir()
    config = path / CONFIG_FILE
    return config.is_file() and is_huggingface(path, read_json(config))


def _of_complete(
    name: str, max_seq_length: Optional[int], rules: Mapping[str, Optional[str]]
) -> LoadedRanker:
    backbone = find_backbone(name)
    if backbone.ranker is None:
        raise SetUpError("has an encoder but no trained head; train it first", field=name)
    length = max_seq_length or backbone.max_seq_length or _DEFAULT_MAX_SEQ_LENGTH
    own = backbone.rules or UPSTREAM_RULES
    digest = backbone.digest or _digest(backbone.parameters or {})
    return _ready(backbone, backbone.ranker, length, own.but(rules), digest, may_have_more=True)


def _ready(
    backbone: Backbone,
    ranker: str,
    max_seq_length: int,
    rules: TextRules,
    digest: str,
    may_have_more: bool = False,
) -> LoadedRanker:
    model = build_model(ranker, backbone, backbone.logits)
    loaded = load_parameters(model, with_fitting_head(model, backbone.parameters or {}))
    if loaded.new or (loaded.unused and not may_have_more):
        raise SetUpError(
            f"does not fit its backbone: {loaded}", field=f"checkpoint {backbone.name}"
        )
    pack_evidence(model)
    model.eval()
    return LoadedRanker(
        ranker,
        model,
        make_encoder(backbone, max_seq_length, rules),
        max_seq_length,
        SCORE_FUNCTION_OF[ranker] if backbone.logits == 2 else "sigmoid",
        backbone.tokenizer_dir,
        digest,
    )


def _digest(parameters: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parameters):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(parameters[name]).tobytes())
    return digest.hexdigest()


def save_parameters(model: Any, file: Path) -> None:
    """Write a model's parameters as Paddle does."""
    paddle.save(model.state_dict(), str(file))
