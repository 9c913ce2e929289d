# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The initialisation finds equal tokens across the two texts before any training."""

import numpy as np
import paddle
import pytest
from paddlenlp.transformers import ErnieConfig, ErnieModel

from train.model.matching_init import Layout, apply_matching_init

CLS, SEP = 1, 2


def make_model(layers=3, hidden=160, heads=4):
    paddle.seed(3)
    config = ErnieConfig(
        vocab_size=500,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=64,
        max_position_embeddings=64,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = ErnieModel(config)
    model.eval()
    return model


def states(model, query, title):
    """Hidden states after every layer, ``[length, hidden]`` each."""
    ids = paddle.to_tensor([[CLS, *query, SEP, *title, SEP]])
    types = paddle.to_tensor([[0] * (len(query) + 2) + [1] * (len(title) + 1)])
    state = model.embeddings(ids, types)
    found = []
    with paddle.no_grad():
        for layer in model.encoder.layers:
            state = layer(state)
            found.append(state.numpy()[0])
    return found


def test_matched_tokens_stand_out_after_the_first_layer():
    model = make_model()
    apply_matching_init(model)
    layout = Layout.of(160, 40)
    query, title = [50, 200, 333, 410], [333, 77, 50, 260, 480]
    match = states(model, query, title)[0][:, layout.feature + layout.MATCH]
    matched, unmatched = match[[1, 3, 6, 8]], match[[2, 4, 7, 9, 10]]
    assert matched.min() > unmatched.max() + 0.5


def test_equal_tokens_of_the_same_text_do_not_match():
    model = make_model()
    apply_matching_init(model)
    layout = Layout.of(160, 40)
    match = states(model, [300, 300, 300], [77, 78])[0][:, layout.feature + layout.MATCH]
    assert match[1:4].max() < -0.5


def test_pairs_of_neighbours_stand_out_after_the_second_layer():
    model = make_model()
    apply_matching_init(model)
    layout = Layout.of(160, 40)
    query, title = [50, 200, 333, 410, 120], [99, 50, 200, 444, 410, 70, 120]
    phrase = states(model, query, title)[1][:, layout.feature + layout.PHRASE]
    # 200 follows 50 in both; 410 and 120 are in both, but after other tokens
    assert phrase[2] > max(phrase[4], phrase[5]) + 0.1


def test_cls_ranks_by_overlap_before_any_training():
    model = make_model()
    apply_matching_init(model)
    layout = Layout.of(160, 40)
    rng = np.random.default_rng(1)
    wins = []
    for _ in range(20):
        tokens = rng.choice(np.arange(30, 500), 24, replace=False).tolist()
        query, other = tokens[:8], tokens[8:]
        summary = [
            states(model, query, title)[-1][0, layout.feature + layout.SUMMARY]
            for title in (query[:5] + other[:5], query[:1] + other[:9])
        ]
        wins.append(summary[0] > summary[1])
    assert np.mean(wins) >= 0.9


def test_without_it_cls_does_not_know_overlap():
    model = make_model()
    layout = Layout.of(160, 40)
    first = states(model, [50, 60, 70], [50, 60, 70])[0][:, layout.feature + layout.MATCH]
    assert np.ptp(first[1:4]) < 10
    apply_matching_init(model)
    second = states(model, [50, 60, 70], [50, 60, 70])[0][:, layout.feature + layout.MATCH]
    assert second[1:4].min() > first[1:4].max() or second[1:4].min() > 0


def test_the_same_seed_gives_the_same_weights():
    one, two, three = make_model(), make_model(), make_model()
    apply_matching_init(one, seed=5)
    apply_matching_init(two, seed=5)
    apply_matching_init(three, seed=6)
    name = "embeddings.word_embeddings.weight"
    weights = [model.state_dict()[name].numpy() for model in (one, two, three)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_too_small_a_model_is_refused():
    with pytest.raises(ValueError, match="two layers"):
        apply_matching_init(make_model(layers=1))
    with pytest.raises(ValueError, match="too narrow"):
        apply_matching_init(make_model(hidden=64))
