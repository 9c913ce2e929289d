# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two rankers as Paddle layers, built by a model's configuration.

Both map ``(input_ids, token_type_ids)`` to logits: ``[N, 1]`` pair-wise, ``[N, 2]`` or ``[N, 1]``
cross-encoder.
"""

from __future__ import annotations

from typing import Any, Optional

import paddle
from paddle import Tensor, nn
from paddlenlp.transformers import ErnieForSequenceClassification

from contract.errors import SetUpError
from contract.rankers import PAIRWISE
from train.model.evidence.layer import evidence_of
from train.model.evidence.settings import EVIDENCE, EvidenceSettings
from train.model.family import Backbone
from train.model.parameters import encoder_name
from train.model.split.encoder import SplitErnie
from train.model.split.settings import SplitSettings, check_family

# the key of a configuration, beside PaddleNLP's own layer_norm_eps, which its models do not read:
# without it ERNIE has 1e-12 and ERNIE-Gram 1e-5, whatever stands there
NORM_EPSILON = "norm_epsilon"


class PairwiseMatching(nn.Layer):  # type: ignore[misc]
    """A single tower: the logit is a linear map of the pooled [CLS] vector.

    Attribute names are those of upstream's class, whose parameter files load here.
    """

    def __init__(self, backbone: nn.Layer) -> None:
        """Put a new head on an ERNIE encoder, and evidence beside it if its configuration says."""
        super().__init__()
        self.ptm = backbone
        self.dropout = nn.Dropout(backbone.config.hidden_dropout_prob)
        self.similarity = nn.Linear(backbone.config.hidden_size, 1)
        self.evidence = evidence_of(backbone.config)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits ``[N, 1]`` of rows ``[N, L]``; the score is their sigmoid."""
        _, pooled = self.ptm(input_ids, token_type_ids)
        known = None if self.evidence is None else self.evidence(input_ids, token_type_ids)
        return scored(self, pooled, known)


class CrossEncoderWithEvidence(ErnieForSequenceClassification):  # type: ignore[misc]
    """PaddleNLP's classifier; what its two logits differ by gets the evidence added."""

    def __init__(self, config: Any) -> None:
        """The tower, its head and the evidence, as the configuration says."""
        super().__init__(config)
        self.evidence: Any = evidence_of(config)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits ``[N, 2]`` of rows ``[N, L]``."""
        _, pooled = self.ernie(input_ids, token_type_ids)
        return scored(self, pooled, self.evidence(input_ids, token_type_ids))


def scored(model: Any, pooled: Tensor, known: Optional[Tensor]) -> Tensor:
    """Logits of a ranker's head.

    Args:
        model: either ranker.
        pooled: of [CLS], ``[N, H]``.
        known: what the evidence adds, ``[N, 1]``, or ``None``.
    """
    if hasattr(model, "similarity"):
        logits = model.similarity(model.dropout(pooled))
        return logits if known is None else logits + known
    logits = model.classifier(model.dropout(pooled))
    if known is None:
        return logits
    half = known * 0.5
    return logits + paddle.concat([-half, half], axis=1)


def build_model(ranker: str, backbone: Backbone, logits: int = 2) -> Any:
    """The layer of a ranker with random weights.

    Args:
        ranker: ``pairwise`` or ``cross_encoder``.
        backbone: whose configuration says the rest.
        logits: of a pair, by the head of a cross-encoder: 2, or 1 as of Hugging Face's.

    Raises:
        SetUpError: the configuration asks for what its model cannot have.
    """
    config = backbone.config
    split = SplitSettings.of_config(config) is not None
    if split:
        check_family(backbone.family.prefix)
    encoder: Any = SplitErnie if split else backbone.family.encoder
    if ranker == PAIRWISE:
        model: Any = PairwiseMatching(encoder(config))
    else:
        config.num_labels = logits
        model = _classifier(backbone)
        if split:
            setattr(model, encoder_name(model), SplitErnie(config))
    epsilon = getattr(config, NORM_EPSILON, None)
    if epsilon is not None:
        for layer in model.sublayers():
            if isinstance(layer, nn.LayerNorm):
                layer._epsilon = float(epsilon)
    return model


def _classifier(backbone: Backbone) -> Any:
    config = backbone.config
    if EvidenceSettings.of_config(config) is None:
        return backbone.family.classifier(config)
    if backbone.family.classifier is not ErnieForSequenceClassification or config.num_labels != 2:
        raise SetUpError(
            f"{EVIDENCE} stands beside ERNIE with two logits only; leave it out of config.json",
            field="model_name_or_path",
        )
    return CrossEncoderWithEvidence(config)


def pack_evidence(model: Any) -> None:
    """Keep the phrase tables of a ranker that scores in bytes, as in its bundle; if it has any."""
    if getattr(model, "evidence", None) is not None:
        model.evidence.pack()


def encoder_of(model: Any) -> Any:
    """The ERNIE encoder inside a ranker."""
    return getattr(model, encoder_name(model))


def norm_epsilon(model: Any) -> float:
    """What all layer norms of a ranker add to the variance."""
    norms = [layer for layer in model.sublayers() if isinstance(layer, nn.LayerNorm)]
    return float(norms[0]._epsilon)


def config_of(model: Any) -> Any:
    """PaddleNLP's configuration object, by which a ranker was built."""
    return encoder_of(model).config
