# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Initial weights that let a small untrained model match tokens between query and title.

Used for ``--init matching``; loading a checkpoint needs none of this.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

_FREQUENCIES = 12
_FEATURES = 16
_SHARPNESS = 14.0
_CROSS = 5.0


@dataclass(frozen=True)
class Layout:
    """Which coordinates of the hidden state carry what at the start of training.

    Attributes:
        words: ``2 * content`` coordinates of random token identity.
        previous: ``content`` coordinates that receive the identity of the token before.
        position: Two coordinates per frequency.
        feature: First of the scalar features, named by the constants below.
        content: Identity coordinates one head can compare; two are kept for segment and sink.
    """

    words: int
    previous: int
    position: int
    feature: int
    content: int

    SEGMENT, RARITY, SPECIAL, MATCH, PHRASE, SUMMARY = 0, 1, 2, 3, 4, 5

    @classmethod
    def of(cls, hidden_size: int, head_size: int) -> "Layout":
        """Lays the coordinates out.

        Raises:
            ValueError: If the hidden state is too narrow to hold them.
        """
        content = head_size - 2
        position = 3 * content
        feature = position + 2 * _FREQUENCIES
        if content < 8 or feature + _FEATURES > hidden_size:
            raise ValueError(
                f"hidden size {hidden_size} with heads of {head_size} is too narrow for the "
                f"matching initialisation: it needs heads of 10 or more and a hidden size of "
                f"at least {feature + _FEATURES}; use more heads"
            )
        return cls(0, 2 * content, position, feature, content)


def apply_matching_init(
    backbone: Any, *, special_ids: Sequence[int] = (0, 1, 2, 3), seed: int = 0
) -> None:
    """Overwrites random weights so that tokens of one text find themselves in the other.

    A transformer trained from nothing on some ten thousand lists never discovers exact
    cross-text matching: it would have to align query and key projections, suppress attention to
    itself and read the outcome, all by chance. So the circuit is written into the initial
    weights, and training only has to weigh it. All weights stay trainable.

    Layer 0 lets every token attend to its equal in the other text, or else to [CLS] and [SEP]
    as a sink, and copies the token before; layer 1 does the same for pairs of neighbours and
    lets [CLS] average what layer 0 found, rare tokens first; later layers average again.
    Rarity is the logarithm of the token id, since ``vocab.txt`` is sorted by falling frequency.

    In the spirit of Trockman and Kolter (2023), "Mimetic initialization of self-attention
    layers", which starts from products of weights seen in pretrained models; the segment-aware
    matching heads and the induction-style layout (Olsson et al., 2022) are ours.

    Args:
        backbone: An ``ErnieModel`` with at least two layers.
        special_ids: Ids that never count as matched; the sink is any of them.
        seed: Seed of the token identities.

    Raises:
        ValueError: If the model has one layer, or is too narrow.
    """
    config = backbone.config
    if config.num_hidden_layers < 2:
        raise ValueError("the matching initialisation needs at least two layers")
    head_size = config.hidden_size // config.num_attention_heads
    layout = Layout.of(config.hidden_size, head_size)
    random = np.random.default_rng(seed)
    scale = _initialise_embeddings(backbone.embeddings, layout, special_ids, random)
    layers = [_Heads(layer.self_attn, head_size, scale) for layer in backbone.encoder.layers]
    first, second = layers[0], layers[1]
    words, previous, content = layout.words, layout.previous, layout.content
    for head in range(2):
        span = range(words + head * content, words + (head + 1) * content)
        first.match(head, layout, list(span), layout.MATCH, threshold=0.4)
    first.copy_previous(2, layout)
    last = len(layers) - 1
    if last >= 2:
        half = content // 2
        both = [*range(words, words + half), *range(previous, previous + half)]
        second.match(0, layout, both, layout.PHRASE, threshold=0.35)
    for index in range(1, last + 1):
        for head, segment in (
            ((2, 1.0), (3, -1.0)) if config.num_attention_heads > 3 else ((1, 1.0),)
        ):
            layers[index].summarise(head, layout, segment)
    for layer in layers:
        layer.store()


def _initialise_embeddings(
    embeddings: Any, layout: Layout, special_ids: Sequence[int], random: np.random.Generator
) -> float:
    """Writes the three tables; returns the factor by which the layer norm scales a typical sum."""
    size, hidden = embeddings.word_embeddings.weight.shape
    table = random.normal(0.0, 0.02, (size, hidden))
    identity = random.normal(0.0, 1.0, (size, 2 * layout.content)).reshape(size, 2, -1)
    identity *= math.sqrt(layout.content) / np.linalg.norm(identity, axis=-1, keepdims=True)
    table[:, : 2 * layout.content] = identity.reshape(size, -1)
    rarity = np.log(np.arange(size) + 20.0) - math.log(600.0)
    table[:, layout.feature + layout.RARITY] = rarity / 1.5
    table[list(special_ids), layout.feature + layout.RARITY] = -2.0
    table[list(special_ids), layout.feature + layout.SPECIAL] = 2.0
    embeddings.word_embeddings.weight.set_value(table.astype("float32"))

    length = embeddings.position_embeddings.weight.shape[0]
    positions = np.zeros((length, hidden))
    angles = np.arange(length)[:, None] * _frequencies()[None, :]
    positions[:, layout.position : layout.feature : 2] = np.cos(angles)
    positions[:, layout.position + 1 : layout.feature : 2] = np.sin(angles)
    embeddings.position_embeddings.weight.set_value(positions.astype("float32"))

    types = np.zeros(embeddings.token_type_embeddings.weight.shape)
    types[:2, layout.feature + layout.SEGMENT] = (1.0, -1.0)
    embeddings.token_type_embeddings.weight.set_value(types.astype("float32"))
    return math.sqrt(hidden / (2 * layout.content + _FREQUENCIES + 2.0))


