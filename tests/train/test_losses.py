# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Every loss of lists is its paper's formula, computed here title by title in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from typing import Callable, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from train.loss_options import LOSSES, LossChoice
from train.training.losses.lists import Lists
from train.training.losses.weighted import FORMULAS

Numbers = list[float]


@dataclass
class List:
    """One list in plain numbers."""

    scores: list[float]
    grades: list[int]
    teacher: list[float]

    def taken(self, order: tuple[int, ...]) -> List:
        return List(*([column[i] for i in order] for column in vars(self).values()))


def drawn(seed: int, grades: list[int]) -> List:
    draw = np.random.default_rng(seed)
    scores, teacher = draw.normal(size=(2, len(grades))).astype("float32").tolist()
    return List(scores, grades, teacher)


LISTS = [
    drawn(0, [0, 1, 0, 3, 2]),
    drawn(1, [0, 1]),
    drawn(2, [2, 0, 0, 1, 1, 0, 0]),
    drawn(3, [1, 1, 2]),
    List([0.5, 0.5, -1.0, 0.5], [0, 2, 1, 0], [0.1, 0.2, 0.3, 0.4]),
]
NOTHING_IN_ORDER = [drawn(4, [1]), drawn(5, [0]), drawn(6, [2, 2, 2]), drawn(7, [0, 0])]


def lists_of(items: list[List], scores: Optional[paddle.Tensor] = None) -> Lists:
    def flat(name: str) -> np.ndarray:
        return np.concatenate([np.array(getattr(item, name), dtype="float32") for item in items])

    sizes = np.array([len(item.grades) for item in items])
    scores = paddle.to_tensor(flat("scores")) if scores is None else scores
    return Lists.of_rows(scores, flat("grades"), sizes, flat("teacher"))


def values(name: str, items: list[List], **details: object) -> np.ndarray:
    return FORMULAS[name](lists_of(items), LossChoice({name: 1.0}, **details)).numpy()


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def softmax(x: Numbers) -> Numbers:
    total = sum(math.exp(v) for v in x)
    return [math.exp(v) / total for v in x]


def mean(x: Numbers) -> float:
    return sum(x) / len(x) if x else 0.0


def pairs(item: List) -> list[tuple[int, int]]:
    return [
        (i, j) for i, j in np.ndindex(*[len(item.grades)] * 2) if item.grades[i] > item.grades[j]
    ]


def place(item: List, i: int) -> float:
    """The mean place among all orders by falling score."""
    s = item.scores
    return 1 + sum(x > s[i] for x in s) + (sum(x == s[i] for x in s) - 1) / 2


def gains(item: List, gain: str) -> Numbers:
    raw = [float(g) if gain == "linear" else 2.0**g - 1 for g in item.grades]
    best = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(raw, reverse=True)))
    return [g / best if best else 0.0 for g in raw]


def cross_entropy(item: List, e: float = 0.0) -> float:
    target = [(1 - e) * (g > 0) + e / 2 for g in item.grades]
    return mean(
        [
            -t * math.log(sigmoid(s)) - (1 - t) * math.log(sigmoid(-s))
            for t, s in zip(target, item.scores)
        ]
    )


def margin_ranking(item: List, margin: float) -> float:
    s = [sigmoid(x) for x in item.scores]
    return mean([max(0.0, margin - s[i] + s[j]) for i, j in pairs(item)])


def ranknet(item: List, e: float = 0.0) -> float:
    p, s = 1 - e / 2, item.scores
    return mean(
        [
            -p * math.log(sigmoid(s[i] - s[j])) - (1 - p) * math.log(sigmoid(s[j] - s[i]))
            for i, j in pairs(item)
        ]
    )


def lambdarank(item: List, gain: str) -> float:
    """The change of NDCG when two titles swap places, as the papers write it."""
    s, g, total = item.scores, gains(item, gain), 0.0
    for i, j in pairs(item):
        a, b = (1 / math.log2(1 + place(item, k)) for k in (i, j))
        total += abs((g[i] - g[j]) * (a - b)) * -math.log(sigmoid(s[i] - s[j]))
    return total


def lambdaloss(item: List, gain: str) -> float:
    s, g, total = item.scores, gains(item, gain), 0.0
    for i, j in pairs(item):
        x, y = place(item, i), place(item, j)
        rho = abs(1 / math.log2(1 + x) - 1 / math.log2(1 + y))
        apart = max(1.0, abs(x - y))
        delta = abs(1 / math.log2(1 + apart) - 1 / math.log2(2 + apart))
        total += (rho + 10 * delta) * abs(g[i] - g[j]) * -math.log2(sigmoid(s[i] - s[j]))
    return total


