# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns a bundle into the same model in Hugging Face's format, which the peers load.

``python -m benchmarks.hf_export --bundle .cache/bench/medium/pairwise --output .cache/hf`` writes
``config.json``, ``model.safetensors``, ``vocab.txt`` and ``tokenizer_config.json``. A bundle with
an evidence layer, as those in ``serving_models/`` are, is no model that the peers have.

ERNIE is BERT with post-layer norm, but for its task-type embedding: all rows of a ranker have task
0, so that row is added to every token type. A cross-encoder's two logits become one, their
difference, whose sigmoid is the softmax of the positive one.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.encoding import VOCAB_FILE
from contract.errors import BundleError, SetUpError

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
HF_TOKENIZER_FILE = "tokenizer_config.json"
# says which bundle a directory was written from; written last
SOURCE_FILE = "source.json"

Array = NDArray[np.float32]

_ACTIVATIONS = ("gelu", "relu")
_LAYER_LINEARS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
_LAYER_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")


class Graph(NamedTuple):
    """What a bundle's graph says of the model.

    Attributes:
        parameters: by their names in the graph, ``embedding_0.w_0`` and so on.
        heads: attention heads of a layer.
        activation: of the feed-forward layers.
        layer_norm_eps: of all layer norms.
    """

    parameters: Mapping[str, Array]
    heads: int
    activation: str
    layer_norm_eps: float


def read_graph(bundle: Bundle) -> Graph:
    """Load a bundle's parameters and read the sizes that no parameter's shape tells.

    Raises:
        BundleError: there is no Paddle graph, or it is not that of an ERNIE encoder.
    """
    import paddle

    found = sorted(bundle.server_dir.glob("*.pdmodel"))
    if len(found) != 1:
        raise BundleError(f"holds {len(found)} .pdmodel files", field=str(bundle.server_dir))
    paddle.enable_static()
    try:
        scope = paddle.static.Scope()
        with paddle.static.scope_guard(scope):
            executor = paddle.static.Executor(paddle.CPUPlace())
            program, _, _ = paddle.static.load_inference_model(
                str(found[0].with_suffix("")), executor
            )
            names = [v.name for v in program.list_vars() if v.persistable and "_0" in v.name]
            parameters = {name: np.array(scope.find_var(name).get_tensor()) for name in names}
    finally:
        paddle.disable_static()
    ops = program.global_block().ops
    shapes = [op.attr("shape") for op in ops if op.type == "reshape2"]
    heads = {shape[2] for shape in shapes if len(shape) == 4}
    activations = {op.type for op in ops if op.type in _ACTIVATIONS}
    epsilons = {op.attr("epsilon") for op in ops if op.type == "layer_norm"}
    exact = not any(op.attr("approximate") for op in ops if op.type == "gelu")
    if not (len(heads) == len(activations) == len(epsilons) == 1 and exact):
        raise BundleError(
            f"not an encoder that BERT can be: heads {heads}, activations {activations}, "
            f"epsilons {epsilons}",
            field=str(found[0]),
        )
    return Graph(parameters, heads.pop(), activations.pop(), float(f"{epsilons.pop():.3g}"))


