# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two graphs of a split ranker beside its whole one, and the two parts of a row for them.

    graph    takes                                              returns
    encoder  input_ids, token_type_ids [N, L] of one part       states [N, L, state_size]
                                                                phrases [N, phrase_size]
    scorer   query_ids [N, Q], document_ids [N, D]              logits [N, 1 or 2]
             query_states, document_states
             query_phrases, document_phrases

A query's part is ``[CLS] query [SEP]`` with token type 0, a document's is ``document [SEP]`` with
token type 1. ``phrases`` are there where the ranker has evidence, which ``phrase_size`` above 0
says. What the encoder returns depends on the part alone; padding is that of any row, and no score
depends on its states. Both graphs together give the logits of the whole one.

States of fp16 are rounded to 11 binary digits, by operations that only fp32 computes rightly: in
bf16 and on int8 weights all rows score about alike. See :func:`refusal_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle.graphs import GraphSpec, parse_graphs
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, InferenceFailed

SPLIT_DIR = "split"
ENCODER, SCORER = "encoder", "scorer"
STATES, PHRASES, LOGITS = "states", "phrases", "logits"
QUERY_IDS, DOCUMENT_IDS = "query_ids", "document_ids"
QUERY_STATES, DOCUMENT_STATES = "query_states", "document_states"
QUERY_PHRASES, DOCUMENT_PHRASES = "query_phrases", "document_phrases"
NOT_CUT = (
    "must be 0 for the query's part and 1 for the document's behind it: the ranker is split, and "
    "sees each part alone at first"
)


# what a store may keep states in
FP32, FP16 = "fp32", "fp16"
STATE_TYPES = (FP32, FP16)


@dataclass(frozen=True)
class Split:
    """What a manifest says of a split ranker.

    Attributes:
        joint_layers: upper layers, that see query and document together.
        state_size: numbers of a token that the encoder returns.
        state_type: of :data:`STATE_TYPES`; states are returned as float32. Of fp16 they have its
            11 binary digits: from 6.1e-5 to 65504, and their negatives, fp16 holds them as they
            are. Smaller ones it rounds once more, by 3e-8 at most; larger ones it has not, they
            become infinite.
        phrase_size: numbers of a part that it returns for the evidence; 0 without evidence.
        encoder: the graph of the lower layers.
        scorer: the graph of the upper layers.
    """

    joint_layers: int
    state_size: int
    state_type: str
    phrase_size: int
    encoder: GraphSpec
    scorer: GraphSpec

    @classmethod
    def parse(cls, fields: Any) -> Split:
        """What a manifest holds.

        Raises:
            ValueError: a number makes no sense, or a graph has an unknown format.
            TypeError: it is not such an object.
        """
        encoder, scorer = parse_graphs([fields[ENCODER], fields[SCORER]])
        found = cls(**{**fields, ENCODER: encoder, SCORER: scorer})
        smallest = {"joint_layers": 1, "state_size": 1, "phrase_size": 0}
        for name, least in smallest.items():
            value = getattr(found, name)
            if type(value) is not int or value < least:
                raise ValueError(f"split: {name} {value!r} is no whole number from {least} on")
        if found.state_type not in STATE_TYPES:
            raise ValueError(f"split: state_type {found.state_type!r} is none of {STATE_TYPES}")
        return found

    @property
    def graphs(self) -> tuple[GraphSpec, GraphSpec]:
        """Both."""
        return self.encoder, self.scorer

    @property
    def scorer_inputs(self) -> tuple[str, ...]:
        """Names of what the scorer takes."""
        names = (QUERY_IDS, DOCUMENT_IDS, QUERY_STATES, DOCUMENT_STATES)
        return (*names, QUERY_PHRASES, DOCUMENT_PHRASES) if self.phrase_size else names

    @property
    def encoder_outputs(self) -> tuple[str, ...]:
        """Names of what the encoder returns, by position."""
        return (STATES, PHRASES) if self.phrase_size else (STATES,)

    def check(self, files: Mapping[str, str], where: str) -> None:
        """Refuse graphs that no hash of the manifest holds.

        Raises:
            BundleError: which; ``where`` is its field.
        """
        for graph in self.graphs:
            for name in (graph.path, graph.params):
                if name not in files:
                    raise BundleError(
                        f"split: {name!r} is not among files; export the bundle again", field=where
                    )


def refusal_of(split: Optional[Split], precision: str) -> Optional[str]:
    """Why a ranker cannot be computed in a precision; ``None`` where nothing of a split forbids it.

    Args:
        split: of its manifest.
        precision: ``fp32``, or another, in which an engine would compute.
    """
    if split is None or split.state_type == FP32 or precision == FP32:
        return None
    return (
        f"this split ranker rounds its states to {split.state_type}, which only fp32 computes; "
        "use fp32, or train it with --state_type fp32"
    )


@dataclass(frozen=True)
class Part:
    """One text of a row, without padding.

    Attributes:
        input_ids: ``[L]``.
        token_type: of all of them.
    """

    input_ids: NDArray[np.int64]
    token_type: int

    @property
    def feed(self) -> dict[str, NDArray[np.int64]]:
        """The part alone, as the encoder takes it."""
        ids = self.input_ids[None]
        return {INPUT_IDS: ids, TOKEN_TYPE_IDS: np.full_like(ids, self.token_type)}


def parts_of(feed: Mapping[str, NDArray[np.int64]], pad_id: int) -> Iterator[tuple[Part, Part]]:
    """The query's and the document's part of each row of a feed, without the padding at its end.

    Raises:
        InferenceFailed: a row does not have a query's part and a document's behind it.
    """
    ids, types = feed[INPUT_IDS], feed[TOKEN_TYPE_IDS]
    begins, lengths = types.argmax(axis=1), ids.shape[1] - (ids != pad_id)[:, ::-1].argmax(axis=1)
    places = np.arange(ids.shape[1])
    inside = places < lengths[:, None]
    as_cut = (types == (places >= begins[:, None])) | ~inside
    good = as_cut.all(axis=1) & (begins > 0) & (begins < lengths)
    if not good.all():
        raise InferenceFailed(NOT_CUT, field=f"{TOKEN_TYPE_IDS}[{int(good.argmin())}]")
    for row, begin, length in zip(ids, begins.tolist(), lengths.tolist()):
        yield Part(row[:begin], 0), Part(row[begin:length], 1)


def is_cut_once(types: NDArray[np.int64]) -> bool:
    """Whether the token types of a row are 0 at first, and 1 from somewhere on to the end."""
    return bool(len(types) and types[0] == 0 and types[-1] == 1 and (np.diff(types) >= 0).all())


def pad_parts(
    parts: Sequence[Part], pad_id: int, multiple: int = 1
) -> dict[str, NDArray[np.int64]]:
    """Parts as the encoder takes them, ``[N, L]``; ``L`` is rounded up to a multiple."""
    longest = max(len(part.input_ids) for part in parts)
    shape = (len(parts), -(-longest // multiple) * multiple)
    ids, types = np.full(shape, pad_id, np.int64), np.zeros(shape, np.int64)
    for row, part in enumerate(parts):
        ids[row, : len(part.input_ids)] = part.input_ids
        types[row, : len(part.input_ids)] = part.token_type
    return {INPUT_IDS: ids, TOKEN_TYPE_IDS: types}
