# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A unit and a salt in, always the same variant out: sticky assignment without a store.

A unit is what has to keep its variant: a user, a session, or the query itself. With another salt,
units are dealt anew and independently.

    bucket  = first 8 bytes of SHA-256(salt, a zero byte, unit), big-endian, modulo 10,000
    variant = the first one whose share, added to those before it, is above (bucket + 0.5) / 10,000

Texts are UTF-8. Shares are weights over their sum, laid side by side in the order given: raising
the first one's share gives it units of the second and takes none away.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from itertools import accumulate

from contract.errors import InvalidField

BUCKETS = 10_000


def bucket_of(unit: str, salt: str) -> int:
    """The unit's bucket, 0 to 9,999."""
    text = f"{salt}\0{unit}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % BUCKETS


class Assignment:
    """Variants and their weights; safe to share between threads."""

    def __init__(self, weights: Mapping[str, float], salt: str) -> None:
        """Bind the weights.

        Args:
            weights: by variant, 0 or more each; their order matters, their sum does not.
            salt: name of the experiment.

        Raises:
            InvalidField: a weight is negative or no number, or none is above 0.
        """
        bad = [name for name, w in weights.items() if not (math.isfinite(w) and w >= 0)]
        if bad or not sum(weights.values()) > 0:
            raise InvalidField(
                f"must be 0 or more, and at least one above 0, got {dict(weights)}", field="weight"
            )
        self.salt = salt
        self._borders = tuple(zip(accumulate(weights.values()), weights))

    def variant_of(self, unit: str) -> str:
        """The variant of a unit."""
        total = self._borders[-1][0]
        point = (bucket_of(unit, self.salt) + 0.5) / BUCKETS * total
        # the last border is the sum, and no point reaches it
        return next(variant for border, variant in self._borders if point < border)
