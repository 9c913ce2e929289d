# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Says the same model in Hugging Face's words and in PaddleNLP's: sizes, and names of parameters.

BERT, ERNIE, RoBERTa and XLM-RoBERTa are one network: embeddings with a layer norm, layers of
attention and feed-forward with a layer norm after each (Devlin et al., 2019, Liu et al., 2019),
and a tanh layer of the first token below the head. What differs:

- the names, and linear maps are stored transposed;
- ERNIE has an embedding of the task, of which all rows have task 0;
- RoBERTa's first position is the one after padding's, ``pad_token_id + 1``; the rows of the table
  before it are left out here;
- RoBERTa's tanh layer belongs to its classifier, as ``classifier.dense``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.model.layers import NORM_EPSILON

Arrays = dict[str, NDArray[Any]]

BERT, ERNIE, ROBERTA, XLM_ROBERTA = "bert", "ernie", "roberta", "xlm-roberta"
# the key of our configurations that says where the weights came from
SOURCE_TYPE = "huggingface_model_type"
# head names: in Hugging Face's two kinds of classifiers, and in ours
_HEAD = "classifier"
_ROBERTA_HEAD = "classifier.out_proj"
_ROBERTA_POOLER = "classifier.dense"
_ENCODER = "ernie."

_ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu"}
_EMBEDDINGS = ("word", "position", "token_type")
_LINEARS = {
    "attention.self.query": "self_attn.q_proj",
    "attention.self.key": "self_attn.k_proj",
    "attention.self.value": "self_attn.v_proj",
    "attention.output.dense": "self_attn.out_proj",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
}
_NORMS = {"attention.output.LayerNorm": "norm1", "output.LayerNorm": "norm2"}
_NOT_PARAMETERS = ("embeddings.position_ids", "embeddings.token_type_ids")


class Kind(NamedTuple):
    """What differs between the families.

    Attributes:
        prefix: of the encoder's names.
        pad: the id of padding where a configuration names none.
        offset: whether positions begin after padding's.
        class_name: of the model with a head.
    """

    prefix: str
    pad: int
    offset: bool
    class_name: str


KINDS: Mapping[str, Kind] = {
    BERT: Kind("bert.", 0, False, "BertForSequenceClassification"),
    ERNIE: Kind("ernie.", 0, False, "ErnieForSequenceClassification"),
    ROBERTA: Kind("roberta.", 1, True, "RobertaForSequenceClassification"),
    XLM_ROBERTA: Kind("roberta.", 1, True, "XLMRobertaForSequenceClassification"),
}


class Translated(NamedTuple):
    """A model in PaddleNLP's words.

    Attributes:
        config: fields of ``ErnieConfig``.
        parameters: by the names of ``ErnieForSequenceClassification``; what has no place there
            under its own name.
        logits: of the head, or 0 without one.
    """

    config: dict[str, Any]
    parameters: Arrays
    logits: int


def kind_of(config: Mapping[str, Any], where: str) -> Kind:
    """The family of a ``config.json``.

    Raises:
        SetUpError: it is none of them, or built otherwise in a way that changes scores.
    """
    model_type = config.get("model_type")
    if model_type not in KINDS:
        raise SetUpError(
            f"model_type {model_type!r} is not one of Hugging Face's that can be read: "
            f"{', '.join(KINDS)}",
            field=where,
        )
    for name, wanted in (("position_embedding_type", "absolute"), ("is_decoder", False)):
        if config.get(name, wanted) not in (wanted, None):
            raise SetUpError(
                f"{name} is {config[name]!r}, but only {wanted!r} can be read", field=where
            )
    act = config.get("hidden_act", "gelu")
    if act not in _ACTIVATIONS:
        raise SetUpError(f"hidden_act {act!r} is not one of {', '.join(_ACTIVATIONS)}", field=where)
    return KINDS[str(model_type)]


def parameter_names(layers: int, *, task: bool) -> dict[str, str]:
    """PaddleNLP's name of each parameter of an encoder with a pooler, by Hugging Face's."""
    names = {
        f"embeddings.{name}_embeddings.weight": f"embeddings.{name}_embeddings.weight"
        for name in (*_EMBEDDINGS, *(("task_type",) if task else ()))
    }
    pairs = {"embeddings.LayerNorm": "embeddings.layer_norm", "pooler.dense": "pooler.dense"}
    for number in range(layers):
        for ours, theirs in {**_LINEARS, **_NORMS}.items():
            pairs[f"encoder.layer.{number}.{ours}"] = f"encoder.layers.{number}.{theirs}"
    for one, other in pairs.items():
        for part in ("weight", "bias"):
            names[f"{one}.{part}"] = f"{other}.{part}"
    return names


