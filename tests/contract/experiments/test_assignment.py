# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Buckets are GrowthBook's, shares come out over a million units, salts are independent."""

from __future__ import annotations

import random
from math import erfc

import numpy as np
import pytest

from contract.errors import InvalidField
from contract.experiments.assignment import (
    BUCKETS,
    Assignment,
    Holdout,
    Namespace,
    bucket_of,
    fnv1a32,
    unit_of,
)

UNITS = 1_000_000

# published: GrowthBook's SDK test cases (specVersion 0.7.1), hash version 2
PUBLISHED = [
    ("seed", "a", 0.0505),
    ("seed", "b", 0.2696),
    ("foo", "ab", 0.2575),
    ("foo", "def", 0.2019),
    ("89123klj", "8952klfjas09ujkasdf", 0.124),
    ("90850943850283058242805", "123", 0.7516),
    ("()**(%$##$%#$#", '___)((*":&', 0.0128),
]
# computed by hash(seed, value, 2) of the npm package @growthbook/growthbook 1.8.0
FROM_JAVASCRIPT = [
    ("seed", "用户一", 0.4483),
    ("seed", "牙结石脱落小妙招", 0.0194),
    ("seed", "naïve", 0.1066),
    ("seed", "😀用户", 0.3194),
    ("seed", "", 0.4286),
    ("ernie_vs_rocketqa", "user-42", 0.3634),
    ("ernie_vs_rocketqa", "中西方语言与文化的差异", 0.0383),
    ("实验", "123", 0.1248),
    ("实验", "用户一", 0.2138),
    ("实验", "😀用户", 0.8416),
    ("", "a", 0.0216),
]
# the same package: inNamespace(unit, ["ranking", 0, 0.5]); hash(seed, value, 1)
IN_NAMESPACE = {
    **dict.fromkeys(["a", "123", "牙结石脱落小妙招", "中西方语言与文化的差异", "😀用户"], True),
    **dict.fromkeys(["user-42", "用户一"], False),
}


@pytest.fixture(scope="module")
def buckets() -> np.ndarray:
    """Of many units under two salts, ``[2, UNITS]``."""
    return np.array([[bucket_of(f"user{i}", salt) for i in range(UNITS)] for salt in ("a", "b")])


def p_value(counts: np.ndarray, expected: np.ndarray) -> float:
    """Of Pearson's chi-square test, by Wilson and Hilferty's normal approximation."""
    freedom = counts.size - 1
    statistic = float(((counts - expected) ** 2 / expected).sum())
    spread = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5
    return 0.5 * erfc(z / 2**0.5)


@pytest.mark.parametrize(("salt", "unit", "point"), PUBLISHED + FROM_JAVASCRIPT)
def test_a_bucket_is_growthbooks(salt: str, unit: str, point: float) -> None:
    assert bucket_of(unit, salt) / BUCKETS == point


