# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A model's directory as Hugging Face lays it out: configuration, weights, or an ONNX graph."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.teachers.encoder_graph import Embeddings, Shape
from train.teachers.teacher import FloatArray

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
ONNX_FILES = ("model.onnx", "onnx/model.onnx")
# whose encoder is that of encoder_graph; the others' positions begin after that of padding
_BERTS = {"bert", "ernie"}
_ROBERTAS = {"roberta", "xlm-roberta", "camembert"}
_WORDS = "embeddings.word_embeddings.weight"
_EXPORT = "export it with `optimum-cli export onnx --model DIRECTORY OUTPUT` and name OUTPUT"


class ModelFolder:
    """What a directory says and holds.

    Attributes:
        path: of the directory.
        config: ``config.json``.
        onnx: the graph, where there is one; it goes before the weights.
        max_seq_length: longest row, as asked for or as the model has it.
    """

    def __init__(self, place: str, max_seq_length: Optional[int], name: str) -> None:
        """Look at the directory, and hash the files that decide its scores.

        Raises:
            SetUpError: it is no such directory, or holds nothing that can be run here.
        """
        self.path = Path(place)
        self.name = name
        self.config = self.json(CONFIG_FILE)
        if not self.config:
            raise SetUpError(f"has no {CONFIG_FILE}", field=place or name)
        onnx = [self.path / file for file in ONNX_FILES if (self.path / file).is_file()]
        self.onnx: Optional[Path] = onnx[0] if onnx else None
        if self.onnx is None:
            self._check_weights()
        self.max_seq_length = self._length(max_seq_length)

    def json(self, file: str) -> dict[str, Any]:
        """An object of the directory, an array as the value of ``""``; empty without such a file.

        Raises:
            SetUpError: it is damaged.
        """
        path = self.path / file
        if not path.is_file():
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SetUpError(f"is no JSON ({error})", field=str(path)) from error
        return found if isinstance(found, dict) else {"": found}

    def _check_weights(self) -> None:
        if not (self.path / WEIGHTS_FILE).is_file():
            raise SetUpError(
                f"holds neither {WEIGHTS_FILE} nor {' nor '.join(ONNX_FILES)}; {_EXPORT}",
                field=str(self.path),
            )
        kind = self.config.get("model_type")
        if kind not in _BERTS | _ROBERTAS:
            raise SetUpError(
                f"model_type {kind!r} runs from an .onnx only (weights are read of "
                f"{', '.join(sorted(_BERTS | _ROBERTAS))}); {_EXPORT}",
                field=str(self.path),
            )

    def _length(self, asked: Optional[int]) -> int:
        first = self._first_position
        longest = int(self.config.get("max_position_embeddings", 512 + first)) - first
        if asked is not None and asked > longest:
            raise SetUpError(f"{asked} is more than the model's {longest}", field="max_seq_length")
        stated = self.json("sentence_bert_config.json").get("max_seq_length") or min(512, longest)
        return min(asked or int(stated), longest)

    @property
    def _pad_id(self) -> int:
        return int(self.config.get("pad_token_id") or 0)

    @property
    def _first_position(self) -> int:
        return self._pad_id + 1 if self.config.get("model_type") in _ROBERTAS else 0

    def digest(self, *settings: str) -> str:
        """Hex digits over configuration, tokenizer, weights and further settings."""
        digest = hashlib.sha256("\0".join(settings).encode("utf-8", "surrogatepass"))
        weights = self.onnx or self.path / WEIGHTS_FILE
        beside = sorted(weights.parent.glob(f"{weights.name}*"))
        small = [
            *self.path.glob("*.json"),
            *self.path.glob("*/config.json"),
            self.path / "vocab.txt",
        ]
        for file in (*sorted(small), *beside):
            if file.is_file():
                digest.update(file.name.encode())
                with file.open("rb") as stream:
                    for part in iter(lambda: stream.read(1 << 20), b""):
                        digest.update(part)
        return digest.hexdigest()

    def shape(self) -> Shape:
        """Sizes of the encoder.

        Raises:
            SetUpError: the configuration lacks one.
        """
        config = self.config
        try:
            return Shape(
                int(config["hidden_size"]),
                int(config["num_attention_heads"]),
                int(config["num_hidden_layers"]),
                float(config.get("layer_norm_eps", 1e-12)),
                str(config.get("hidden_act", "gelu")),
            )
        except KeyError as error:
            raise SetUpError(f"{CONFIG_FILE} lacks {error}", field=str(self.path)) from error

    @cached_property
    def _tensors(self) -> Any:
        try:
            from safetensors import safe_open
        except ImportError as error:
            raise SetUpError(
                f"{WEIGHTS_FILE} is read by the package safetensors, which is not installed here; "
                "run the command in .venv or .venv-card",
                field=str(self.path),
            ) from error
        try:
            return safe_open(str(self.path / WEIGHTS_FILE), framework="np")
        # the package raises nothing narrower for a damaged file
        except Exception as error:
            raise SetUpError(f"cannot be read ({error})", field=str(self.path)) from error

    @cached_property
    def names(self) -> frozenset[str]:
        """Of all weights."""
        return frozenset(self._tensors.keys())

    @cached_property
    def prefix(self) -> str:
        """What stands before the encoder's names, such as ``bert.``."""
        found = [name for name in self.names if name.endswith(_WORDS)]
        if len(found) != 1:
            raise SetUpError(f"has {len(found)} weights named {_WORDS}", field=str(self.path))
        return found[0][: -len(_WORDS)]

    def tensor(self, name: str) -> FloatArray:
        """A weight by its whole name, in float32.

        Raises:
            SetUpError: it is not there, or in a type that NumPy lacks.
        """
        if name not in self.names:
            raise SetUpError(f"{WEIGHTS_FILE} lacks {name}", field=str(self.path))
        try:
            return np.asarray(self._tensors.get_tensor(name), dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise SetUpError(
                f"{name} is not in float32 or float16 ({error}); {_EXPORT}", field=str(self.path)
            ) from error

    def weight(self, name: str) -> FloatArray:
        """A weight of the encoder."""
        return self.tensor(self.prefix + name)

    def embeddings(self) -> Embeddings:
        """Words, positions and types."""
        words = self.weight(_WORDS)
        positions = self.weight("embeddings.position_embeddings.weight")[self._first_position :]
        own = self.weight("embeddings.token_type_embeddings.weight")
        # RoBERTa knows one type only
        types = own[[0, min(1, len(own) - 1)]]

        def look_up(ids: NDArray[np.int64]) -> FloatArray:
            if ids.max() >= len(words):
                raise SetUpError(
                    f"the tokenizer has token {ids.max()}, the model only {len(words)}; they are "
                    "not of one model",
                    field=str(self.path),
                )
            return words[ids]

        return Embeddings(look_up, positions, types, self._pad_id)
