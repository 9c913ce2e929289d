# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/fixtures/huggingface: tiny models of random weights, and what transformers says.

Each directory is one that transformers saved, with ``expected.jsonl`` beside: pairs, and for each
the token ids, the token types and the logits that transformers gives it. Run where torch,
transformers and sentencepiece are installed; no test needs any of them:

    python tests/make_huggingface_fixtures.py tests/fixtures/huggingface
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    ErnieConfig,
    ErnieForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

PAIRS = (
    ("牙结石脱落小妙招", "去除牙结石小妙招"),
    ("牙结石脱落小妙招", "怎样预防感冒"),
    ("感冒了怎么办", "感冒多喝水，注意休息。"),
    ("感冒了怎么办", "Ｑ＆Ａ：感冒 ABC-12"),
    ("Café naïve", "the café, 2024年"),
    ("　多个  空格\t", "一\n二  三"),
    ("牙结石怎么去除" * 6, "感冒多喝水注意休息" * 7),
    ("短", "去除牙结石小妙招怎样预防感冒" * 4),
    ("unknown 龘 字", "😀 表情"),
    ("10℃的水", "a→b 3×4=12，真不错👍🏽"),
)
SENTENCES = [text for pair in PAIRS for text in pair] * 40
SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 48,
}
# even rooms: an odd one is divided otherwise by transformers' Rust tokenizers than by its Python
LONGEST = {"bert": 33, "roberta": 32}


def main(root: Path) -> None:
    """Write all directories anew."""
    shutil.rmtree(root, ignore_errors=True)
    write_wordpiece(
        root / "bert", BertForSequenceClassification(BertConfig(**bert_sizes(), num_labels=1))
    )
    ernie = ErnieConfig(
        **bert_sizes(), num_labels=2, use_task_id=True, layer_norm_eps=1e-5, hidden_act="relu"
    )
    write_wordpiece(root / "ernie", ErnieForSequenceClassification(ernie), binary=True)
    xlm = XLMRobertaConfig(**roberta_sizes(), num_labels=1)
    write_unigram(root / "xlm-roberta", XLMRobertaForSequenceClassification(xlm))
    roberta = RobertaConfig(**roberta_sizes(), num_labels=2)
    write_unigram(root / "roberta", RobertaForSequenceClassification(roberta), halves=True)


def bert_sizes() -> dict[str, Any]:
    """A configuration's sizes, with the vocabulary of :func:`write_wordpiece`."""
    return {**SIZES, "vocab_size": len(wordpiece_tokens())}


def roberta_sizes() -> dict[str, Any]:
    """Alike, with the pieces of :func:`unigram_model`, and no token types."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=unigram_model()).get_piece_size()
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    return {**SIZES, **ids, "vocab_size": pieces + 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5}


def wordpiece_tokens() -> list[str]:
    """Characters of the pairs, some pieces of words, and the special tokens."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    seen = sorted({c for text in SENTENCES for c in text if "一" <= c <= "鿿"} - {"龘"})
    pieces = [*letters, *(f"##{c}" for c in letters), *",.-:。，：", "cafe", "the", "##ai", "20"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *seen, *pieces]


def unigram_model() -> bytes:
    """A model of pieces with a few rules of normalization; the usual ones weigh 300 KB."""
    pairs = {"Ｑ": "Q", "＆": "&", "Ａ": "A", "：": ":", "　": " ", "\t": " ", "\n": " "}
    lines = [f"{ord(one):X}\t{ord(other):X}\n" for one, other in pairs.items()]
    written = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv") as rules:
        rules.writelines(lines)
        rules.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES),
            model_writer=written,
            vocab_size=120,
            hard_vocab_limit=False,
            character_coverage=0.99,
            normalization_rule_tsv=rules.name,
            num_threads=1,
            minloglevel=2,
        )
    return written.getvalue()


def write_wordpiece(folder: Path, model: Any, *, binary: bool = False) -> None:
    """A directory with ``vocab.txt``, and ``pytorch_model.bin`` instead of safetensors."""
    folder.mkdir(parents=True)
    lines = "".join(f"{token}\n" for token in wordpiece_tokens())
    (folder / "vocab.txt").write_text(lines, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}\n')
    spread(model)
    if binary:
        model.config.architectures = [type(model).__name__]
        model.config.save_pretrained(folder)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    else:
        model.save_pretrained(folder)
    record(folder, model, LONGEST["bert"])


def write_unigram(folder: Path, model: Any, *, halves: bool = False) -> None:
    """A directory with ``tokenizer.json``, or with SentencePiece's file and weights of 16 bits."""
    folder.mkdir(parents=True)
    (folder / "sentencepiece.bpe.model").write_bytes(unigram_model())
    described = {"tokenizer_class": "XLMRobertaTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
    (folder / "config.json").write_text(json.dumps({"model_type": "xlm-roberta"}))
    spread(model)
    if halves:
        model = model.to(torch.bfloat16)
    model.save_pretrained(folder, **({"max_shard_size": "2KB"} if halves else {}))
    if not halves:
        AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
        (folder / "sentencepiece.bpe.model").unlink()
    record(folder, model.to(torch.float32), LONGEST["roberta"])


def spread(model: Any) -> None:
    """Weights that give each pair another logit."""
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(torch.randn(value.shape, generator=draw) * 0.5)
            if name.endswith("LayerNorm.weight"):
                value += 1


def record(folder: Path, model: Any, longest: int) -> None:
    """What transformers makes of each pair alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.eval()
    rows = []
    for query, title in PAIRS:
        row = tokenizer(query, title, truncation="longest_first", max_length=longest)
        with torch.no_grad():
            given = {name: torch.tensor([ids]) for name, ids in row.items()}
            logits = model(**given).logits[0].tolist()
        types = row.get("token_type_ids") or [0] * len(row["input_ids"])
        pair = {"query": query, "title": title, "logits": logits}
        rows.append({**pair, "input_ids": row["input_ids"], "token_type_ids": types})
    about = {"transformers": transformers.__version__, "max_seq_length": longest}
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in (about, *rows)]
    (folder / "expected.jsonl").write_text("".join(lines), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
