# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score whole rows by the two graphs of a split ranker, as a service with a store would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.bundle.golden import Feed
from contract.bundle.split import (
    DOCUMENT_IDS,
    DOCUMENT_PHRASES,
    DOCUMENT_STATES,
    FP16,
    FP32,
    LOGITS,
    PHRASES,
    QUERY_IDS,
    QUERY_PHRASES,
    QUERY_STATES,
    STATES,
    Part,
    pad_parts,
    parts_of,
)
from contract.encoding import INPUT_IDS
from export.engines.tensors import RunTensors, Tensors


class SplitEngine:
    """The encoder and the scorer of one engine, and what the encoder has made so far."""

    def __init__(
        self, encode: RunTensors, score: RunTensors, pad_id: int, state_type: str = FP32
    ) -> None:
        """Bind two graphs that are loaded; the store keeps states in ``state_type``."""
        self._kept_as = np.float16 if state_type == FP16 else np.float32
        self._encode = encode
        self._score = score
        self._pad_id = pad_id
        self._store: dict[bytes, dict[str, NDArray[Any]]] = {}

    def together(self, feed: Feed) -> NDArray[np.float32]:
        """Logits of rows whose parts are encoded side by side, in this call."""
        queries, documents = zip(*parts_of(feed, self._pad_id))
        return self._scored(
            queries,
            documents,
            *(self._encode(pad_parts(parts, self._pad_id)) for parts in (queries, documents)),
        )

    def from_store(self, feed: Feed) -> NDArray[np.float32]:
        """Logits of rows whose parts are encoded alone, and each of them once for all calls."""
        queries, documents = zip(*parts_of(feed, self._pad_id))
        return self._scored(
            queries, documents, *(self._stored(parts) for parts in (queries, documents))
        )

    def _scored(
        self, queries: Sequence[Part], documents: Sequence[Part], asked: Tensors, offered: Tensors
    ) -> NDArray[np.float32]:
        feed = {
            QUERY_IDS: pad_parts(queries, self._pad_id)[INPUT_IDS],
            DOCUMENT_IDS: pad_parts(documents, self._pad_id)[INPUT_IDS],
            QUERY_STATES: asked[STATES],
            DOCUMENT_STATES: offered[STATES],
        }
        if PHRASES in asked:
            feed.update({QUERY_PHRASES: asked[PHRASES], DOCUMENT_PHRASES: offered[PHRASES]})
        return self._score(feed)[LOGITS]

    def _stored(self, parts: Sequence[Part]) -> Tensors:
        found = [self._of_store(part) for part in parts]
        longest = max(len(part.input_ids) for part in parts)
        states = np.zeros((len(parts), longest, found[0][STATES].shape[-1]), np.float32)
        for row, one in zip(states, found):
            row[: len(one[STATES])] = one[STATES]
        rest = {name: np.stack([one[name] for one in found]) for name in found[0] if name != STATES}
        return {STATES: states, **rest}

    def _of_store(self, part: Part) -> dict[str, NDArray[Any]]:
        key = bytes([part.token_type]) + part.input_ids.tobytes()
        if key not in self._store:
            found = {name: x[0] for name, x in self._encode(part.feed).items()}
            self._store[key] = {**found, STATES: found[STATES].astype(self._kept_as)}
        return self._store[key]
