# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Models of Hugging Face, from weights and from ONNX, against the formulas of their papers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="reads the tokenizers of such models")

from contract.errors import SetUpError
from tests.train.teachers.foreign_models import (
    HIDDEN,
    bert_weights,
    forward,
    numbers,
    pair_row,
    write_model,
)
from train.teachers.hugging_face import HuggingFaceBiEncoder, HuggingFaceCrossEncoder
from train.teachers.teacher import QUERY, TITLE, Runtime

RUNTIME = Runtime(batch_size=2, threads=1)
PAIRS = [
    ("天地", "玄黄宇宙洪荒"),
    ("日", "月"),
    ("盈昃辰宿", "列张x"),
    ("日", "天地玄黄宇宙洪荒日月盈昃"),
]


def draw(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def prefixed(prefix: str, weights: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in weights.items()}


@pytest.mark.parametrize("classes", [1, 2])
def test_a_bert_cross_encoder_is_encoder_pooler_and_classifier(
    tmp_path: Path, classes: int
) -> None:
    encoder = bert_weights(1)
    dense, bias, out, out_bias = (
        draw(2, HIDDEN, HIDDEN),
        draw(3, HIDDEN),
        draw(4, classes, HIDDEN),
        draw(5, classes),
    )
    heads = {"bert.pooler.dense.weight": dense, "bert.pooler.dense.bias": bias}
    heads |= {"classifier.weight": out, "classifier.bias": out_bias}
    model = write_model(tmp_path, {**prefixed("bert.", encoder), **heads})
    scores = HuggingFaceCrossEncoder("x", str(model), RUNTIME).scores(PAIRS)
    for (query, title), score in zip(PAIRS, scores):
        first = forward(encoder, *pair_row(query, title))[0]
        logits = np.tanh(first @ dense.T + bias) @ out.T + out_bias
        assert score == pytest.approx(
            logits[0] if classes == 1 else logits[1] - logits[0], abs=2e-4
        )


def test_a_roberta_begins_its_positions_after_padding_and_has_a_head_of_two_layers(
    tmp_path: Path,
) -> None:
    encoder = bert_weights(1, positions=43)
    dense, bias, out, out_bias = (
        draw(2, HIDDEN, HIDDEN),
        draw(3, HIDDEN),
        draw(4, 1, HIDDEN),
        draw(5, 1),
    )
    heads = {"classifier.dense.weight": dense, "classifier.dense.bias": bias}
    heads |= {"classifier.out_proj.weight": out, "classifier.out_proj.bias": out_bias}
    weights = {**prefixed("roberta.", encoder), **heads}
    model = write_model(
        tmp_path, weights, model_type="xlm-roberta", pad_token_id=2, max_position_embeddings=43
    )
    teacher = HuggingFaceCrossEncoder("x", str(model), RUNTIME)
    assert teacher._folder.max_seq_length == 40
    for (query, title), score in zip(PAIRS, teacher.scores(PAIRS)):
        first = forward(encoder, *pair_row(query, title), first=3)[0]
        logit = np.tanh(first @ dense.T + bias) @ out.T + out_bias
        assert score == pytest.approx(logit[0], abs=2e-4)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_bi_encoder_pools_as_its_directory_says(tmp_path: Path, pooling: str) -> None:
    encoder = bert_weights(1)
    model = write_model(tmp_path, encoder)
    (model / "1_Pooling").mkdir()
    stated = {
        "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean",
    }
    (model / "1_Pooling" / "config.json").write_text(json.dumps({**stated, "include_prompt": True}))
    prompts = {"prompts": {"query": "宇宙", "document": "洪"}}
    (model / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    teacher = HuggingFaceBiEncoder("x", str(model), RUNTIME)
    texts = ["天地玄黄", "日", "月盈昃辰宿列张"]
    for role, prompt in ((QUERY, "宇宙"), (TITLE, "洪")):
        for text, vector in zip(texts, teacher.embed(texts, role)):
            ids = [2, *numbers(prompt + text), 3]
            states = forward(encoder, ids, [0] * len(ids))
            pooled = states.mean(0) if pooling == "mean" else states[0]
            np.testing.assert_allclose(vector, pooled / np.linalg.norm(pooled), atol=2e-5)
    asked = HuggingFaceBiEncoder("x", str(model), RUNTIME, pooling="mean", query="", title="")
    assert asked.digest != teacher.digest
    ids = [2, *numbers("日"), 3]
    pooled = forward(encoder, ids, [0] * 3).mean(0)
    np.testing.assert_allclose(
        asked.embed(["日"], TITLE)[0], pooled / np.linalg.norm(pooled), atol=2e-5
    )


def test_rows_are_cut_to_the_length_asked_for(tmp_path: Path) -> None:
    encoder = bert_weights(1)
    model = write_model(tmp_path, encoder)
    cut = HuggingFaceBiEncoder("x", str(model), RUNTIME, max_seq_length=5)
    whole = HuggingFaceBiEncoder("x", str(model), RUNTIME)
    long, short = cut.embed(["天地玄黄宇宙", "天地玄"], TITLE)
    np.testing.assert_array_equal(long, short)
    assert np.abs(whole.embed(["天地玄黄宇宙"], TITLE)[0] - short).max() > 0.01
    with pytest.raises(SetUpError, match="more than the model's 40"):
        HuggingFaceBiEncoder("x", str(model), RUNTIME, max_seq_length=41)


def write_onnx(file: Path, output: str, table: Any) -> None:
    """A graph whose output is a table's rows by id, where the mask is 1."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "l"])
        for name in ("input_ids", "attention_mask")
    ]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["looked_up"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node(
            "Mul", ["looked_up", "wide"], ["hidden" if output == "logits" else output]
        ),
    ]
    if output == "logits":
        nodes.append(helper.make_node("ReduceSum", ["hidden", "second"], ["logits"], keepdims=0))
    shape = ["n", table.shape[1]] if output == "logits" else ["n", "l", table.shape[1]]
    constants = {"table": table, "last": np.array([2]), "second": np.array([1])}
    graph = helper.make_graph(
        nodes,
        "graph",
        inputs,
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    file.parent.mkdir(exist_ok=True)
    onnx.save(model, str(file))


def test_an_onnx_graph_goes_before_the_weights(tmp_path: Path) -> None:
    table = draw(9, 21, 1)
    model = write_model(tmp_path, bert_weights(1))
    write_onnx(model / "onnx" / "model.onnx", "logits", table)
    scores = HuggingFaceCrossEncoder("x", str(model), RUNTIME).scores(PAIRS)
    wanted = [table[pair_row(*pair)[0]].sum() for pair in PAIRS]
    np.testing.assert_allclose(scores, wanted, rtol=1e-5)


def test_an_onnx_bi_encoder_is_pooled_without_its_padding(tmp_path: Path) -> None:
    table = draw(9, 21, HIDDEN)
    model = write_model(tmp_path, bert_weights(1), model_type="qwen")
    (model / "model.safetensors").unlink()
    write_onnx(model / "model.onnx", "last_hidden_state", table)
    vectors = HuggingFaceBiEncoder("x", str(model), RUNTIME).embed(["天地玄黄宇宙", "日"], TITLE)
    pooled = table[[2, *numbers("日"), 3]].mean(0)
    np.testing.assert_allclose(vectors[1], pooled / np.linalg.norm(pooled), atol=1e-6)


def test_what_cannot_be_run_says_how_it_could(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match=r"has no config\.json"):
        HuggingFaceCrossEncoder("x", str(tmp_path / "none"), RUNTIME)
    model = write_model(tmp_path / "gpt", bert_weights(1), model_type="gpt2")
    with pytest.raises(SetUpError, match=r"'gpt2' runs from an \.onnx only.*optimum-cli"):
        HuggingFaceCrossEncoder("x", str(model), RUNTIME)
    model = write_model(tmp_path / "torch", bert_weights(1))
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(SetUpError, match=r"neither model\.safetensors nor"):
        HuggingFaceCrossEncoder("x", str(model), RUNTIME)
    model = write_model(tmp_path / "headless", bert_weights(1))
    with pytest.raises(SetUpError, match=r"lacks pooler\.dense\.weight"):
        HuggingFaceCrossEncoder("x", str(model), RUNTIME).scores(PAIRS)
    model = write_model(tmp_path / "small", {**bert_weights(1, words=9)})
    with pytest.raises(SetUpError, match="not of one model"):
        HuggingFaceBiEncoder("x", str(model), RUNTIME).embed(["天地玄黄宇宙"], TITLE)
    model = write_model(tmp_path / "nan", bert_weights(1))
    broken = bert_weights(1)
    broken["encoder.layer.1.output.dense.bias"][0] = np.nan
    with pytest.raises(SetUpError, match="NaN"):
        HuggingFaceBiEncoder("x", str(write_model(model, broken)), RUNTIME).embed(["天"], TITLE)


def test_modules_and_poolings_that_are_not_read_are_refused(tmp_path: Path) -> None:
    model = write_model(tmp_path, bert_weights(1))
    with pytest.raises(SetUpError, match="'max' is not one of mean, cls"):
        HuggingFaceBiEncoder("x", str(model), RUNTIME, pooling="max")
    (model / "1_Pooling").mkdir()
    (model / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(SetUpError, match="pooling_mode_max_tokens"):
        HuggingFaceBiEncoder("x", str(model), RUNTIME)
    (model / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    with pytest.raises(SetUpError, match="Dense"):
        HuggingFaceBiEncoder("x", str(model), RUNTIME)
