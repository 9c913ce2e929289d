# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Mining for any corpus: whose titles, from which ranks, without those that are too good."""

from __future__ import annotations

import json
import shlex
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from train.mine import main
from train.mining.lists import RankedList, Shares, read_corpus
from train.mining.pool import Pool, same_text_key
from train.mining.sources import Bm25Source, DenseSource, RandomSource
from train.teachers.teacher import BiEncoder

FRUITS = ["苹果", "香蕉", "西瓜", "葡萄", "樱桃", "芒果", "草莓", "菠萝", "柠檬", "石榴"]
ENDINGS = ["好吃吗", "多少钱一斤", "的功效与作用", "怎么保存", "什么季节成熟", "有哪些品种"]

Rows = dict[str, dict[str, int]]


def write_lists(path: Path) -> Path:
    """A query for each fruit, with a relevant title, and the corpus beside it."""
    rows = [f"{fruit}能放多久\t{fruit}怎么保存\t1" for fruit in FRUITS]
    path.write_text("query\ttitle\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    corpus = [fruit + ending for fruit in FRUITS for ending in ENDINGS]
    (path.parent / "corpus.txt").write_text("\n".join(corpus) + "\n", encoding="utf-8")
    return path


def run(tmp_path: Path, *options: object, status: int = 0) -> Path:
    source = write_lists(tmp_path / "lists.tsv")
    out = tmp_path / "out"
    named = ["--input", source, "--corpus", tmp_path / "corpus.txt", "--output_dir", out]
    cache = ["--cache_dir", tmp_path / "cache"]
    assert main([str(x) for x in (*named, *cache, *options)]) == status
    return out


def read(path: Path) -> Rows:
    """Grades by query and title."""
    found: Rows = defaultdict(dict)
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, title, label = line.split("\t")
        found[query][title] = int(label)
    return found


def command(code: str) -> str:
    """A teacher that scores ``query`` and ``title`` by an expression."""
    program = (
        "import sys\n"
        "for line in sys.stdin.buffer.read().decode().splitlines():\n"
        f"    query, title = line.split('\\t')\n    print({code})"
    )
    return f"command:{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def test_each_list_gets_what_was_asked_for_of_the_corpus(tmp_path: Path) -> None:
    out = run(tmp_path, "--bm25", 3, "--random", 2)
    lists = read(out / "pairs.tsv")
    corpus = set((tmp_path / "corpus.txt").read_text(encoding="utf-8").splitlines())
    assert len(lists) == len(FRUITS)
    for query, titles in lists.items():
        fruit = query[:2]
        assert titles.pop(f"{fruit}怎么保存") == 1
        assert set(titles.values()) == {0}
        assert len(titles) == 5
        assert set(titles) <= corpus
        assert sum(title.startswith(fruit) for title in titles) >= 3, "BM25's share the fruit"


def test_triples_set_each_relevant_title_against_each_negative(tmp_path: Path) -> None:
    out = run(tmp_path, "--bm25", 3, "--random", 0)
    lists = read(out / "pairs.tsv")
    triples = [
        line.split("\t")
        for line in (out / "triples.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    assert len(triples) == 3 * len(FRUITS)
    assert all(lists[query][title] == 1 and lists[query][neg] == 0 for query, title, neg in triples)


def test_ranks_say_where_negatives_begin_and_end(tmp_path: Path) -> None:
    best = read(run(tmp_path, "--bm25", 2, "--random", 0, "--ranks", "1:2") / "pairs.tsv")
    next_two = read(run(tmp_path, "--bm25", 2, "--random", 0, "--ranks", "3:4") / "pairs.tsv")
    top = read(run(tmp_path, "--bm25", 4, "--random", 0, "--ranks", "1:4") / "pairs.tsv")
    fewer = read(run(tmp_path, "--bm25", 4, "--random", 0, "--ranks", "4:4") / "pairs.tsv")
    for query in top:
        first, second = (set(lists[query]) for lists in (best, next_two))
        assert first | second == set(top[query])
        assert len(first & second) == 1, "the relevant title alone"
        assert len(fewer[query]) == 2


def test_drawing_among_the_ranks_stays_within_them(tmp_path: Path) -> None:
    flags = ("--random", 0, "--ranks", "1:4", "--draw", "random")
    all_four = read(run(tmp_path, "--bm25", 4, "--random", 0, "--ranks", "1:4") / "pairs.tsv")
    drawn = read(run(tmp_path, "--bm25", 2, *flags) / "pairs.tsv")
    top = read(run(tmp_path, "--bm25", 2, "--random", 0) / "pairs.tsv")
    assert all(set(drawn[query]) < set(all_four[query]) for query in drawn)
    assert drawn != top


def test_the_seed_fixes_every_byte(tmp_path: Path) -> None:
    found = [
        {file.name: file.read_bytes() for file in run(tmp_path, "--seed", seed).iterdir()}
        for seed in (1, 1, 2)
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert set(found[0]) == {"pairs.tsv", "triples.tsv"}


def test_what_a_teacher_finds_too_good_is_no_negative(tmp_path: Path) -> None:
    # of the same fruit, but for its price, as good as the positive
    judge = command("2.0 if title[:2] == query[:2] and '多少钱' not in title else -3.0")
    out = run(tmp_path, "--bm25", 6, "--random", 0, "--judge", judge)
    for query, titles in read(out / "pairs.tsv").items():
        same = [title for title in titles if title.startswith(query[:2])]
        assert sorted(same) == sorted([f"{query[:2]}怎么保存", f"{query[:2]}多少钱一斤"])
    out = run(tmp_path, "--bm25", 6, "--random", 0)
    assert any(f"{query[:2]}好吃吗" in titles for query, titles in read(out / "pairs.tsv").items())


@pytest.mark.parametrize(
    ("flags", "stays"),
    [
        # sigmoids: positive 0.881, 好吃吗 0.818, which is 0.929 of it, and 0.063 less
        (("--share_of_positive", 0.95), True),
        (("--share_of_positive", 0.92), False),
        (("--margin", 0.06), True),
        (("--margin", 0.07), False),
        (("--margin", 0.06, "--share_of_positive", 0.92), False),
    ],
)
def test_share_and_margin_are_of_the_score_of_the_positive(
    tmp_path: Path, flags: tuple[object, ...], stays: bool
) -> None:
    judge = command("{'怎么保存': 2.0, '好吃吗': 1.5}.get(title[2:], -9)")
    out = run(tmp_path, "--bm25", 6, "--random", 0, "--judge", judge, *flags)
    for query, titles in read(out / "pairs.tsv").items():
        assert (f"{query[:2]}好吃吗" in titles) is stays


def test_a_ranker_chooses_among_what_bm25_found(tmp_path: Path) -> None:
    ranker = command(
        "{'有哪些品种': 3, '多少钱一斤': 2}.get(title[2:], 1) - len(set(query) - set(title))"
    )
    flags = ("--bm25", 0, "--random", 0, "--ranked", 2, "--ranker", ranker, "--judge", "none")
    for query, titles in read(run(tmp_path, *flags) / "pairs.tsv").items():
        assert set(titles) == {query[:2] + end for end in ("怎么保存", "有哪些品种", "多少钱一斤")}


def test_the_ranker_judges_unless_told_otherwise(tmp_path: Path) -> None:
    ranker = command("1.0")
    flags = ("--bm25", 2, "--random", 0, "--ranked", 2, "--ranker", ranker)
    # all as good as the positive
    assert all(len(titles) == 1 for titles in read(run(tmp_path, *flags) / "pairs.tsv").values())


def test_splits_go_by_query_and_keep_held_out_titles_from_training(tmp_path: Path) -> None:
    source = write_lists(tmp_path / "lists.tsv")
    out = tmp_path / "out"
    flags = ["--input", source, "--output_dir", out, "--dev", 0.3, "--held_out", 0.3]
    assert main([str(x) for x in (*flags, "--bm25", 0, "--random", 9)]) == 0
    lists = {name: read(out / f"{name}.tsv") for name in ("pairs", "dev", "heldout")}
    assert all(lists.values())
    assert sum(map(len, lists.values())) == len(FRUITS)
    relevant = {
        name: {title for titles in found.values() for title, grade in titles.items() if grade}
        for name, found in lists.items()
    }
    trained = {title for titles in lists["pairs"].values() for title in titles}
    assert trained == relevant["pairs"]
    measured = {title for titles in lists["dev"].values() for title in titles}
    assert len(measured) == len(FRUITS)


def test_labelled_negatives_and_grades_stay(tmp_path: Path) -> None:
    source = tmp_path / "lists.jsonl"
    documents = [
        {"text": "苹果怎么保存", "label": 2},
        {"text": "苹果好吃吗", "label": 1},
        {"text": "苹果手机", "label": 0},
    ]
    source.write_text(
        json.dumps({"query": "苹果能放多久", "docs": documents}) + "\n", encoding="utf-8"
    )
    (tmp_path / "c.jsonl").write_text(
        '{"text": "苹果 怎么保存？"}\n{"title": "苹果派"}\n'.replace("title", "text"),
        encoding="utf-8",
    )
    flags = ["--input", source, "--corpus", tmp_path / "c.jsonl", "--output_dir", tmp_path / "o"]
    assert main([str(x) for x in flags]) == 0
    wanted = {"苹果怎么保存": 2, "苹果好吃吗": 1, "苹果手机": 0, "苹果派": 0}
    assert read(tmp_path / "o" / "pairs.tsv") == {"苹果能放多久": wanted}
    lines = (tmp_path / "o" / "triples.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found = {tuple(line.split("\t")[1:]) for line in lines}
    assert found == {(good, bad) for good in wanted for bad in wanted if wanted[good] > wanted[bad]}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--dense", 2), "dense: needs --encoder"),
        (("--ranked", 2), "ranked: needs --ranker"),
        (("--margin", 0.1), "margin: needs a teacher"),
        (("--share_of_positive", 0.9, "--judge", "none"), "share_of_positive: needs a teacher"),
        (("--dev", 0.5, "--held_out", 0.5), "no query to train on"),
        (("--data_dir", "x"), "python -m train.recipes.mine"),
        (("--judge", "oracle:x"), "'oracle:x' is not one of checkpoint"),
        (("--ranker", "no/such/place"), "is not one of checkpoint"),
        (("--encoder", "command:cat"), "embeds no text"),
        (("--corpus", "none.txt"), "none.txt: cannot be read"),
    ],
)
def test_a_wrong_option_is_one_line(
    tmp_path: Path, flags: tuple[object, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(tmp_path, *flags, status=2)
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(out.glob("*")), "no file is left half written"


def test_queries_without_a_relevant_title_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "lists.tsv"
    source.write_text("query\ttitle\tlabel\n问\t题\t0\n", encoding="utf-8")
    assert main(["--input", str(source), "--output_dir", str(tmp_path / "o")]) == 2
    assert "no query with a relevant title" in capsys.readouterr().err


def test_texts_that_differ_by_writing_alone_are_one() -> None:
    assert same_text_key("ＡＢＣ 苹果，好吃吗？") == same_text_key("abc苹果好吃吗")
    assert same_text_key("苹果好吃") != same_text_key("苹果好吃吗")
    assert same_text_key("？！") != same_text_key("！？")


class Letters(BiEncoder):
    """Counts letters, which makes cosines that can be told by hand."""

    name, digest, width = "letters", "a" * 64, 26

    def embed(self, texts, role):  # type: ignore[no-untyped-def]
        rows = np.array([[text.count(chr(97 + i)) for i in range(26)] for text in texts], float)
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype("f4")


def test_the_dense_search_is_exact() -> None:
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("abcdefgh"), 9)) for _ in range(300)]
    items = [
        RankedList("".join(random.choice(list("abcdefgh"), 5)), ((texts[i], 1),), "train")
        for i in range(100)
    ]
    pool = Pool(items, texts)
    found = DenseSource(pool, Letters()).ranked(items, 20)
    vectors = Letters().embed(pool.texts, "title")
    for item, numbers in zip(items, found):
        cosines = vectors @ Letters().embed([item.query], "query")[0]
        own = pool.texts.index(item.documents[0][0])
        others = np.delete(np.arange(len(pool)), own)
        best = np.sort(cosines[others])[::-1][:20]
        assert own not in numbers
        np.testing.assert_allclose(cosines[numbers], best, atol=1e-6)


def test_sources_keep_to_what_a_list_may_have() -> None:
    train = RankedList("ab", (("abc", 1),), "train")
    held_out = RankedList("ab", (("abd", 1),), "heldout")
    pool = Pool([train, held_out], ["abe", "xyz"])
    for source in (Bm25Source(pool), DenseSource(pool, Letters()), RandomSource(pool, 1)):
        of_train, of_held_out = (
            {pool.texts[i] for i in numbers} for numbers in source.ranked([train, held_out], 9)
        )
        assert "abd" not in of_train
        assert of_train <= {"abe", "xyz"}
        assert of_held_out <= {"abc", "abe", "xyz"}
    assert {pool.texts[i] for i in RandomSource(pool, 1).ranked([held_out], 9)[0]} == {
        "abc",
        "abe",
        "xyz",
    }


def test_a_query_is_in_one_split_whatever_else_a_file_has() -> None:
    shares = Shares(0.1, 0.2)
    found = [shares.split_of(f"问题 {i}") for i in range(3000)]
    assert 0.08 < found.count("dev") / 3000 < 0.12
    assert 0.17 < found.count("heldout") / 3000 < 0.23
    assert shares.split_of("ABC") == shares.split_of("abc")
    assert Shares().split_of("abc") == "train"


def test_a_corpus_may_be_lines_columns_or_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一\n二  三\n一\n", encoding="utf-8")
    (tmp_path / "a.tsv").write_text("id\ttitle\n1\t一\n2\t二 三\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text('{"title": "一"}\n{"title": "二\\n三"}\n', encoding="utf-8")
    assert [read_corpus(tmp_path / f"a.{kind}") for kind in ("txt", "tsv", "jsonl")] == [
        ["一", "二 三"]
    ] * 3
