# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists of one query and its titles that become golden pairs: from a file, or built in.

The built-in edge cases always come last, whatever the file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional

from contract.columns import LABEL, QUERY, TITLE, Columns, find_columns, is_header
from contract.errors import DataError

# every service scores them when it starts, so there are few
_MAX_LISTS = 8
_MAX_TITLES = 5

_LISTS: dict[str, tuple[str, ...]] = {
    "高血压患者饮食上要注意什么": (
        "高血压病人应当少吃盐,多吃蔬菜和水果",
        "血压高的人能不能喝咖啡",
        "糖尿病的早期症状有哪些",
        "低血压头晕怎么办",
        "春季旅游十大景点推荐",
    ),
    "孩子发烧三十九度怎么办": (
        "小儿高热的家庭护理与就医时机",
        "宝宝发烧可以物理降温吗",
        "成年人感冒后多久能好",
        "婴儿什么时候开始添加辅食",
    ),
    "劳动合同到期不续签有没有补偿": (
        "劳动合同期满,用人单位不再续订的,应当支付经济补偿",
        "用人单位违法解除劳动合同的赔偿标准",
        "租赁合同到期后押金如何退还",
        "试用期的工资不得低于约定工资的百分之八十",
    ),
    "邻居装修噪音太大可以起诉吗": (
        "相邻各方应当正确处理噪声等相邻关系",
        "房屋装修合同纠纷的处理办法",
        "楼上漏水造成损失由谁赔偿",
    ),
    "基于深度学习的文本匹配方法": (
        "一种使用预训练语言模型的语义匹配模型",
        "深度神经网络在图像分类中的应用",
        "中文短文本相似度计算研究综述",
        "水稻高产栽培技术要点",
    ),
    "中西方语言与文化的差异": (
        "第二语言习得的一大障碍就是文化差异。",
        "英汉翻译中的文化因素分析",
        "汉字的起源与演变",
        "新能源汽车电池管理系统的设计",
    ),
}

_EDGE_CASES: tuple[str, ...] = (
    "",
    "。!?,;:…—",
    "GPU A100-40G vs. T4: what's the throughput (QPS)? it's \"32\"!",
    "今天天气😀真不错👍🏽",
    "[SEP]标题里写着[CLS]和[PAD]",
    "TensorRT显卡推理速度," * 80,
    "ＡＢＣ全角１２３\t制表符 naïve café Ünïcode",
)
_EDGE_QUERY = "GPU显卡推理速度怎么样"
_WITHOUT_HEADER = Columns(3, (0, 1), ())


def golden_lists(path: Optional[Path] = None) -> list[list[tuple[str, str]]]:
    """Lists of (query, title) to score.

    Args:
        path: UTF-8 TSV whose header names ``query`` and ``title``, or without a header ``query,
            title`` and perhaps a label; its first queries that have at least two titles are
            taken. ``None`` takes built-in ones.

    Raises:
        DataError: the file is not such a file.
    """
    chosen = _LISTS if path is None else _read(path)
    lists = [[(query, title) for title in titles] for query, titles in chosen.items()]
    return [*lists, [(_EDGE_QUERY, title) for title in _EDGE_CASES]]


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the golden lists ({error})", field=str(path)) from error
    found: dict[str, list[str]] = {}
    layout: Optional[Columns] = None
    for number, line in enumerate(lines, start=1):
        cells = line.rstrip("\r").split("\t")
        if not line.strip():
            continue
        if layout is None and is_header(cells):
            layout = find_columns(cells, (QUERY, TITLE), f"{path}:{number}")
            _say_unused(layout, path)
            continue
        layout = layout or _WITHOUT_HEADER
        query, title = _cells(cells, layout, f"{path}:{number}")
        titles = found.setdefault(query, [])
        if title not in titles and len(titles) < _MAX_TITLES:
            titles.append(title)
    lists = [(query, tuple(titles)) for query, titles in found.items() if len(titles) > 1]
    if not lists:
        raise DataError("no query has two titles, so there is nothing to order", field=str(path))
    return dict(lists[:_MAX_LISTS])


def _say_unused(layout: Columns, path: Path) -> None:
    """A label is expected, and is not used either."""
    unused = [name for name in layout.unused if name.lower() != LABEL]
    if unused:
        print(f"{path}: columns not used: {', '.join(unused)}", file=sys.stderr)


def _cells(cells: list[str], layout: Columns, where: str) -> tuple[str, str]:
    """Query and title of a row."""
    # a row may lack its label
    if not max(layout.places) < len(cells) <= layout.width or not cells[layout.places[0]].strip():
        raise DataError(
            "must be query<TAB>title, perhaps with a label, or as the header says; found "
            f"{len(cells)} columns",
            field=where,
        )
    query, title = (cells[place] for place in layout.places)
    return query, title
