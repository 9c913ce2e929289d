# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two graphs of a split ranker behind the Engine protocol, with a store between them.

Rows come in as for every engine, and are cut into query and document. The encoder computes the
parts that the store does not have, each once; the scorer computes every pair. Logits are those of
the whole graph, wherever a part came from.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.files import content_digest
from contract.bundle.graphs import OPENVINO, GraphSpec, choose
from contract.bundle.split import (
    DOCUMENT_IDS,
    DOCUMENT_PHRASES,
    DOCUMENT_STATES,
    LOGITS,
    QUERY_IDS,
    QUERY_PHRASES,
    QUERY_STATES,
    Part,
    Split,
    pad_parts,
    parts_of,
)
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import ConfigError
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.feeds import arrays_of
from pipeline.engines.openvino import check_precision, share_of
from pipeline.engines.openvino_graph import CompiledGraph, Output, options_of
from pipeline.settings.ops import SplitConfig
from pipeline.states.corpus import CorpusReader, corpus_file
from pipeline.states.parts import DOCUMENT, QUERY, Kept, bytes_of, part_key
from pipeline.states.store import StateStore

_LOGGER = logging.getLogger(__name__)

# parts have many lengths; rounded up, the graphs meet few shapes, for each of which they keep
# kernels
_MULTIPLE = 8


def split_of(bundle: Bundle, where: str) -> Split:
    """What the manifest says of the two graphs.

    Raises:
        ConfigError: there are none; ``where`` is the yaml path of the key that asks for them.
    """
    split = bundle.manifest.split
    if split is None:
        raise ConfigError(
            f"{bundle.root} has no graphs of its parts; train a ranker with --joint_layers and "
            "publish it (an int8 bundle has none), or leave the key out",
            field=where,
        )
    return split


class SplitEngine:
    """Encoder and scorer of one worker, and the store that it shares with the others."""

    def __init__(
        self,
        bundle: Bundle,
        pad_id: int,
        precision: str,
        threads: int,
        cache: EngineCache,
        store: StateStore,
        where: str,
    ) -> None:
        """Compile both graphs, or load them compiled.

        Args:
            bundle: of a split ranker.
            pad_id: of its vocabulary.
            precision: ``fp32`` or ``bf16``.
            threads: of this engine.
            cache: where compiled graphs lie.
            store: of this bundle and this precision alone.
            where: yaml path of the op, for errors.

        Raises:
            ConfigError: this processor does not multiply ``precision``, or the bundle is not split.
            BundleError: a graph does not load or is not what the manifest says.
        """
        check_precision(bundle, precision, f"{where}.local_service_conf")
        split = split_of(bundle, f"{where}.split")
        digest, options = content_digest(bundle.manifest.files), options_of(precision, threads)

        def compiled(
            spec: GraphSpec, inputs: Sequence[str], outputs: Sequence[str]
        ) -> CompiledGraph:
            chosen = bundle.files_of(choose([spec], OPENVINO, str(bundle.root)))
            wanted = [
                Output(frozenset({name}), place, len(outputs)) for place, name in enumerate(outputs)
            ]
            return CompiledGraph(chosen.model, digest, inputs, wanted, options, cache)

        self._encoder = compiled(split.encoder, (INPUT_IDS, TOKEN_TYPE_IDS), split.encoder_outputs)
        self._scorer = compiled(split.scorer, split.scorer_inputs, (LOGITS,))
        self._split = split
        self._specs = bundle.manifest.feeds
        self._version = bundle.manifest.version
        self._pad_id = pad_id
        self._store = store

    def run(self, feed: Feed) -> Logits:
        """Run one batch; see :class:`pipeline.engines.engine.Engine`."""
        named = [spec.alias for spec in self._specs]
        ids = dict(zip(named, arrays_of(feed, self._specs)))
        queries, documents = zip(*parts_of(ids, self._pad_id))
        of_query, of_document = self._encoded(QUERY, queries), self._encoded(DOCUMENT, documents)
        arrays = {
            QUERY_IDS: of_query[0],
            DOCUMENT_IDS: of_document[0],
            QUERY_STATES: of_query[1],
            DOCUMENT_STATES: of_document[1],
        }
        if self._split.phrase_size:
            arrays[QUERY_PHRASES], arrays[DOCUMENT_PHRASES] = of_query[2], of_document[2]
        (logits,) = self._scorer.run([arrays[name] for name in self._split.scorer_inputs])
        return logits

    def _encoded(self, kind: str, parts: Sequence[Part]) -> list[NDArray[Any]]:
        """Ids, states and, with evidence, phrases of one part of each row, padded.

        What the store does not have is computed now, each part once.
        """
        places: dict[bytes, int] = {}
        rows = [places.setdefault(part.input_ids.tobytes(), len(places)) for part in parts]
        distinct = [parts[rows.index(place)] for place in range(len(places))]
        keys = [part_key(part, self._version) for part in distinct]
        known = self._store.get(kind, keys)
        missing = {key: part for key, part in zip(keys, distinct) if key not in known}
        if missing:
            computed = dict(zip(missing, self.encode(list(missing.values()))))
            # what is no number fails its requests, and is computed again for the next
            self._store.put({key: kept for key, kept in computed.items() if kept.finite})
            known.update(computed)
        stacked = self._stacked(distinct, [known[key] for key in keys])
        return stacked if len(distinct) == len(rows) else [array[rows] for array in stacked]

    def encode(self, parts: Sequence[Part]) -> list[Kept]:
        """Compute what is kept of parts, whatever the store has."""
        feed = pad_parts(parts, self._pad_id, _MULTIPLE)
        states, *phrases = self._encoder.run([feed[INPUT_IDS], feed[TOKEN_TYPE_IDS]])
        state_type = self._split.state_type
        return [
            Kept(states[row, : len(part.input_ids)], phrases[0][row] if phrases else None).owned(
                state_type
            )
            for row, part in enumerate(parts)
        ]

    def _stacked(self, parts: Sequence[Part], encoded: Sequence[Kept]) -> list[NDArray[Any]]:
        ids = pad_parts(parts, self._pad_id, _MULTIPLE)[INPUT_IDS]
        # padding is masked, but has to be finite
        states = np.zeros((*ids.shape, self._split.state_size), np.float32)
        for row, kept in zip(states, encoded):
            row[: len(kept.states)] = kept.states
        phrases = [kept.phrases for kept in encoded if kept.phrases is not None]
        return [ids, states, np.stack(phrases)] if phrases else [ids, states]

    def close(self) -> None:
        """Drop both graphs."""
        self._encoder.close()
        self._scorer.close()


