# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A model of 2 layers x 32 units with a vocabulary of 85 tokens, and files it can be trained on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from contract.encoding import save_tokenizer

CHARACTERS = (
    "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"
    "金生丽水玉出昆冈剑号巨阙珠称夜光果珍李柰菜重芥姜海咸河淡鳞潜羽翔"
)


class Files(NamedTuple):
    """What the commands read."""

    model: Path
    triples: Path
    pairs: Path
    dev: Path
    unlabelled: Path


def write_model(directory: Path, **changes: object) -> Path:
    """A configuration and a vocabulary, without weights."""
    tokens = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]", *CHARACTERS]
    save_tokenizer(tokens, directory, lower_case=True)
    config = {
        "model_type": "ernie",
        "vocab_size": 100,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "type_vocab_size": 2,
        "max_position_embeddings": 64,
        **changes,
    }
    (directory / "config.json").write_text(json.dumps(config))
    return directory


def write_rows(path: Path, *rows: tuple[object, ...]) -> Path:
    """A TSV file."""
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A model without weights and small files: 90 triples, 119 pairs, 10 dev lists of 5 titles."""
    folder = tmp_path_factory.mktemp("train")
    draw = random.Random(7)

    def text(longest: int) -> str:
        return "".join(draw.choice(CHARACTERS) for _ in range(draw.randint(3, longest)))

    triples, pairs, dev = [], [], []
    for _ in range(90):
        query = text(5)
        triples.append((query, query + text(12), text(16)))
    for i in range(119):
        query = text(5)
        pairs.append((query, (query if i % 2 else text(5)) + text(10), i % 2))
    for _ in range(10):
        query, best = text(5), draw.randrange(5)
        dev += [
            (query, (query if i == best else text(5)) + text(9), int(i == best) * 2)
            for i in range(5)
        ]
    return Files(
        write_model(folder / "model"),
        write_rows(folder / "triples.tsv", ("query", "title", "neg_title"), *triples),
        write_rows(folder / "pairs.tsv", ("query", "title", "label"), *pairs),
        write_rows(folder / "dev.tsv", ("query", "title", "label"), *dev),
        write_rows(folder / "unlabelled.tsv", *((q, t, 0.5) for q, t, _ in dev[:33])),
    )


@pytest.fixture(scope="session")
def train_pairwise(files: Files) -> Callable[..., int]:
    """Run the pair-wise training command with small settings; further flags are appended."""
    from train.train_pairwise import main

    def run(save_dir: Path, *flags: object) -> int:
        named = ["--train_file", files.triples, "--test_file", files.dev, "--save_dir", save_dir]
        return main(
            [str(x) for x in (*named, *_SMALL, "--model_name_or_path", files.model, *flags)]
        )

    return run


@pytest.fixture(scope="session")
def train_ce(files: Files) -> Callable[..., int]:
    """Run the cross-encoder's training command with small settings."""
    from train.train_ce import main

    def run(save_dir: Path, *flags: object) -> int:
        named = ["--train_set", files.pairs, "--test_file", files.dev, "--save_dir", save_dir]
        return main(
            [str(x) for x in (*named, *_SMALL, "--model_name_or_path", files.model, *flags)]
        )

    return run


_SMALL = (
    *("--device", "cpu", "--max_seq_len", 32, "--batch_size", 8, "--learning_rate", 1e-3),
    *("--eval_step", 1000, "--warmup_proportion", 0.2, "--max_steps", 20),
    *("--cpu_threads", 1),
)


@pytest.fixture(scope="session")
def pairwise_run(
    train_pairwise: Callable[..., int], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The save directory of a pair-wise run of 20 steps that also saved step 10."""
    save_dir = tmp_path_factory.mktemp("pairwise")
    assert train_pairwise(save_dir, "--save_step", 10) == 0
    return save_dir


@pytest.fixture(scope="session")
def ce_run(train_ce: Callable[..., int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The save directory of a cross-encoder run of 20 steps that also saved step 10."""
    save_dir = tmp_path_factory.mktemp("ce")
    assert train_ce(save_dir, "--save_steps", 10) == 0
    return save_dir
