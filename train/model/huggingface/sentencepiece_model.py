# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a SentencePiece model of what ``tokenizer.json`` holds: pieces and a normalization."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from contract.errors import SetUpError
from contract.protobuf_classes import BOOL, BYTES, FLOAT, INT32, STRING, Field, message_classes
from contract.text.vocabulary import RowLayout

# of sentencepiece_model.proto
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_UNIGRAM = 1
_MESSAGES = {
    "SentencePiece": [Field("piece", 1, STRING), Field("score", 2, FLOAT), Field("type", 3, INT32)],
    "TrainerSpec": [
        *(Field("model_type", 3, INT32), Field("unk_id", 40, INT32), Field("bos_id", 41, INT32)),
        *(Field("eos_id", 42, INT32), Field("pad_id", 43, INT32)),
        *(Field("bos_piece", 46, STRING), Field("eos_piece", 47, STRING)),
        *(Field("unk_piece", 45, STRING), Field("pad_piece", 48, STRING)),
    ],
    "NormalizerSpec": [
        *(Field("name", 1, STRING), Field("precompiled_charsmap", 2, BYTES)),
        *(Field("add_dummy_prefix", 3, BOOL), Field("remove_extra_whitespaces", 4, BOOL)),
        Field("escape_whitespaces", 5, BOOL),
    ],
    "Model": [
        Field("pieces", 1, "SentencePiece", many=True),
        *(Field("trainer_spec", 2, "TrainerSpec"), Field("normalizer_spec", 3, "NormalizerSpec")),
    ],
}


def sentencepiece_model(
    pieces: Sequence[tuple[str, float]], charsmap: str, layout: RowLayout, mask: str, where: str
) -> bytes:
    """The model's file.

    Args:
        pieces: in the order of their ids, each with its log probability.
        charsmap: SentencePiece's compiled normalization in base 64, or empty.
        layout: names the special tokens, which are no part of a text.
        mask: one more of them.
        where: for errors.

    Raises:
        SetUpError: a special token is missing, or the normalization is damaged.
    """
    ids = {piece: number for number, (piece, _) in enumerate(pieces)}
    missing = [token for token in layout[:4] if token not in ids]
    if missing:
        raise SetUpError(f"its tokenizer lacks {', '.join(missing)}", field=where)
    model = message_classes("ranking.sentencepiece", _MESSAGES, "proto2")[-1]()
    kinds = {layout.unknown: _UNKNOWN}
    kinds.update(dict.fromkeys((layout.pad, layout.begin, layout.end, mask), _CONTROL))
    for piece, score in pieces:
        model.pieces.add(piece=piece, score=score, type=kinds.get(piece, _NORMAL))
    trained = model.trainer_spec
    trained.model_type = _UNIGRAM
    trained.unk_id, trained.unk_piece = ids[layout.unknown], layout.unknown
    trained.bos_id, trained.bos_piece = ids[layout.begin], layout.begin
    trained.eos_id, trained.eos_piece = ids[layout.end], layout.end
    trained.pad_id, trained.pad_piece = ids[layout.pad], layout.pad
    normalizer = model.normalizer_spec
    normalizer.name = "precompiled" if charsmap else "identity"
    try:
        normalizer.precompiled_charsmap = base64.b64decode(charsmap, validate=True)
    except binascii.Error as error:
        raise SetUpError(f"its precompiled_charsmap is damaged ({error})", field=where) from error
    normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = True
    normalizer.escape_whitespaces = True
    written: bytes = model.SerializeToString()
    return written


def charsmap_of(model: bytes) -> bytes:
    """The compiled normalization that a model's file holds; empty without one."""
    read = message_classes("ranking.sentencepiece", _MESSAGES, "proto2")[-1]()
    read.ParseFromString(model)
    charsmap: bytes = read.normalizer_spec.precompiled_charsmap
    return charsmap