def is_linear(name: str) -> bool:
    """Whether a parameter of Hugging Face's is the matrix of a linear map, stored transposed."""
    return name.endswith(".weight") and not name.endswith(
        ("_embeddings.weight", "LayerNorm.weight")
    )


def to_paddle(config: Mapping[str, Any], weights: Arrays, where: str) -> Translated:
    """Translate a model.

    Args:
        config: of ``config.json``.
        weights: by the names of their file.
        where: the directory, for errors.

    Raises:
        SetUpError: it is another architecture, or lacks parameters, or has more in its encoder.
    """
    kind = kind_of(config, where)
    head, rest = _split(weights, kind, _has_classifier(config))
    names = parameter_names(_layers(rest), task="embeddings.task_type_embeddings.weight" in rest)
    missing = [name for name in names if name not in rest and not name.startswith("pooler.")]
    strange = [name for name in rest if name not in names and _of_encoder(name)]
    if missing or strange:
        said = f"lacks {missing[0]}" if missing else f"has {strange[0]}"
        raise SetUpError(
            f"{said}, so its parameters are those of another architecture", field=where
        )
    pad = int(_stated(config, "pad_token_id", kind.pad))
    if kind.offset:
        positions = "embeddings.position_embeddings.weight"
        rest[positions] = rest[positions][pad + 1 :]
    parameters: Arrays = {}
    for name, value in rest.items():
        ours = f"{_ENCODER}{names[name]}" if name in names else name
        parameters[ours] = value.T if name in names and is_linear(name) else value
    for part, value in head.items():
        parameters[f"{_HEAD}.{part}"] = value.T if part == "weight" else value
    logits = len(head["weight"]) if head else 0
    return Translated(_ernie_config(config, rest, pad), parameters, logits)


def _stated(config: Mapping[str, Any], name: str, default: Any) -> Any:
    value = config.get(name)
    return default if value is None else value


def _has_classifier(config: Mapping[str, Any]) -> bool:
    """Heads of other tasks have the same names."""
    classes = config.get("architectures") or []
    return not classes or any("ForSequenceClassification" in str(name) for name in classes)


def _of_encoder(name: str) -> bool:
    return name.startswith(("embeddings.", "encoder.")) and name not in _NOT_PARAMETERS


def _split(weights: Arrays, kind: Kind, classifier: bool) -> tuple[Arrays, Arrays]:
    """The head's weight and bias, and all else by its name without the encoder's prefix."""
    rest: Arrays = {}
    for name, value in weights.items():
        inner = name[len(kind.prefix) :] if name.startswith(kind.prefix) else name
        # as TensorFlow called them
        for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
            inner = f"{inner[: -len(old)]}{new}" if inner.endswith(old) else inner
        rest[inner] = value
    head_name = _ROBERTA_HEAD if kind.offset else _HEAD
    head: Arrays = {}
    if classifier and f"{head_name}.weight" in rest:
        head = {part: rest.pop(f"{head_name}.{part}") for part in ("weight", "bias")}
        if kind.offset:
            for part in ("weight", "bias"):
                rest[f"pooler.dense.{part}"] = rest.pop(f"{_ROBERTA_POOLER}.{part}")
    return head, rest


def _layers(weights: Mapping[str, Any]) -> int:
    numbers = {
        int(name.split(".")[2])
        for name in weights
        if name.startswith("encoder.layer.") and name.split(".")[2].isdigit()
    }
    return max(numbers) + 1 if numbers else 0


