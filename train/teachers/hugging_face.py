# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross-encoders and bi-encoders of Hugging Face as teachers, without their frameworks.

OpenVINO runs the directory's ``.onnx``, or else a graph that is made of its ``model.safetensors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Callable, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.teachers.encoder_graph import (
    Encoder,
    Head,
    TokenRow,
    first_token,
    mean_of_tokens,
)
from train.teachers.foreign_tokens import ForeignTokens, read_tokens
from train.teachers.model_folder import ModelFolder
from train.teachers.openvino_graph import Run, compile_graph, finite, in_batches
from train.teachers.teacher import (
    QUERY,
    TEMPERATURE,
    TITLE,
    BiEncoder,
    FloatArray,
    Pair,
    Runtime,
    Teacher,
    unit_length,
)

POOLINGS: dict[str, Head] = {"mean": mean_of_tokens, "cls": first_token}
_POOLING_FILE = "1_Pooling/config.json"
_SETTINGS_FILE = "config_sentence_transformers.json"
_TITLE_PROMPTS = ("document", "passage", "corpus")
# one or the other name, by what exported the graph
_HIDDEN, _LOGITS = ("last_hidden_state", "token_embeddings"), ("logits",)


class _Model:
    """A directory ready to compute: rows to whatever a head makes of them."""

    def __init__(self, folder: ModelFolder, runtime: Runtime) -> None:
        self._folder = folder
        self._runtime = runtime

    @cached_property
    def _tokens(self) -> ForeignTokens:
        return read_tokens(self._folder.path, self._folder.max_seq_length)

    @cached_property
    def _encoder(self) -> Encoder:
        folder = self._folder
        embeddings = folder.embeddings()
        return Encoder(folder.shape(), folder.weight, embeddings, self._runtime, folder.name)

    @cached_property
    def _graph(self) -> Run:
        assert self._folder.onnx is not None
        return compile_graph(self._folder.onnx, self._runtime, self._folder.name)

    def compute(
        self,
        texts: Sequence[Union[str, Pair]],
        outputs: Sequence[str],
        head: Head,
        of_graph: Callable[[FloatArray, FloatArray], FloatArray],
    ) -> FloatArray:
        """Of every text: ``of_graph`` of an ONNX output and the mask, or else ``head``."""
        rows = self._tokens.rows(texts)
        if self._folder.onnx is None:
            return finite(self._encoder.compute(rows, head), self._folder.name)

        def batch(numbers: NDArray[np.int64]) -> FloatArray:
            feed = _feed([rows[i] for i in numbers])
            answer = self._graph(feed)
            found = [answer[name] for name in outputs if name in answer]
            if not found:
                raise SetUpError(
                    f"the graph gives {', '.join(sorted(answer))}, and not {' or '.join(outputs)}",
                    field=str(self._folder.onnx),
                )
            return of_graph(found[0], feed["attention_mask"].astype(np.float32))

        lengths = [len(row.ids) for row in rows]
        return finite(in_batches(lengths, self._runtime.batch_size, batch), self._folder.name)


def _feed(rows: Sequence[TokenRow]) -> dict[str, NDArray[np.int64]]:
    """Rows as Hugging Face's graphs take them; whatever fills a masked place is not read."""
    longest = max(len(row.ids) for row in rows)
    ids, types, mask = (np.zeros((len(rows), longest), dtype=np.int64) for _ in range(3))
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)], types[i, : len(row.ids)] = row.ids, row.types
        mask[i, : len(row.ids)] = 1
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}


