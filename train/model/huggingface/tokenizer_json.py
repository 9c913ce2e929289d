# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the tokenizer of a ranker as Hugging Face's packages read it, ``tokenizer.json`` first."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE, PairEncoder
from contract.text.normalization import LONGEST_WORD
from contract.text.rules import NFKC
from contract.text.sentence_pieces import read_pieces
from contract.text.unigram import UNIGRAM_CLASS, UNIGRAM_FILE
from contract.text.vocabulary import (
    BERT_LAYOUT,
    SYMBOLS_ALONE,
    RowLayout,
    read_configuration,
    read_vocabulary,
)
from train.model.huggingface.sentencepiece_model import charsmap_of
from train.model.huggingface.tokenizer import (
    SEPARATE_SYMBOLS,
    SPECIAL_TOKENS_FILE,
    TOKENIZER_FILE,
)

_MASKS = ("[MASK]", "<mask>")
_SPACE = "\u2581"
# reads tokenizer.json as it is; BERT's own class would leave a normalization out
_ANY_CLASS = "PreTrainedTokenizerFast"
_BERT_CLASS = "BertTokenizer"


def write_tokenizer(source: Path, encoder: PairEncoder, target: Path) -> None:
    """Write ``tokenizer.json`` and the files beside it.

    Args:
        source: directory that the encoder was read from.
        encoder: its layout, rules and longest row.
        target: directory to write to.
    """
    layout = encoder.layout
    ids = read_vocabulary(source / VOCAB_FILE, layout)
    special = [token for token in ids if token in (*layout[:4], *_MASKS)]
    name = UNIGRAM_CLASS
    fields: dict[str, Any] = {}
    if layout == BERT_LAYOUT:
        described = read_configuration(source / TOKENIZER_CONFIG_FILE)
        lower_case = bool(described.get("do_lower_case", True))
        compatible = encoder.rules.normalization == NFKC
        alone = bool(described.get(SYMBOLS_ALONE, True))
        steps = _wordpiece(ids, lower_case, compatible, alone)
        name = _ANY_CLASS if compatible or alone else _BERT_CLASS
        fields = {"do_lower_case": lower_case}
        shutil.copyfile(source / VOCAB_FILE, target / VOCAB_FILE)
    else:
        steps = _unigram(source / UNIGRAM_FILE, ids, layout)
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(token, ids[token]) for token in special],
        **steps,
        "post_processor": _template(ids, layout),
    }
    named = dict(
        zip(("pad_token", "cls_token", "sep_token", "unk_token"), layout[:4]),
        mask_token=next((token for token in special if token in _MASKS), layout.unknown),
    )
    types = ["token_type_ids"] if layout.token_types > 1 else []
    configuration = {
        "tokenizer_class": name,
        "model_max_length": encoder.max_seq_length,
        "model_input_names": ["input_ids", *types, "attention_mask"],
        **named,
        **fields,
    }
    for file, fields in (
        (TOKENIZER_FILE, content),
        (TOKENIZER_CONFIG_FILE, configuration),
        (SPECIAL_TOKENS_FILE, named),
    ):
        text = json.dumps(fields, ensure_ascii=False, indent=2)
        (target / file).write_text(text + "\n", encoding="utf-8")


def _added(token: str, number: int) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, **flags, "special": True}


def _wordpiece(
    ids: Mapping[str, int], lower_case: bool, compatible: bool, alone: bool
) -> dict[str, Any]:
    normalizer: dict[str, Any] = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": lower_case,
    }
    if compatible:
        normalizer = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, normalizer]}
    separate: dict[str, Any] = {"type": "BertPreTokenizer"}
    if alone:
        separate = {"type": "Sequence", "pretokenizers": [SEPARATE_SYMBOLS, separate]}
    return {
        "normalizer": normalizer,
        "pre_tokenizer": separate,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": BERT_LAYOUT.unknown,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": LONGEST_WORD,
            "vocab": dict(ids),
        },
    }


def _unigram(model: Path, ids: Mapping[str, int], layout: RowLayout) -> dict[str, Any]:
    processor = read_pieces(model)
    scores = {
        processor.id_to_piece(index): processor.get_score(index)
        for index in range(processor.get_piece_size())
    }
    metaspace = {
        "type": "Metaspace",
        "replacement": _SPACE,
        "prepend_scheme": "always",
        "split": True,
    }
    charsmap = base64.b64encode(charsmap_of(model.read_bytes())).decode("ascii")
    normalizer = {"type": "Precompiled", "precompiled_charsmap": charsmap} if charsmap else None
    separate = [{"type": "WhitespaceSplit"}, metaspace]
    return {
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": separate},
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": ids[layout.unknown],
            "vocab": [[token, scores.get(token, 0.0)] for token in ids],
            "byte_fallback": False,
        },
    }


def _template(ids: Mapping[str, int], layout: RowLayout) -> dict[str, Any]:
    def special(token: str, kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": token, "type_id": kind}}

    def text(name: str, kind: int) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": kind}}

    begin, end, second = layout.begin, layout.end, layout.token_types - 1
    single = [special(begin, 0), text("A", 0), special(end, 0)]
    borders: Sequence[Any] = [special(end, 0)] * (layout.borders - 1)
    tokens = {
        token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in (begin, end)
    }
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, *borders, text("B", second), special(end, second)],
        "special_tokens": tokens,
    }