def _ernie_config(config: Mapping[str, Any], weights: Arrays, pad: int) -> dict[str, Any]:
    """Sizes are those of the parameters; the rest the configuration says."""
    words, hidden = weights["embeddings.word_embeddings.weight"].shape
    task = weights.get("embeddings.task_type_embeddings.weight")
    dropout = float(_stated(config, "hidden_dropout_prob", 0.1))
    return {
        "model_type": "ernie",
        SOURCE_TYPE: config["model_type"],
        "vocab_size": words,
        "hidden_size": hidden,
        "num_hidden_layers": _layers(weights),
        "num_attention_heads": int(_stated(config, "num_attention_heads", 12)),
        "intermediate_size": len(weights["encoder.layer.0.intermediate.dense.bias"]),
        "hidden_act": _ACTIVATIONS[_stated(config, "hidden_act", "gelu")],
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": float(_stated(config, "attention_probs_dropout_prob", 0.1)),
        "classifier_dropout": config.get("classifier_dropout"),
        "max_position_embeddings": len(weights["embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(weights["embeddings.token_type_embeddings.weight"]),
        "use_task_id": task is not None,
        **({} if task is None else {"task_type_vocab_size": len(task), "task_id": 0}),
        "initializer_range": float(_stated(config, "initializer_range", 0.02)),
        "pad_token_id": pad,
        NORM_EPSILON: float(_stated(config, "layer_norm_eps", 1e-12)),
    }


def to_huggingface(
    model_type: str, config: Mapping[str, Any], parameters: Arrays, head: str, epsilon: float
) -> tuple[dict[str, Any], Arrays]:
    """Translate back: ``config.json`` and the weights of a model with a classifier.

    Args:
        model_type: the family to write.
        config: PaddleNLP's configuration of an encoder that may be such a one.
        parameters: by our names, the encoder's without their prefix.
        head: the name of the layer that makes the logits.
        epsilon: of its layer norms.

    Raises:
        SetUpError: the model has parameters that the family has no place for.
    """
    kind = KINDS[model_type]
    parameters = dict(parameters)
    task = parameters.get("embeddings.task_type_embeddings.weight")
    if task is not None and model_type != ERNIE:
        # all rows have one task, so that its row belongs to each token type
        types = "embeddings.token_type_embeddings.weight"
        row = parameters.pop("embeddings.task_type_embeddings.weight")[int(config["task_id"])]
        parameters[types] = parameters[types] + row
        task = None
    pad = int(config["pad_token_id"])
    if kind.offset:
        positions = "embeddings.position_embeddings.weight"
        table = parameters[positions]
        rows = np.zeros((pad + 1, table.shape[1]), table.dtype)
        parameters[positions] = np.concatenate([rows, table])
    names = {
        v: k for k, v in parameter_names(_paddle_layers(parameters), task=task is not None).items()
    }
    weights: Arrays = {}
    for name, value in parameters.items():
        theirs = _head_name(name, head, kind) or names.get(name)
        if theirs is None:
            raise SetUpError(f"{name} has no place in {kind.class_name}", field="params_path")
        inside = "" if theirs.startswith(f"{_HEAD}.") else kind.prefix
        array = value.T if is_linear(theirs) else value
        weights[inside + theirs] = np.ascontiguousarray(array, np.float32)
    return _huggingface_config(model_type, config, weights, epsilon), weights


def _head_name(name: str, head: str, kind: Kind) -> str:
    """Hugging Face's name of a parameter of the head, or empty."""
    part = name.rpartition(".")[2]
    if name.startswith(f"{head}."):
        return f"{_ROBERTA_HEAD if kind.offset else _HEAD}.{part}"
    return f"{_ROBERTA_POOLER}.{part}" if kind.offset and name.startswith("pooler.") else ""


def _paddle_layers(parameters: Mapping[str, Any]) -> int:
    return len({n.split(".")[2] for n in parameters if n.startswith("encoder.layers.")})


def _huggingface_config(
    model_type: str, config: Mapping[str, Any], weights: Arrays, epsilon: float
) -> dict[str, Any]:
    kind = KINDS[model_type]
    inner = f"{kind.prefix}embeddings."
    task = weights.get(f"{inner}task_type_embeddings.weight")
    head = weights[f"{_ROBERTA_HEAD if kind.offset else _HEAD}.bias"]
    labels = {"0": "relevant"} if len(head) == 1 else {"0": "irrelevant", "1": "relevant"}
    copied = (
        *("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads"),
        *("intermediate_size", "hidden_act", "hidden_dropout_prob"),
        *("attention_probs_dropout_prob", "initializer_range", "pad_token_id"),
    )
    return {
        "architectures": [kind.class_name],
        "model_type": model_type,
        **{name: config[name] for name in copied},
        "max_position_embeddings": len(weights[f"{inner}position_embeddings.weight"]),
        "type_vocab_size": len(weights[f"{inner}token_type_embeddings.weight"]),
        "layer_norm_eps": epsilon,
        "position_embedding_type": "absolute",
        **({} if task is None else {"use_task_id": True, "task_type_vocab_size": len(task)}),
        "num_labels": len(head),
        "id2label": labels,
        "label2id": {label: int(number) for number, label in labels.items()},
        "torch_dtype": "float32",
    }