class HuggingFaceCrossEncoder(Teacher):
    """A model for sequence classification with one logit, or two."""

    def __init__(
        self, name: str, place: str, runtime: Runtime, max_seq_length: Optional[int] = None
    ) -> None:
        """Look at the directory.

        Raises:
            SetUpError: it holds nothing that can be run here.
        """
        self._folder = ModelFolder(place, max_seq_length, name)
        self._model = _Model(self._folder, runtime)
        self.name = name
        self.digest = self._folder.digest("cross-encoder", str(self._folder.max_seq_length))

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """The logit, or that of the second class minus that of the first."""
        head = self._head if self._folder.onnx is None else first_token
        logits = self._model.compute(pairs, _LOGITS, head, lambda found, _: found)
        if logits.ndim == 2 and logits.shape[1] in (1, 2):
            return np.asarray(logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0))
        raise SetUpError(
            f"gives logits of shape {list(logits.shape)}; a cross-encoder has one or two",
            field=self.name,
        )

    @cached_property
    def _head(self) -> Head:
        """BERT's pooler and classifier, or RoBERTa's two layers."""
        folder = self._folder
        roberta = "classifier.dense.weight" in folder.names
        first = "classifier.dense" if roberta else f"{folder.prefix}pooler.dense"
        last = "classifier.out_proj" if roberta else "classifier"
        dense, dense_bias, out, out_bias = (
            folder.tensor(f"{part}.{kind}") for part in (first, last) for kind in ("weight", "bias")
        )

        def head(hidden: FloatArray, mask: FloatArray) -> FloatArray:
            pooled = np.tanh(first_token(hidden, mask) @ dense.T + dense_bias)
            return np.asarray(pooled @ out.T + out_bias, dtype=np.float32)

        return head


class HuggingFaceBiEncoder(BiEncoder):
    """An encoder whose pooled vectors are compared, as sentence-transformers saves them."""

    def __init__(
        self,
        name: str,
        place: str,
        runtime: Runtime,
        max_seq_length: Optional[int] = None,
        pooling: str = "",
        query: Optional[str] = None,
        title: Optional[str] = None,
        temperature: float = TEMPERATURE,
    ) -> None:
        """Look at the directory.

        Args:
            name: the spec.
            place: the directory.
            runtime: how to compute.
            max_seq_length: of a text, in tokens.
            pooling: ``mean`` or ``cls``; what the directory says, or else the mean.
            query: put before queries; what the directory says, or else nothing.
            title: the same of titles.
            temperature: scores are cosines divided by it.

        Raises:
            SetUpError: it holds nothing that can be run here, or a part that is not read.
        """
        self._folder = ModelFolder(place, max_seq_length, name)
        self._model = _Model(self._folder, runtime)
        pooling = pooling or _stated_pooling(self._folder)
        if pooling not in POOLINGS:
            raise SetUpError(f"{pooling!r} is not one of {', '.join(POOLINGS)}", field="pooling")
        self._pool = POOLINGS[pooling]
        stated = _stated_prompts(self._folder)
        self._prompts = {
            QUERY: stated[QUERY] if query is None else query,
            TITLE: stated[TITLE] if title is None else title,
        }
        self.width = self._folder.shape().hidden
        self.temperature = temperature
        self.name = name
        settings = (str(self._folder.max_seq_length), pooling, *self._prompts.values())
        self.digest = self._folder.digest("bi-encoder", *settings)

    def embed(self, texts: Sequence[str], role: str) -> FloatArray:
        """Vectors ``[len(texts), width]``."""
        if not texts:
            return np.empty((0, self.width), dtype=np.float32)
        prompted = [self._prompts[role] + text for text in texts]
        found = self._model.compute(prompted, _HIDDEN, self._pool, self._pool)
        return unit_length(found)


def _stated_pooling(folder: ModelFolder) -> str:
    modules = folder.json("modules.json").get("", [])
    strange = [m["type"] for m in modules if m.get("type", "").endswith(("Dense", "WeightedLayer"))]
    if strange:
        raise SetUpError(f"has a module {strange[0]}, which is not read", field=str(folder.path))
    stated = folder.json(_POOLING_FILE)
    chosen: list[Any] = [
        key for key, value in stated.items() if key.startswith("pooling_mode_") and value is True
    ]
    if not chosen:
        return "mean"
    names = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    if len(chosen) > 1 or chosen[0] not in names:
        raise SetUpError(
            f"pools by {', '.join(chosen)}, which is not read",
            field=str(folder.path / _POOLING_FILE),
        )
    return names[chosen[0]]


def _stated_prompts(folder: ModelFolder) -> dict[str, str]:
    prompts = folder.json(_SETTINGS_FILE).get("prompts") or {}
    title = next((prompts[name] for name in _TITLE_PROMPTS if prompts.get(name)), "")
    return {QUERY: prompts.get(QUERY) or "", TITLE: title}
