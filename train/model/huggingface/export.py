# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a ranker as a directory that transformers, sentence-transformers and TEI load.

One logit is what those score by sigmoid: a cross-encoder's two become their difference, whose
sigmoid is the softmax of the second.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER
from contract.text.sentence_pieces import PIECES_FILE
from contract.text.vocabulary import BERT_LAYOUT
from train.model.checkpoint import CONFIG_FILE, atomic_directory
from train.model.evidence.settings import EVIDENCE
from train.model.huggingface.architecture import (
    BERT,
    ERNIE,
    ROBERTA,
    SOURCE_TYPE,
    XLM_ROBERTA,
    to_huggingface,
)
from train.model.huggingface.model_dir import OURS
from train.model.huggingface.tokenizer_json import write_tokenizer
from train.model.huggingface.weights import SAFETENSORS_FILE
from train.model.layers import config_of, encoder_of, norm_epsilon
from train.model.ranker import LoadedRanker
from train.model.split.settings import SplitSettings

# by the tokenizer: the families that have it, the first for what came from none of them
_FAMILIES = {True: (BERT, ERNIE), False: (XLM_ROBERTA, ROBERTA)}
MODEL_TYPES = (*_FAMILIES[True], *_FAMILIES[False])
_HEADS = ("similarity", "classifier")


def write_huggingface(
    ranker: LoadedRanker, output: Path, model_type: Optional[str] = None, logits: int = 1
) -> tuple[str, int]:
    """Write the directory, whole or not at all.

    Args:
        ranker: what :func:`train.model.ranker.load_ranker` returned.
        output: must not be there yet, or hold a model that was written so.
        model_type: ``None``: the one that the weights came from, or else BERT.
        logits: 1, or 2 of a cross-encoder.

    Returns:
        The family, and how many parameters were written.

    Raises:
        SetUpError: Hugging Face has no such model or tokenizer, or the directory holds something
            else or cannot be written.
    """
    from safetensors.numpy import save_file

    if (ranker.tokenizer_dir / PIECES_FILE).is_file():
        raise SetUpError(
            "ERNIE-tiny's tokenizer has no place in Hugging Face's formats", field="params_path"
        )
    config = config_of(ranker.model).to_dict()
    if config.get(EVIDENCE) is not None:
        raise SetUpError(
            "has an evidence layer, which has no place in Hugging Face's formats; name a ranker "
            "that was trained without one",
            field="params_path",
        )
    if SplitSettings.of_config(config_of(ranker.model)) is not None:
        raise SetUpError(
            "is a split ranker, whose masked layers have no place in Hugging Face's formats; name "
            "a ranker that was trained without --joint_layers",
            field="params_path",
        )
    chosen = _chosen(ranker, config, model_type)
    head, parameters = _parameters(ranker.model, logits)
    described, weights = to_huggingface(
        chosen, config, parameters, head, norm_epsilon(ranker.model)
    )
    described[OURS] = {
        "ranker": ranker.ranker if logits == 1 else CROSS_ENCODER,
        "max_seq_length": ranker.max_seq_length,
        **ranker.encoder.rules._asdict(),
    }
    _check_target(output)
    try:
        with atomic_directory(output) as folder:
            save_file(weights, str(folder / SAFETENSORS_FILE), metadata={"format": "pt"})
            write_tokenizer(ranker.tokenizer_dir, ranker.encoder, folder)
            text = json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True)
            (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SetUpError(f"cannot be written ({error})", field=f"output {output}") from error
    return chosen, len(weights)


def _chosen(ranker: LoadedRanker, config: dict[str, Any], model_type: Optional[str]) -> str:
    possible = _FAMILIES[ranker.encoder.layout == BERT_LAYOUT]
    if model_type is None:
        own = config.get(SOURCE_TYPE)
        return str(own) if own in possible else possible[0]
    if model_type not in possible:
        raise SetUpError(
            f"{model_type} has another tokenizer than this ranker; use {' or '.join(possible)}",
            field="model_type",
        )
    return model_type


def _parameters(model: Any, logits: int) -> tuple[str, dict[str, NDArray[Any]]]:
    """The head's name, and all parameters, those of the encoder without a prefix."""
    parameters = {
        name: np.asarray(value.numpy()) for name, value in encoder_of(model).state_dict().items()
    }
    head = next(name for name in _HEADS if hasattr(model, name))
    for name, value in getattr(model, head).state_dict().items():
        parameters[f"{head}.{name}"] = _with_logits(np.asarray(value.numpy()), logits)
    return head, parameters


def _with_logits(value: NDArray[Any], logits: int) -> NDArray[Any]:
    width = value.shape[-1]
    if width == 2 and logits == 1:
        value = value[..., 1:] - value[..., :1]
    elif width == 1 and logits == 2:
        value = value * np.array([-0.5, 0.5], value.dtype)
    return value


def _check_target(output: Path) -> None:
    config = output / CONFIG_FILE
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    ours = config.is_file() and OURS in config.read_text(encoding="utf-8")
    if not ours:
        raise SetUpError(
            "is there and was not written by this command; name another directory",
            field=f"output {output}",
        )