def listnet(item: List, gain: str, e: float = 0.0) -> float:
    if len(set(item.grades)) == 1:
        return 0.0
    raw = [float(g) if gain == "linear" else 2.0**g - 1 for g in item.grades]
    target = [(1 - e) * p + e / len(raw) for p in softmax(raw)]
    return -sum(p * math.log(q) for p, q in zip(target, softmax(item.scores)))


def listmle(item: List) -> float:
    total = 0.0
    for s, g in zip(item.scores, item.grades):
        if g > min(item.grades):
            left = [math.exp(x) for x, h in zip(item.scores, item.grades) if h <= g]
            total += math.log(sum(left)) - s
    return total


def infonce(item: List, temperature: float, positives: str) -> float:
    e = [math.exp(s / temperature) for s in item.scores]
    wrong = sum(x for x, g in zip(e, item.grades) if g == 0)
    right = [x for x, g in zip(e, item.grades) if g > 0]
    if positives == "mean":
        return mean([-math.log(x / (x + wrong)) for x in right])
    return -math.log(sum(right) / (sum(right) + wrong)) if right else 0.0


def teacher_entropy(item: List) -> float:
    return mean(
        [
            -sigmoid(t) * math.log(sigmoid(s)) - sigmoid(-t) * math.log(sigmoid(-s))
            for s, t in zip(item.scores, item.teacher)
        ]
    )


def margin_mse(item: List) -> float:
    s, t = item.scores, item.teacher
    return mean([((s[i] - s[j]) - (t[i] - t[j])) ** 2 for i, j in pairs(item)])


def teacher_kl(item: List, temperature: float) -> float:
    p, q = (softmax([x / temperature for x in column]) for column in (item.teacher, item.scores))
    return temperature**2 * sum(x * math.log(x / y) for x, y in zip(p, q))


CASES: list[tuple[str, dict[str, object], Callable[[List], float]]] = [
    ("cross_entropy", {}, cross_entropy),
    ("cross_entropy", {"label_smoothing": 0.2}, lambda x: cross_entropy(x, 0.2)),
    ("margin_ranking", {"margin": 0.3}, lambda x: margin_ranking(x, 0.3)),
    ("ranknet", {}, ranknet),
    ("ranknet", {"label_smoothing": 0.2}, lambda x: ranknet(x, 0.2)),
    ("lambdarank", {"gain": "linear"}, lambda x: lambdarank(x, "linear")),
    ("lambdarank", {"gain": "exponential"}, lambda x: lambdarank(x, "exponential")),
    ("lambdaloss", {"gain": "linear"}, lambda x: lambdaloss(x, "linear")),
    ("lambdaloss", {"gain": "exponential"}, lambda x: lambdaloss(x, "exponential")),
    ("listnet", {"gain": "linear"}, lambda x: listnet(x, "linear")),
    ("listnet", {"gain": "exponential"}, lambda x: listnet(x, "exponential")),
    ("listnet", {"label_smoothing": 0.2}, lambda x: listnet(x, "linear", 0.2)),
    ("listmle", {}, listmle),
    ("infonce", {"temperature": 0.5}, lambda x: infonce(x, 0.5, "mean")),
    ("infonce", {"positives": "log_sum"}, lambda x: infonce(x, 1.0, "log_sum")),
    ("teacher_entropy", {}, teacher_entropy),
    ("margin_mse", {}, margin_mse),
    ("teacher_kl", {"temperature": 3.0}, lambda x: teacher_kl(x, 3.0)),
]
IDS = [" ".join([name, *map(str, details.values())]) for name, details, _ in CASES]
ORDERING = [name for name, about in LOSSES.items() if about.of in ("two grades",)]


@pytest.mark.parametrize(("name", "details", "formula"), CASES, ids=IDS)
def test_each_list_has_the_value_of_the_formula(
    name: str, details: dict[str, object], formula: Callable[[List], float]
) -> None:
    items = [*LISTS, *NOTHING_IN_ORDER]
    expected = [formula(item) for item in items]
    assert values(name, items, **details) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_every_loss_has_a_case() -> None:
    assert {name for name, _, _ in CASES} == set(LOSSES) == set(FORMULAS)


@pytest.mark.parametrize(("name", "details", "formula"), CASES, ids=IDS)
def test_padding_and_the_order_of_titles_have_no_say(
    name: str, details: dict[str, object], formula: Callable[[List], float]
) -> None:
    """Alone a list has no padding; beside a longer one it has."""
    longer = drawn(9, [0, 1, 0, 2, 0, 1, 0, 3, 0])
    for item in LISTS[:2] + LISTS[4:]:
        alone = values(name, [item], **details)[0]
        assert values(name, [longer, item], **details)[1] == pytest.approx(alone, abs=1e-6)
        for order in list(permutations(range(len(item.grades))))[::17]:
            moved = values(name, [item.taken(order)], **details)[0]
            assert moved == pytest.approx(alone, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("name", "details", "formula"), CASES, ids=IDS)
