# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the shipped rankers must find: other words for the same thing, and nothing in strangers."""

from __future__ import annotations

import json

import pytest

from tests.conftest import REPOSITORY
from train.teachers.spec import open_teacher
from train.teachers.teacher import Runtime, Teacher

EXAMPLES = REPOSITORY / "pipeline" / "edges" / "http" / "page" / "examples.json"


@pytest.fixture(params=["pairwise", "cross_encoder"])
def ranker(request: pytest.FixtureRequest) -> Teacher:
    return open_teacher(f"bundle:{REPOSITORY / 'serving_models' / request.param}", Runtime())


def ranked(ranker: Teacher, query: str, titles: list[str]) -> list[tuple[str, float]]:
    logits = ranker.scores([(query, title) for title in titles])
    pairs = zip(titles, ranker.relevance(logits).tolist())
    return sorted(pairs, key=lambda pair: -pair[1])


def test_a_dish_by_the_other_name_of_its_vegetable_is_before_what_only_has_the_word(
    ranker: Teacher,
) -> None:
    (example,) = [e for e in json.loads(EXAMPLES.read_text("utf-8")) if "番茄炒" in e["query"]]
    titles = [title for title, _ in ranked(ranker, example["query"], example["titles"])]
    place = titles.index("西红柿炒鸡蛋的家常做法")
    assert place < len(titles) / 2
    assert place < titles.index("番茄种植技术要点")
    assert place < titles.index("番茄酱可以代替番茄吗")


def test_scores_of_strangers_are_small_and_of_an_answer_large(ranker: Teacher) -> None:
    titles = ["去除牙结石小妙招_不能不知道的窍门", "怎样预防感冒", "高铁可以带宠物吗"]
    (best, score), *others = ranked(ranker, "牙结石脱落小妙招", titles)
    assert best == titles[0]
    assert score > 0.4
    assert all(other < 0.05 for _, other in others)


def test_articles_are_found_by_what_they_are_about(ranker: Teacher) -> None:
    article_of = {
        "被公司开除有没有赔偿": "劳动者严重违反用人单位的规章制度的，用人单位可以解除劳动合同。",
        "酒驾怎么处罚": "机动车驾驶人违反道路交通安全法律的，处警告或者二十元以上二百元以下罚款。",
        "离婚财产怎么分": "夫妻在婚姻关系存续期间所得的工资、奖金为夫妻的共同财产。",
    }
    for question, article in article_of.items():
        assert ranked(ranker, question, list(article_of.values()))[0][0] == article