def test_fnv_is_the_published_one() -> None:
    assert [fnv1a32(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


@pytest.mark.parametrize(("unit", "within"), IN_NAMESPACE.items())
def test_a_namespace_holds_whom_growthbooks_holds(unit: str, within: bool) -> None:
    assert Namespace("ranking", 0.0, 0.5).holds(unit) is within
    assert Namespace("ranking", 0.5, 1.0).holds(unit) is not within


def test_a_unit_that_is_no_unicode_has_a_bucket_too() -> None:
    assert 0 <= bucket_of("\ud800", "") < BUCKETS


def test_the_unit_is_the_first_name_given() -> None:
    assert unit_of("session", "user", "query") == "session"
    assert unit_of("", "user", "query") == "user"
    assert unit_of("", "", "query") == "query"
    assert unit_of("", "", "问" * 256) == "问" * 256


def test_a_long_query_stands_by_its_digest() -> None:
    unit = unit_of("", "", "问" * 257)
    assert len(unit) == 32
    assert unit == unit_of("", "", "问" * 257) != unit_of("", "", "问" * 258)
    assert unit_of("", "user", "问" * 257) == "user"


def test_buckets_are_filled_evenly(buckets: np.ndarray) -> None:
    for of_salt in buckets:
        counts = np.bincount(of_salt // 100, minlength=100)
        assert p_value(counts, np.full(100, UNITS / 100)) > 0.01


def test_two_salts_deal_independently(buckets: np.ndarray) -> None:
    both = np.histogram2d(*buckets, bins=50, range=[[0, BUCKETS]] * 2)[0].ravel()
    assert p_value(both, np.full(both.size, UNITS / both.size)) > 0.01
    assert abs(np.corrcoef(buckets)[0, 1]) < 3 / UNITS**0.5


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 1, "b": 2, "c": 7}, {"a": 0.01, "b": 0.99}]
)
def test_each_variant_gets_its_share(weights: dict[str, float], buckets: np.ndarray) -> None:
    assignment = Assignment(weights, "a")
    of_bucket = {bucket_of(f"u{i}", "a"): assignment.variant_of(f"u{i}") for i in range(200_000)}
    assert len(of_bucket) == BUCKETS, "a sample did not reach every bucket"
    got = np.bincount(
        [list(weights).index(of_bucket[b]) for b in range(BUCKETS)],
        weights=np.bincount(buckets[0], minlength=BUCKETS),
    )
    shares = np.array(list(weights.values())) / sum(weights.values())
    assert np.abs(got / UNITS - shares).max() < 0.001
    assert p_value(got, shares * UNITS) > 0.01


def test_it_is_sticky_and_scale_does_not_matter() -> None:
    units = [f"user{i}" for i in range(1000)]
    one, other = Assignment({"a": 1, "b": 3}, "s"), Assignment({"a": 25, "b": 75}, "s")
    assert [one.variant_of(u) for u in units] == [other.variant_of(u) for u in units]


def test_raising_coverage_moves_no_unit_that_was_in() -> None:
    random.seed(5)
    units = [f"用户{i}" for i in range(3000)]
    for weights in ({"a": 1, "b": 1}, {"a": 0.1, "b": 0.2, "c": 0.7}):
        before = dict.fromkeys(units)
        for coverage in sorted(random.random() for _ in range(12)):
            after = {u: Assignment(weights, "s", coverage).variant_of(u) for u in units}
            assert all(after[u] == variant for u, variant in before.items() if variant)
            share = sum(variant is not None for variant in after.values()) / len(units)
            assert abs(share - coverage) < 0.04
            before = after


def test_namespaces_side_by_side_share_no_unit_and_miss_none() -> None:
    parts = [Namespace("n", 0.0, 0.3), Namespace("n", 0.3, 0.7), Namespace("n", 0.7, 1.0)]
    for i in range(2000):
        assert sum(part.holds(f"user{i}") for part in parts) == 1


def test_a_holdout_holds_its_share_and_grows() -> None:
    units = [f"user{i}" for i in range(20_000)]
    small = {u for u in units if Holdout("2026", 0.05).holds(u)}
    large = {u for u in units if Holdout("2026", 0.10).holds(u)}
    assert small < large
    assert abs(len(small) / len(units) - 0.05) < 0.005
    assert not any(Holdout("2026", 0.0).holds(u) for u in units)


def test_a_weight_of_zero_gets_nothing() -> None:
    for weights in ({"a": 0, "b": 1}, {"b": 1, "a": 0}):
        assignment = Assignment(weights, "s")
        assert {assignment.variant_of(f"user{i}") for i in range(1000)} == {"b"}


@pytest.mark.parametrize(
    "weights", [{}, {"a": 0}, {"a": -1, "b": 2}, {"a": float("nan")}, {"a": float("inf")}]
)
def test_weights_that_are_none_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(InvalidField, match="weight: must be 0 or more"):
        Assignment(weights, "s")


@pytest.mark.parametrize("coverage", [-0.1, 1.1, float("nan")])
def test_a_coverage_that_is_no_share_is_refused(coverage: float) -> None:
    with pytest.raises(InvalidField, match="coverage: must be from 0 to 1"):
        Assignment({"a": 1}, "s", coverage)