class SplitSource:
    """Opens engines that share a store; see :class:`pipeline.engines.engine.EngineSource`.

    Attributes:
        states: the store.
    """

    def __init__(
        self,
        bundle: Bundle,
        precision: str,
        thread_num: int,
        cache: EngineCache,
        kept: SplitConfig,
        where: str,
    ) -> None:
        """Bind what every engine needs; ``thread_num`` is divided between them.

        Args:
            bundle: of a split ranker.
            precision: ``fp32`` or ``bf16``.
            thread_num: of all engines.
            cache: where compiled graphs lie.
            kept: bytes that the store may hold, and where a corpus lies.
            where: yaml path of the op, for errors.

        Raises:
            ConfigError: the bundle is not split, or its longest document has no room in the store.
        """
        split = split_of(bundle, f"{where}.split")
        least = bytes_of(bundle.manifest.max_seq_length, split)
        if kept.store_bytes < least:
            raise ConfigError(
                f"must be at least {least}, which the longest row of {bundle.manifest.version} "
                f"takes, got {kept.store_bytes}",
                field=f"{where}.split.store_bytes",
            )
        self.states = StateStore(kept.store_bytes, _corpus_of(bundle, precision, kept, split))
        self._share = share_of(thread_num)
        pad_id = bundle.encoder().pad_id
        self._arguments = (
            bundle,
            pad_id,
            precision,
            self._share.threads,
            cache,
            self.states,
            where,
        )

    @property
    def count(self) -> int:
        """How many engines to run side by side."""
        return self._share.engines

    def open(self) -> SplitEngine:
        """Compile both graphs of one, or load them compiled."""
        return SplitEngine(*self._arguments)


def _corpus_of(
    bundle: Bundle, precision: str, kept: SplitConfig, split: Split
) -> Optional[CorpusReader]:
    if kept.corpus is None:
        return None
    path = corpus_file(Path(kept.corpus), bundle, precision)
    if path.is_file():
        return CorpusReader(path, split)
    _LOGGER.warning(
        "%s: not there; documents are encoded when they are asked for. python -m "
        "pipeline.encode_corpus encodes them ahead, for each bundle anew",
        path,
    )
    return None
