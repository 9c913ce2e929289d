# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A calibration in a checkpoint's last layer: the margin is scaled, in both rankers."""

from __future__ import annotations

import pytest

pytest.importorskip("paddlenlp", reason="training is PaddleNLP's")

import paddle
from paddlenlp.transformers import ErnieConfig, ErnieModel

from contract.rankers import CROSS_ENCODER, PAIRWISE
from train.model.layers import CrossEncoderWithEvidence, PairwiseMatching
from train.recipes.probabilities import scaled
from train.training.losses.lists import margins_of


@pytest.mark.parametrize("ranker", [PAIRWISE, CROSS_ENCODER])
def test_a_calibrated_head_has_the_scaled_margin(ranker: str) -> None:
    paddle.seed(3)
    config = ErnieConfig(
        vocab_size=40, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=16, num_labels=2,
    )  # fmt: skip
    config.evidence = {
        "phrase_size": 4, "phrase_rows": [11, 0, 0], "hidden_size": 3, "special_ids": [0, 1, 2],
    }  # fmt: skip
    if ranker == PAIRWISE:
        model = PairwiseMatching(ErnieModel(config))
    else:
        model = CrossEncoderWithEvidence(config)
    for layer in (model.evidence.output, model.evidence.phrases.tokens.vectors):
        layer.weight.set_value(paddle.randn(layer.weight.shape))
    model.eval()
    rows = paddle.to_tensor([[1, 5, 6, 2, 6, 7, 2]]), paddle.to_tensor([[0, 0, 0, 0, 1, 1, 1]])
    before = margins_of(model(*rows)).item()
    parameters = {name: value.numpy() for name, value in model.state_dict().items()}
    model.set_state_dict(scaled(parameters, ranker, 1.7, -0.4))
    assert margins_of(model(*rows)).item() == pytest.approx(1.7 * before - 0.4, abs=1e-5)
