# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The bucket is the documented formula, the shares come out, and salts are independent."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from contract.assignment import BUCKETS, Assignment, bucket_of
from contract.errors import InvalidField

UNITS = 200_000


@pytest.fixture(scope="module")
def buckets() -> np.ndarray:
    """Of many units under two salts, ``[2, UNITS]``."""
    return np.array([[bucket_of(f"user{i}", salt) for i in range(UNITS)] for salt in ("a", "b")])


def chi_square(counts: np.ndarray) -> float:
    """How many standard deviations the counts are from equal ones."""
    expected = counts.sum() / counts.size
    freedom = counts.size - 1
    return float((((counts - expected) ** 2 / expected).sum() - freedom) / (2 * freedom) ** 0.5)


@pytest.mark.parametrize(
    ("unit", "salt"), [("user1", "exp"), ("", ""), ("感冒 吃什么", "牙"), ("a\nb", "x y")]
)
def test_a_bucket_is_what_another_program_computes(unit: str, salt: str) -> None:
    text = f"{salt}\0{unit}".encode()
    shown = subprocess.run(["sha256sum"], input=text, capture_output=True, check=True).stdout
    assert bucket_of(unit, salt) == int(shown[:16], 16) % BUCKETS


def test_a_unit_that_is_no_unicode_has_a_bucket_too() -> None:
    assert 0 <= bucket_of("\ud800", "") < BUCKETS


def test_buckets_are_filled_evenly(buckets: np.ndarray) -> None:
    for of_salt in buckets:
        assert abs(chi_square(np.bincount(of_salt, minlength=BUCKETS))) < 3


def test_two_salts_deal_independently(buckets: np.ndarray) -> None:
    both = np.histogram2d(*buckets, bins=50, range=[[0, BUCKETS]] * 2)[0]
    assert abs(chi_square(both)) < 3
    assert abs(np.corrcoef(buckets)[0, 1]) < 3 / UNITS**0.5


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 1, "b": 2, "c": 7}, {"a": 0.01, "b": 0.99}]
)
def test_each_variant_gets_its_share(weights: dict[str, float], buckets: np.ndarray) -> None:
    assignment = Assignment(weights, "a")
    got = [assignment.variant_of(f"user{i}") for i in range(UNITS)]
    total = sum(weights.values())
    for name, weight in weights.items():
        share = weight / total
        deviation = (share * (1 - share) / UNITS) ** 0.5
        assert abs(got.count(name) / UNITS - share) < 3 * deviation


def test_it_is_sticky_and_scale_does_not_matter() -> None:
    units = [f"user{i}" for i in range(1000)]
    one, other = Assignment({"a": 1, "b": 3}, "s"), Assignment({"a": 25, "b": 75}, "s")
    assert [one.variant_of(u) for u in units] == [other.variant_of(u) for u in units]


def test_raising_a_weight_takes_units_and_gives_none() -> None:
    units = [f"user{i}" for i in range(1000)]
    before, after = Assignment({"a": 10, "b": 90}, "s"), Assignment({"a": 20, "b": 80}, "s")
    moved = {(before.variant_of(u), after.variant_of(u)) for u in units}
    assert moved == {("a", "a"), ("b", "a"), ("b", "b")}


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
