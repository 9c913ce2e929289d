# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Divides units between the variants of a tensor client, and calls between a variant's servers."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from contract.bundle import Bundle
from contract.bundle.embeddings import check_bundle
from contract.bundle.files import TOKENIZER_DIR, PathLike
from contract.encoding import PairEncoder
from contract.errors import InvalidField
from contract.experiments.assignment import Assignment
from contract.wire.endpoint import checked_endpoint

DEFAULT_ENDPOINT = "127.0.0.1:8600"

# a bundle's directory, or one opened already, such as by Bundle.adopt
BundleOrPath = Union[PathLike, Bundle]

# how long an endpoint that could not be reached is asked last
_AVOID_S = 5.0


class Endpoints:
    """The servers of one variant; safe to share between threads."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        """``host:port`` of each."""
        self._endpoints = tuple(endpoints)
        self._turns = itertools.count()
        self._failed_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def in_turn(self) -> list[str]:
        """All of them, each call beginning with the next; those that failed lately come last."""
        first = next(self._turns) % len(self._endpoints)
        rotated = self._endpoints[first:] + self._endpoints[:first]
        recent = time.monotonic() - _AVOID_S
        with self._lock:
            return sorted(rotated, key=lambda e: self._failed_at.get(e, recent) > recent)

    def failed(self, endpoint: str) -> None:
        """Remember that it could not be reached."""
        with self._lock:
            self._failed_at[endpoint] = time.monotonic()


@dataclass(frozen=True)
class Variant:
    """One of the rankers that a client divides its units between.

    Attributes:
        tag: its name.
        endpoints: its servers.
        bundle: its vocabulary, tensor names and score function.
        encoder: of that bundle.
    """

    tag: str
    endpoints: Endpoints
    bundle: Bundle
    encoder: PairEncoder


class Variants:
    """All variants of one client; reading is safe from any thread, adding from one."""

    def __init__(self, bundle: BundleOrPath, salt: str) -> None:
        """``bundle`` is that of variants without their own, ``salt`` the experiment's name."""
        self._bundle = bundle
        self._salt = salt
        self._opened: dict[Path, tuple[Bundle, PairEncoder]] = {}
        self._weights: dict[str, float] = {}
        self._variants: dict[str, Variant] = {}
        self._assignment: Optional[Assignment] = None

    def add(
        self, tag: str, endpoints: Sequence[str], weight: float, bundle: Optional[BundleOrPath]
    ) -> None:
        """Divide units between this variant and those added before."""
        if tag in self._variants:
            raise InvalidField(f"{tag!r} is there already; give each variant its own", field="tag")
        if not endpoints:
            raise InvalidField(f"variant {tag!r} has none; name host:port", field="endpoint")
        checked = [checked_endpoint(endpoint, DEFAULT_ENDPOINT) for endpoint in endpoints]
        weights = {**self._weights, tag: weight}
        assignment = Assignment(weights, self._salt)
        opened = self._open(self._bundle if bundle is None else bundle)
        self._variants[tag] = Variant(tag, Endpoints(checked), *opened)
        self._weights, self._assignment = weights, assignment

    def _open(self, path: BundleOrPath) -> tuple[Bundle, PairEncoder]:
        """The bundle, and its encoder, which gives no ids that its graph, if it is there, has not.

        Raises:
            BundleError: it cannot be read, or its tokenizer is larger than its graph.
        """
        if isinstance(path, Bundle):
            encoder = path.encoder()
            check_bundle(path, encoder)
            return path, encoder
        root = Bundle.root_of(path).resolve()
        if root not in self._opened:
            bundle = Bundle.open(root, part=TOKENIZER_DIR)
            encoder = bundle.encoder()
            check_bundle(bundle, encoder)
            self._opened[root] = bundle, encoder
        return self._opened[root]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._variants)

    def of(self, unit: str) -> Variant:
        """The unit's variant.

        Raises:
            InvalidField: there is none yet.
        """
        if self._assignment is None:
            raise InvalidField("the client has none; name one, or add a variant", field="endpoint")
        tag = self._assignment.variant_of(unit)
        assert tag is not None  # all units take part
        return self._variants[tag]
