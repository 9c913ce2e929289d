# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the tokenizer of a Hugging Face directory into files that ``contract.encoding`` reads.

WordPiece becomes ``vocab.txt``; XLM-RoBERTa's Unigram ``vocab.txt`` with all ids, and the
SentencePiece model. Either is taken from its own file, or from ``tokenizer.json``. A tokenizer that
separates texts otherwise is refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE
from contract.errors import SetUpError
from contract.text.rules import NFKC, NONE
from contract.text.sentence_pieces import read_pieces
from contract.text.unigram import UNIGRAM_CLASS, UNIGRAM_FILE
from contract.text.vocabulary import BERT_LAYOUT, ROBERTA_LAYOUT, SYMBOLS_ALONE
from train.model.checkpoint import read_json
from train.model.huggingface.sentencepiece_model import sentencepiece_model

TOKENIZER_FILE = "tokenizer.json"
SPECIAL_TOKENS_FILE = "special_tokens_map.json"
_MASK = "<mask>"
_BERT_CLASS = "BertTokenizer"
_ALSO_WORDPIECE = ("BertTokenizer", "ErnieTokenizer", "PreTrainedTokenizer", "TokenizersBackend")
_ALSO_UNIGRAM = (UNIGRAM_CLASS, "PreTrainedTokenizer", "TokenizersBackend")
# of PaddleNLP's ErnieTokenizer: symbols, and some letters and numbers that it takes for such
_ALONE = r"[\p{S}\x{B2}\x{BA}\x{3007}\x{B5}\x{D8}\x{14B}\x{1B1}]"
SEPARATE_SYMBOLS = {
    "type": "Split",
    "pattern": {"Regex": _ALONE},
    "behavior": "Isolated",
    "invert": False,
}
_SPECIAL = {"pad_token": "pad", "cls_token": "begin", "sep_token": "end", "unk_token": "unknown"}


def has_tokenizer(directory: Path) -> bool:
    """Whether there is a tokenizer that only Hugging Face's packages read as it is."""
    return any((directory / name).is_file() for name in (TOKENIZER_FILE, UNIGRAM_FILE))


def convert_tokenizer(source: Path, target: Path) -> str:
    """Write what the encoder reads.

    Args:
        source: has ``vocab.txt``, ``sentencepiece.bpe.model`` or ``tokenizer.json``.
        target: an empty directory.

    Returns:
        The normalization that its texts need, of :data:`contract.text.rules.NORMALIZATIONS`.

    Raises:
        SetUpError: it is another tokenizer, or a file is damaged.
    """
    described = read_json(source / TOKENIZER_CONFIG_FILE) if _there(source) else {}
    whole = read_json(source / TOKENIZER_FILE) if (source / TOKENIZER_FILE).is_file() else None
    kind = str(_part(whole, "model").get("type")) if whole is not None else None
    if kind == "Unigram" or (kind is None and (source / UNIGRAM_FILE).is_file()):
        _convert_unigram(source, target, described, whole)
        return NONE
    if kind == "WordPiece" or (kind is None and (source / VOCAB_FILE).is_file()):
        return _convert_wordpiece(source, target, described, whole)
    raise SetUpError(
        f"its tokenizer is {kind or 'none that is known'}; only WordPiece (vocab.txt) and "
        "Unigram (sentencepiece.bpe.model) can be read",
        field=str(source),
    )


def _there(source: Path) -> bool:
    return (source / TOKENIZER_CONFIG_FILE).is_file()