def _frequencies() -> NDArray[np.float64]:
    """Spread over (0, pi) without common periods, so that only equal offsets add up."""
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    return math.pi * (np.arange(1, _FREQUENCIES + 1, dtype=np.float64) * golden % 1.0)


class _Heads:
    """The four projections of one attention layer as arrays, edited head by head.

    Attention adds ``q . k / sqrt(head_size)``; every entry below is written so that the sum
    comes out in units of that logit for inputs that the layer norm scaled by ``scale``.
    """

    def __init__(self, attention: Any, head_size: int, scale: float) -> None:
        self._attention = attention
        self._size = head_size
        self._scale = scale
        names = ("q_proj", "k_proj", "v_proj", "out_proj")
        self._weights = {n: getattr(attention, n).weight.numpy().copy() for n in names}
        self._biases = {n: getattr(attention, n).bias.numpy().copy() for n in names}

    def _clear(self, head: int, *names: str) -> None:
        span = slice(head * self._size, (head + 1) * self._size)
        for name in names:
            self._weights[name][:, span] *= 0.1
            self._biases[name][span] = 0.0

    def _connect(self, name: str, rows: Sequence[int], first: int, gain: float) -> None:
        columns = np.arange(first, first + len(rows))
        self._weights[name][np.asarray(rows), columns] += gain / self._scale

    def match(
        self, head: int, layout: Layout, rows: list[int], target: int, threshold: float
    ) -> None:
        """Attends to equal ``rows`` in the other segment, and writes whether it found them."""
        start, size = head * self._size, self._size
        self._clear(head, "q_proj", "k_proj", "v_proj")
        gain = math.sqrt(_SHARPNESS * math.sqrt(size) / len(rows))
        segment, sink = start + layout.content, start + layout.content + 1
        for name, sign in (("q_proj", -1.0), ("k_proj", 1.0)):
            self._connect(name, rows, start, gain)
            cross = sign * math.sqrt(_CROSS * math.sqrt(size))
            self._connect(name, [layout.feature + layout.SEGMENT], segment, cross)
        level = (_CROSS + threshold * _SHARPNESS) * math.sqrt(size)
        self._biases["q_proj"][sink] = math.sqrt(level)
        self._connect("k_proj", [layout.feature + layout.SPECIAL], sink, math.sqrt(level) / 2.0)
        self._biases["v_proj"][start] = 0.5
        self._connect("v_proj", [layout.feature + layout.SPECIAL], start, -0.5)
        self._weights["out_proj"][start, layout.feature + target] += 2.0

    def copy_previous(self, head: int, layout: Layout) -> None:
        """Attends to the token before, and copies the first half of its identity."""
        start = head * self._size
        self._clear(head, "q_proj", "k_proj", "v_proj")
        gain = math.sqrt(1.5 * math.sqrt(self._size)) / self._scale
        for index, frequency in enumerate(_frequencies()[: self._size // 2]):
            row, column = layout.position + 2 * index, start + 2 * index
            cosine, sine = gain * math.cos(frequency), gain * math.sin(frequency)
            block = np.array([[cosine, -sine], [sine, cosine]])
            self._weights["q_proj"][row : row + 2, column : column + 2] += block
            self._weights["k_proj"][row : row + 2, column : column + 2] += gain * np.eye(2)
        rows = range(layout.words, layout.words + layout.content)
        self._connect("v_proj", list(rows), start, 1.0)
        columns = np.arange(layout.previous, layout.previous + layout.content)
        self._weights["out_proj"][start + np.arange(layout.content), columns] += self._scale

    def summarise(self, head: int, layout: Layout, segment: float) -> None:
        """Averages the match features of one segment, rare tokens first."""
        start, feature = head * self._size, layout.feature
        self._clear(head, "q_proj", "k_proj", "v_proj")
        root = math.sqrt(self._size)
        self._biases["q_proj"][start : start + 3] = root
        self._connect("k_proj", [feature + layout.RARITY], start, 1.0)
        self._connect("k_proj", [feature + layout.SEGMENT], start + 1, 3.0 * segment)
        self._connect("k_proj", [feature + layout.SPECIAL], start + 2, -2.0)
        self._connect("v_proj", [feature + layout.MATCH, feature + layout.PHRASE], start, 1.0)
        target = feature + layout.SUMMARY + (0 if segment > 0 else 2)
        self._weights["out_proj"][[start, start + 1], [target, target + 1]] += 2.0

    def store(self) -> None:
        """Writes the arrays back into the layer."""
        for name, weight in self._weights.items():
            getattr(self._attention, name).weight.set_value(paddle.to_tensor(weight))
            getattr(self._attention, name).bias.set_value(paddle.to_tensor(self._biases[name]))
