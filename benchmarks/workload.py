# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Gives the queries and documents that systems rank: those of a JSON file, or synthetic ones."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from contract.errors import DataError

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_FILE = REPOSITORY.parent / "shared" / "data" / "rerank_workload.json"
SYNTHETIC = "synthetic"

_QUERIES, _DOCUMENTS, _SEED = 20, 50, 0
# one document in five is a passage, the others are titles, as in the workload file
_PASSAGE_SHARE, _TITLE_WORDS, _PASSAGE_WORDS = 0.2, (4, 14), (50, 75)
_WORDS = """
感冒 发烧 咳嗽 头痛 孕妇 宝宝 血压 糖尿病 医生 医院 检查 治疗 药物 症状 原因 手术 饮食
注意 可以 怎么办
合同 公司 劳动 法院 赔偿 责任 规定 当事人 期限 解除 协议 财产 婚姻 保险 诉讼 证据 权利 义务
研究 方法 分析 模型 系统 设计 实验 结果 算法 语言 文化 差异 影响 发展 教育 经济 技术 数据 理论 应用
"""


@dataclass(frozen=True)
class RankCall:
    """One query and its documents."""

    query: str
    documents: tuple[str, ...]


@dataclass(frozen=True)
class Workload:
    """What is measured.

    Attributes:
        name: the file's name, or ``synthetic``.
        sha256: of the texts, so that two reports can be told to be of one workload.
        calls: in the order in which they are sent.
    """

    name: str
    sha256: str
    calls: tuple[RankCall, ...]

    @property
    def pairs(self) -> int:
        """(query, document) pairs over all calls."""
        return sum(len(call.documents) for call in self.calls)

    def first(self, calls: int) -> Workload:
        """Its first calls."""
        return replace(self, calls=self.calls[:calls])

    def representative(self, tokens: Mapping[RankCall, int]) -> Workload:
        """The same calls, ordered so that every beginning has about the mean length of the whole.

        Args:
            tokens: of all pairs of a call.
        """
        mean = sum(tokens[call] for call in self.calls) / self.pairs
        left, ordered, total, pairs = list(self.calls), [], 0, 0
        while left:
            best = min(
                left,
                key=lambda c: abs((total + tokens[c]) / (pairs + len(c.documents)) - mean),
            )
            left.remove(best)
            ordered.append(best)
            total, pairs = total + tokens[best], pairs + len(best.documents)
        return replace(self, calls=tuple(ordered))


def load_workload(path: Optional[Path]) -> Workload:
    """Read ``[{"query": ..., "docs": [...]}, ...]``.

    Args:
        path: ``None`` takes the default file, or a synthetic workload where that is absent.

    Raises:
        DataError: unreadable, or not of that shape.
    """
    if path is None and not DEFAULT_FILE.is_file():
        return _workload(SYNTHETIC, _synthetic())
    path = path or DEFAULT_FILE
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        calls = tuple(_call(item) for item in items)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"cannot read it ({type(error).__name__}: {error}); "
            'it must be [{"query": text, "docs": [text, ...]}, ...]',
            field=str(path),
        ) from error
    if not calls:
        raise DataError("holds no queries", field=str(path))
    return _workload(path.name, calls)


def _call(item: Any) -> RankCall:
    query, documents = item["query"], tuple(item["docs"])
    if not documents or not all(isinstance(text, str) for text in (query, *documents)):
        raise ValueError("a query has no documents, or a text is not a string")
    return RankCall(query, documents)


def made_up_pairs(count: int) -> list[tuple[str, str]]:
    """Pairs of no workload file, to calibrate a quantization with."""
    pairs = [(call.query, text) for call in _synthetic() for text in call.documents]
    return pairs[:: max(1, len(pairs) // count)][:count]


def _workload(name: str, calls: tuple[RankCall, ...]) -> Workload:
    texts = json.dumps([[call.query, *call.documents] for call in calls], ensure_ascii=False)
    return Workload(name, hashlib.sha256(texts.encode("utf-8")).hexdigest(), calls)


def _synthetic() -> tuple[RankCall, ...]:
    """Word salad with the lengths of the real workload; the same on every machine."""
    chance = random.Random(_SEED)
    words = _WORDS.split()

    def text(least: int, most: int) -> str:
        return "".join(chance.choices(words, k=chance.randint(least, most)))

    def document() -> str:
        passage = chance.random() < _PASSAGE_SHARE
        return text(*(_PASSAGE_WORDS if passage else _TITLE_WORDS))

    return tuple(
        RankCall(text(3, 7), tuple(document() for _ in range(_DOCUMENTS))) for _ in range(_QUERIES)
    )
