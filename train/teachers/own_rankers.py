# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rankers of this project as teachers: a checkpoint in Paddle, a bundle in OpenVINO."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Optional

import numpy as np

from contract.bundle import Bundle
from contract.bundle.graphs import OPENVINO, OPENVINO_INT8
from contract.encoding import PairEncoder
from contract.errors import InferenceFailed, SetUpError
from contract.scoring import SCORE_FUNCTIONS, ScoreFunction
from train.teachers.openvino_graph import Run, compile_graph, in_batches
from train.teachers.teacher import FloatArray, Pair, Runtime, Teacher

# what a score of exactly 0 or 1 is taken for, where a graph gives no logits
_CLIPPED = 1e-7


class BundleTeacher(Teacher):
    """A published bundle, in fp32 or int8: runs wherever OpenVINO does."""

    def __init__(self, name: str, place: str, runtime: Runtime) -> None:
        """Check the bundle.

        Raises:
            BundleError: it is missing or damaged.
        """
        self._bundle = Bundle.open(place)
        self._runtime = runtime
        self.name = name
        self.digest = _digest("bundle", self._bundle.manifest.version)

    @cached_property
    def _run(self) -> Run:
        reader = OPENVINO_INT8 if self._bundle.manifest.precision == "int8" else OPENVINO
        return compile_graph(self._bundle.graph(reader).model, self._runtime, self.name)

    @cached_property
    def _encoder(self) -> PairEncoder:
        return self._bundle.encoder()

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """What the service orders titles by."""
        manifest = self._bundle.manifest
        names = {spec.alias: spec.name for spec in manifest.feeds}
        rows = self._encoder.encode_pairs(pairs)
        output = next(spec.name for spec in manifest.fetches if spec.alias == manifest.logits)

        def compute(batch: Any) -> FloatArray:
            feed = self._encoder.pad([rows[i] for i in batch])
            return self._run({names[alias]: value for alias, value in feed.items()})[output]

        lengths = [len(row.input_ids) for row in rows]
        logits = in_batches(lengths, self._runtime.batch_size, compute)
        return margins_of(self._bundle.score, logits, self.name)


class CheckpointTeacher(Teacher):
    """A checkpoint of either ranker: runs where PaddleNLP is installed."""

    def __init__(
        self, name: str, place: str, runtime: Runtime, max_seq_length: Optional[int] = None
    ) -> None:
        """Find the files.

        Raises:
            SetUpError: there is no checkpoint.
        """
        from train.model.checkpoint import RANKER_FILE, find_parameters, sha256

        file = find_parameters(place)
        about = file.parent / RANKER_FILE
        facts = about.read_text(encoding="utf-8") if about.is_file() else ""
        self._place = place
        self._runtime = runtime
        self._max_seq_length = max_seq_length
        self.name = name
        self.digest = _digest("checkpoint", sha256(file), facts, str(max_seq_length))

    @cached_property
    def _ranker(self) -> Any:
        try:
            from train.model.ranker import load_ranker

            return load_ranker(self._place, max_seq_length=self._max_seq_length)
        except ImportError as error:
            raise SetUpError(
                f"a checkpoint needs {error.name}, which is not installed here: run it in "
                ".venv-card, or export the checkpoint and name bundle:DIRECTORY",
                field=self.name,
            ) from error

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """What the exported ranker would order titles by."""
        ranker = self._ranker
        from train.data.dataset import encode
        from train.model.inference import logits

        numbers = {
            text: i for i, text in enumerate(dict.fromkeys(t for pair in pairs for t in pair))
        }
        queries, titles = np.array([[numbers[q], numbers[t]] for q, t in pairs]).T
        encoded = encode(ranker.encoder, list(numbers), queries, titles)
        values = logits(ranker.model, ranker.encoder, encoded, self._runtime.batch_size)
        return margins_of(SCORE_FUNCTIONS[ranker.score_function], values, self.name)


def margins_of(score: ScoreFunction, logits: FloatArray, where: str) -> FloatArray:
    """Logits of relevance ``[N]``, also of a graph that ends in the sigmoid.

    Raises:
        SetUpError: a logit is NaN or infinite.
    """
    try:
        values = score.margins(logits)
    except InferenceFailed as error:
        raise SetUpError(error.message, field=where) from error
    if not score.has_logits:
        values = np.clip(values, _CLIPPED, 1 - _CLIPPED)
        values = np.log(values / (1 - values))
    return values.astype(np.float32)


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()
