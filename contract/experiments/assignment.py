# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Assigns a variant to a unit, always the same one, without storing anything.

A unit is what has to keep its variant: a user, a session, or the query itself. With another salt,
units are dealt anew and independently. The hash and the ranges are those of GrowthBook's SDKs
(hash version 2; https://docs.growthbook.io/lib/build-your-own), so that both assign alike:

    bucket  = fnv1a32(str(fnv1a32(salt + unit))) modulo 10,000
    variant = the one whose range [start, start + coverage * share) holds bucket / 10,000

Shares are weights over their sum; a range starts where the shares before it end, so raising the
coverage adds units to every variant and moves none. FNV-1a runs over UTF-16 code units, as in
GrowthBook's JavaScript.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from contract.errors import InvalidField

BUCKETS = 10_000
_NAMESPACE_BUCKETS = 1000
_MAX_QUERY_CHARS = 256
_FNV_OFFSET, _FNV_PRIME, _32_BITS = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


def fnv1a32(text: str) -> int:
    """FNV-1a, 32 bits, over UTF-16 code units."""
    value = _FNV_OFFSET
    if not text.isascii():
        data = text.encode("utf-16-le", "surrogatepass")
        for low, high in zip(data[::2], data[1::2]):
            value = ((value ^ (low | high << 8)) * _FNV_PRIME) & _32_BITS
        return value
    for unit in text.encode("ascii"):
        value = ((value ^ unit) * _FNV_PRIME) & _32_BITS
    return value


def bucket_of(unit: str, salt: str) -> int:
    """The unit's bucket, 0 to 9,999."""
    return fnv1a32(str(fnv1a32(salt + unit))) % BUCKETS


def unit_of(unit_id: str, user_id: str, query: str) -> str:
    """What keeps its variant: the first of these that is not empty.

    A query of more than 256 characters stands by its BLAKE2b digest: FNV in Python takes 0.2
    microseconds a character.
    """
    if unit_id or user_id or len(query) <= _MAX_QUERY_CHARS:
        return unit_id or user_id or query
    return hashlib.blake2b(query.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Namespace:
    """A part of all units; experiments in parts that do not overlap never share one.

    Attributes:
        name: with another name, units are dealt anew.
        start: of the part, from 0 to 1.
        end: of the part, itself not in it.
    """

    name: str
    start: float
    end: float

    def holds(self, unit: str) -> bool:
        """Whether the unit is in this part (GrowthBook's ``inNamespace``, hash version 1)."""
        point = fnv1a32(f"{unit}__{self.name}") % _NAMESPACE_BUCKETS / _NAMESPACE_BUCKETS
        return self.start <= point < self.end


@dataclass(frozen=True)
class Holdout:
    """Units that take part in no experiment, to compare all experiments together with.

    Attributes:
        salt: of the hold-out.
        share: of all units, from 0 to 1.
    """

    salt: str
    share: float

    def holds(self, unit: str) -> bool:
        """Whether the unit is held out."""
        return bucket_of(unit, self.salt) / BUCKETS < self.share


class Assignment:
    """Variants and their weights; safe to share between threads."""

    def __init__(self, weights: Mapping[str, float], salt: str, coverage: float = 1.0) -> None:
        """Bind the weights.

        Args:
            weights: by variant, 0 or more each; their order matters, their sum does not.
            salt: of the experiment.
            coverage: share of all units that take part, from 0 to 1.

        Raises:
            InvalidField: a weight is negative or no number, none is above 0, or the coverage is
                not from 0 to 1.
        """
        bad = [name for name, w in weights.items() if not (math.isfinite(w) and w >= 0)]
        total = sum(weights.values())
        if bad or not total > 0:
            raise InvalidField(
                f"must be 0 or more, and at least one above 0, got {dict(weights)}", field="weight"
            )
        if not 0 <= coverage <= 1:
            raise InvalidField(f"must be from 0 to 1, got {coverage}", field="coverage")
        self.salt = salt
        #: by variant, its share of all units
        self.shares = {variant: coverage * w / total for variant, w in weights.items()}
        ranges, start = [], 0.0
        for variant, weight in weights.items():
            share = weight / total
            ranges.append((start, start + coverage * share, variant))
            start += share
        self._ranges = tuple(ranges)

    def variant_of(self, unit: str) -> Optional[str]:
        """The variant of a unit; ``None`` for one that the coverage leaves out."""
        point = bucket_of(unit, self.salt) / BUCKETS
        for start, end, variant in self._ranges:
            if start <= point < end:
                return variant
        return None