def bert_tensors(parameters: Mapping[str, Array]) -> dict[str, Array]:
    """The graph's parameters under the names of BertForSequenceClassification.

    Paddle numbers layers as they are made: word, position and token-type embeddings, then for
    each layer query, key, value, output and the two of the feed-forward, then pooler and head.

    Raises:
        BundleError: there are not as many as an ERNIE encoder with pooler and head has.
    """
    embeddings = _numbered(parameters, "embedding", "w")
    weights, biases = _numbered(parameters, "linear", "w"), _numbered(parameters, "linear", "b")
    scales, shifts = (
        _numbered(parameters, "layer_norm", "w"),
        _numbered(parameters, "layer_norm", "b"),
    )
    layers, rest = divmod(len(weights), len(_LAYER_LINEARS))
    whole = len(weights) == len(biases) and len(scales) == len(shifts)
    if len(embeddings) not in (3, 4) or rest != 2 or len(scales) != 2 * layers + 1 or not whole:
        raise BundleError(
            f"{len(embeddings)} embeddings, {len(weights)} dense layers and {len(scales)} layer "
            "norms are not those of an ERNIE encoder with pooler and head",
            field="parameters",
        )
    word, position, token_type = embeddings[:3]
    if len(embeddings) == 4:
        token_type = token_type + embeddings[3][0]
    tensors = {
        "bert.embeddings.word_embeddings.weight": word,
        "bert.embeddings.position_embeddings.weight": position,
        "bert.embeddings.token_type_embeddings.weight": token_type,
    }
    prefixes = [f"bert.encoder.layer.{i}." for i in range(layers)]
    linears = [prefix + name for prefix in prefixes for name in _LAYER_LINEARS]
    for name, weight, bias in zip((*linears, "bert.pooler.dense", "classifier"), weights, biases):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight.T, bias
    norms = [prefix + name for prefix in prefixes for name in _LAYER_NORMS]
    for name, scale, shift in zip(("bert.embeddings.LayerNorm", *norms), scales, shifts):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = scale, shift
    for name in ("classifier.weight", "classifier.bias"):
        if len(tensors[name]) == 2:
            tensors[name] = tensors[name][1:] - tensors[name][:1]
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _numbered(parameters: Mapping[str, Array], kind: str, part: str) -> list[Array]:
    """Parameters ``<kind>_<number>.<part>_0`` by their number."""
    pattern = re.compile(rf"{kind}_(\d+)\.{part}_0")
    numbers = {int(m[1]): name for name in parameters if (m := pattern.fullmatch(name))}
    return [parameters[numbers[number]] for number in sorted(numbers)]


def bert_config(tensors: Mapping[str, Array], graph: Graph) -> dict[str, Any]:
    """``config.json`` of these tensors."""
    words, hidden = tensors["bert.embeddings.word_embeddings.weight"].shape
    layers = {name.split(".")[3] for name in tensors if name.startswith("bert.encoder.layer.")}
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "vocab_size": words,
        "hidden_size": hidden,
        "num_hidden_layers": len(layers),
        "num_attention_heads": graph.heads,
        "intermediate_size": len(tensors["bert.encoder.layer.0.intermediate.dense.bias"]),
        "max_position_embeddings": len(tensors["bert.embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(tensors["bert.embeddings.token_type_embeddings.weight"]),
        "hidden_act": graph.activation,
        "layer_norm_eps": graph.layer_norm_eps,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        "num_labels": 1,
        "id2label": {"0": "relevant"},
        "label2id": {"relevant": 0},
        "torch_dtype": "float32",
    }


def export(bundle: Bundle, output: Path) -> None:
    """Write the directory; one that was written from this bundle already is left as it is."""
    source = {"bundle": bundle.manifest.version}
    if _read_json(output / SOURCE_FILE) == source:
        return
    try:
        from safetensors.numpy import save_file
    except ImportError as error:
        raise SetUpError("not installed; run `make setup-dev`", field="safetensors") from error
    graph = read_graph(bundle)
    tensors = bert_tensors(graph.parameters)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    save_file(tensors, str(output / WEIGHTS_FILE), metadata={"format": "pt"})
    shutil.copyfile(bundle.tokenizer_dir / VOCAB_FILE, output / VOCAB_FILE)
    ours = _read_json(bundle.tokenizer_dir / HF_TOKENIZER_FILE) or {}
    tokenizer = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": ours.get("do_lower_case", True),
        "model_max_length": bundle.manifest.max_seq_length,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    }
    _write_json(output / HF_TOKENIZER_FILE, tokenizer)
    _write_json(output / CONFIG_FILE, bert_config(tensors, graph))
    _write_json(output / SOURCE_FILE, source)


def _read_json(path: Path) -> Optional[dict[str, Any]]:
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, or 2 when the bundle is not one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hf_export")
    parser.add_argument("--bundle", type=Path, required=True, help="directory of a bundle")
    parser.add_argument("--output", type=Path, required=True, help="directory to write")
    options = parser.parse_args(arguments)
    try:
        export(Bundle.open(options.bundle), options.output)
    except SetUpError as error:
        print(f"benchmarks.hf_export: error: {error}", file=sys.stderr)
        return 2
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