def _part(content: Optional[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    value = (content or {}).get(name)
    return value if isinstance(value, dict) else {}


def _convert_wordpiece(
    source: Path, target: Path, described: Mapping[str, Any], whole: Optional[Mapping[str, Any]]
) -> str:
    where = str(source)
    _check_class(described, _ALSO_WORDPIECE, where)
    compatible, alone, normalizer = _bert_normalizer(whole, where)
    lower_case = described.get("do_lower_case")
    if lower_case is None:
        lower_case = normalizer.get("lowercase", True)
    _refuse(described.get("do_basic_tokenize", True) is False, "do_basic_tokenize false", where)
    for said in (described.get("strip_accents"), normalizer.get("strip_accents")):
        _refuse(said not in (None, lower_case), f"strip_accents {said}", where)
    for content, name in (
        (described, "tokenize_chinese_chars"),
        (normalizer, "handle_chinese_chars"),
    ):
        _refuse(content.get(name, True) is False, f"{name} false", where)
    if (source / VOCAB_FILE).is_file():
        shutil.copyfile(source / VOCAB_FILE, target / VOCAB_FILE)
    else:
        model = _part(whole, "model")
        _refuse(model.get("continuing_subword_prefix") != "##", "another prefix than ##", where)
        _write_vocabulary(_by_id(_part(model, "vocab"), whole, where), target)
    fields = {"do_lower_case": bool(lower_case), SYMBOLS_ALONE: alone}
    _write_configuration(target, fields, _BERT_CLASS, BERT_LAYOUT[:4])
    return NFKC if compatible else NONE


def _bert_normalizer(
    whole: Optional[Mapping[str, Any]], where: str
) -> tuple[bool, bool, Mapping[str, Any]]:
    """Whether NFKC stands before it, whether symbols are separated, and BERT's own step."""
    if whole is None:
        return False, False, {}
    normalizer, before = _part(whole, "normalizer"), _part(whole, "pre_tokenizer")
    steps = normalizer.get("normalizers", [normalizer])
    kinds = [step.get("type") for step in steps]
    known = kinds in (["BertNormalizer"], ["NFKC", "BertNormalizer"])
    _refuse(not known, f"the normalizer {', '.join(map(str, kinds))}", where)
    separating = list(before.get("pretokenizers", [before]))
    alone = separating[:1] == [SEPARATE_SYMBOLS]
    if alone:
        separating = separating[1:]
    known = [step.get("type") for step in separating] == ["BertPreTokenizer"]
    _refuse(not known, "no BertPreTokenizer", where)
    return len(steps) == 2, alone, steps[-1]


def _convert_unigram(
    source: Path, target: Path, described: Mapping[str, Any], whole: Optional[Mapping[str, Any]]
) -> None:
    where = str(source)
    _check_class(described, _ALSO_UNIGRAM, where)
    if whole is None:
        tokens = _fairseq_tokens(source / UNIGRAM_FILE)
        shutil.copyfile(source / UNIGRAM_FILE, target / UNIGRAM_FILE)
    else:
        model = _part(whole, "model")
        try:
            pieces = [(str(piece), float(score)) for piece, score in model["vocab"]]
        except (KeyError, TypeError, ValueError) as error:
            raise SetUpError(f"has no pieces in {TOKENIZER_FILE}", field=where) from error
        _refuse(bool(model.get("byte_fallback")), "byte_fallback", where)
        charsmap = _charsmap(whole, where)
        (target / UNIGRAM_FILE).write_bytes(
            sentencepiece_model(pieces, charsmap, ROBERTA_LAYOUT, _MASK, where)
        )
        numbered = {piece: number for number, (piece, _) in enumerate(pieces)}
        tokens = _by_id(numbered, whole, where)
    _write_vocabulary(tokens, target)
    _write_configuration(target, {}, UNIGRAM_CLASS, ROBERTA_LAYOUT[:4])


def _fairseq_tokens(model: Path) -> list[str]:
    """XLM-RoBERTa's tokens by id: fairseq's special ones, the model's pieces, the mask."""
    processor = read_pieces(model)
    pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    _refuse(pieces[:3] != ["<unk>", "<s>", "</s>"], "pieces that are not XLM-RoBERTa's", str(model))
    return ["<s>", "<pad>", "</s>", "<unk>", *pieces[3:], _MASK]


def _charsmap(whole: Mapping[str, Any], where: str) -> str:
    """The compiled normalization of the pieces, in base 64; empty without one."""
    normalizer = _part(whole, "normalizer")
    steps: Sequence[Any] = normalizer.get("normalizers", [normalizer] if normalizer else [])
    found = ""
    for step in steps:
        kind = step.get("type")
        if kind == "Precompiled":
            found = str(step.get("precompiled_charsmap"))
        else:
            # SentencePiece takes several blanks for one by itself
            blanks = kind == "Replace" and step.get("content") == " "
            _refuse(not blanks, f"the normalizer {kind}", where)
    before = _part(whole, "pre_tokenizer")
    for step in before.get("pretokenizers", [before]):
        kind = step.get("type")
        _refuse(kind not in ("WhitespaceSplit", "Metaspace"), f"the pre-tokenizer {kind}", where)
        scheme = step.get("prepend_scheme", "always")
        _refuse(scheme != "always", f"prepend_scheme {scheme}", where)
    return found


def _by_id(
    vocabulary: Mapping[str, Any], whole: Optional[Mapping[str, Any]], where: str
) -> list[str]:
    """All tokens in the order of their ids, with those that were added to the model's own."""
    ids = {str(token): int(number) for token, number in vocabulary.items()}
    for added in (whole or {}).get("added_tokens") or ():
        ids[str(added["content"])] = int(added["id"])
    tokens = sorted(ids, key=ids.__getitem__)
    _refuse([ids[token] for token in tokens] != list(range(len(tokens))), "gaps in its ids", where)
    return tokens


def _check_class(described: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    named = described.get("tokenizer_class")
    fits = named is None or str(named).startswith(tuple(known))
    _refuse(not fits, f"tokenizer_class {named}", where)


def _refuse(wrong: bool, what: str, where: str) -> None:
    if wrong:
        raise SetUpError(
            f"its tokenizer has {what}, which gives other tokens than can be made here; use a "
            "model with BERT's or XLM-RoBERTa's own tokenizer",
            field=where,
        )


def _write_vocabulary(tokens: Sequence[str], target: Path) -> None:
    broken = next((token for token in tokens if "\n" in token), None)
    _refuse(broken is not None, f"the token {broken!r}", str(target))
    (target / VOCAB_FILE).write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")


def _write_configuration(
    target: Path, fields: Mapping[str, Any], name: str, special: Sequence[str]
) -> None:
    tokens = dict(zip(_SPECIAL, special))
    mask = _MASK if name == UNIGRAM_CLASS else "[MASK]"
    for file, content in (
        (TOKENIZER_CONFIG_FILE, {**fields, "tokenizer_class": name}),
        (SPECIAL_TOKENS_FILE, {**tokens, "mask_token": mask}),
    ):
        (target / file).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