def test_gradients_are_those_of_the_formula(
    name: str, details: dict[str, object], formula: Callable[[List], float]
) -> None:
    """By central differences; the places that weigh the pairs of LambdaLoss are held."""
    items, step = LISTS[:4], 1e-5
    scores = paddle.to_tensor(np.concatenate([x.scores for x in items]).astype("float32"))
    scores.stop_gradient = False
    choice = LossChoice({name: 1.0}, **details)
    FORMULAS[name](lists_of(items, scores), choice).sum().backward()
    expected = []
    for item in items:
        for i in range(len(item.scores)):
            ends = []
            for sign in (1, -1):
                moved = [s + sign * step * (k == i) for k, s in enumerate(item.scores)]
                ends.append(formula(List(moved, item.grades, item.teacher)))
            expected.append((ends[0] - ends[1]) / (2 * step))
    assert scores.grad.numpy() == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", [*ORDERING, "infonce"])
def test_a_list_of_one_grade_has_no_loss_and_no_gradient(name: str) -> None:
    scores = paddle.to_tensor(
        np.concatenate([x.scores for x in [*NOTHING_IN_ORDER, LISTS[0]]]).astype("float32")
    )
    scores.stop_gradient = False
    lists = lists_of([*NOTHING_IN_ORDER, LISTS[0]], scores)
    loss = FORMULAS[name](lists, LossChoice({name: 1.0}))
    loss.sum().backward()
    assert loss.numpy()[:-1].tolist() == [0.0] * 4
    assert (scores.grad.numpy()[:-5] == 0).all()
    assert (scores.grad.numpy()[-5:] != 0).any()


@pytest.mark.parametrize("name", [n for n in [*ORDERING, "infonce"] if n != "margin_mse"])
def test_the_loss_falls_when_the_list_gets_right(name: str) -> None:
    """Down the gradient of its own, each list comes to have its best order."""
    grades = [0, 1, 0, 2, 0] if name != "infonce" else [0, 1, 0, 1, 0]
    scores = paddle.to_tensor(np.array([2.0, 0.0, 1.0, -1.0, 0.5], dtype="float32"))
    scores.stop_gradient = False
    item, seen = List(scores.tolist(), grades, [0.0] * 5), []
    for _ in range(150):
        loss = FORMULAS[name](lists_of([item], scores), LossChoice({name: 1.0}, margin=1.0)).sum()
        loss.backward()
        seen.append(float(loss))
        scores.set_value(scores - 0.5 * scores.grad)
        scores.clear_gradient()
    # ListNet's least value is the entropy of its target
    assert seen[-1] < 0.8 * seen[0]
    final = scores.tolist()
    assert all(final[i] > final[j] for i, j in pairs(item))


def test_saturated_scores_have_finite_losses_and_gradients() -> None:
    item = List([1e4, -1e4, 0.0], [0, 2, 1], [-1e4, 1e4, 5.0])
    for name in LOSSES:
        scores = paddle.to_tensor(np.array(item.scores, dtype="float32"))
        scores.stop_gradient = False
        loss = FORMULAS[name](lists_of([item], scores), LossChoice({name: 1.0})).sum()
        loss.backward()
        assert np.isfinite(float(loss)), name
        assert np.isfinite(scores.grad.numpy()).all(), name


def test_defaults_are_what_paddle_computes_for_upstream() -> None:
    draw = np.random.default_rng(1)
    logits, labels = draw.normal(size=(9, 2)).astype("float32"), draw.integers(0, 2, 9)
    alone = Lists.of_rows(
        paddle.to_tensor(logits[:, 1] - logits[:, 0]), labels, np.ones(9, dtype=np.int64)
    )
    ours = FORMULAS["cross_entropy"](alone, LossChoice({"cross_entropy": 1.0})).mean()
    theirs = F.cross_entropy(paddle.to_tensor(logits), paddle.to_tensor(labels))
    assert float(ours) == pytest.approx(float(theirs), abs=1e-6)
    triples = Lists.of_rows(paddle.to_tensor(logits.reshape(-1)), np.tile([1, 0], 9), np.full(9, 2))
    ours = FORMULAS["margin_ranking"](triples, LossChoice({"margin_ranking": 1.0})).mean()
    better, worse = (F.sigmoid(paddle.to_tensor(logits[:, i])) for i in (0, 1))
    theirs = F.margin_ranking_loss(better, worse, paddle.ones_like(better), margin=0.2)
    assert float(ours) == pytest.approx(float(theirs), abs=1e-6)
