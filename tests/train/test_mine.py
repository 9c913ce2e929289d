# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Mined files: nothing of a held-out query trains, lists are padded, the same seed repeats."""

import json
import random
from itertools import groupby

from train.data.sources import RankedList, Source, one_line, read_papers, split_of
from train.mine import cut_query, mine, pad_list, supervised, write_rows


def make_source():
    lists = [
        RankedList(
            f"第{i}种水果好吃吗",
            ((f"水果{i}好吃", 2), (f"第{i}种水果", 1), (f"天气{i}", 0)),
            "test" if i % 5 == 0 else "train",
        )
        for i in range(60)
    ]
    return Source("medical", lists)


def test_a_padded_list_has_twenty_rows_and_keeps_its_grades():
    source = make_source()
    item = source.of("test")[0]
    rows = pad_list(source, item, "padded", random.Random(0))
    assert len(rows) == 20
    assert len({title for _, title, _ in rows}) == 20
    assert sorted(grade for _, _, grade in rows)[-2:] == [1, 2]


def test_an_original_list_is_only_shuffled():
    source = make_source()
    item = source.of("test")[0]
    rows = pad_list(source, item, "original", random.Random(0))
    assert sorted((title, grade) for _, title, grade in rows) == sorted(item.documents)


def test_a_list_without_a_relevant_document_is_left_out():
    source = make_source()
    assert pad_list(source, RankedList("q", (("t", 0),), "test"), "padded", random.Random(0)) == []


def test_unseen_negatives_are_in_no_training_list():
    source = make_source()
    trained = {text for item in source.of("train") for text, _ in item.documents}
    rows = pad_list(source, source.of("test")[0], "unseen", random.Random(0))
    assert not trained & {title for _, title, _ in rows}


def test_training_rows_hold_no_text_of_a_held_out_list():
    source = make_source()
    held_out = {item.query for item in source.of("test")}
    held_out |= {text for item in source.of("test") for text, _ in item.documents}
    rows, triples = supervised(source, random.Random(0))
    assert rows
    assert not held_out & {text for row in rows for text in row[:2]}
    assert not held_out & {text for triple in triples for text in triple}


def test_triples_put_the_better_grade_first():
    grades = {text: grade for item in make_source().lists for text, grade in item.documents}
    _, triples = supervised(make_source(), random.Random(0))
    own = {item.query: {text for text, _ in item.documents} for item in make_source().lists}
    inside = [(a, b) for query, a, b in triples if b in own[query]]
    assert inside
    assert all(grades[a] > grades[b] for a, b in inside)


def test_half_relevant_titles_are_written_with_both_labels():
    rows, _ = supervised(make_source(), random.Random(0))
    labels = {label for query, title, label in rows if title == query[:-3]}
    assert labels == {0, 1}


def test_long_queries_are_cut_to_a_window_of_themselves():
    text = "".join(chr(0x4E00 + i) for i in range(300))
    for seed in range(20):
        window = cut_query(text, random.Random(seed))
        assert 30 <= len(window) <= 90
        assert window in text


def test_cells_hold_no_tab_and_no_line_break(tmp_path):
    write_rows(tmp_path / "a.tsv", ("query", "title"), [("a\tb\n", "c\u2028d"), ("", "x")])
    assert (tmp_path / "a.tsv").read_text(encoding="utf-8") == "query\ttitle\na b\tc d\n"
    assert one_line(" a\r\n\tb ") == "a b"


def test_splits_depend_on_the_text_alone():
    counts = {"train": 0, "dev": 0, "test": 0}
    for i in range(2000):
        counts[split_of(f"query {i}")] += 1
    assert 0.07 < counts["test"] / 2000 < 0.13
    assert 0.07 < counts["dev"] / 2000 < 0.13
    assert split_of("糖尿病") == split_of("糖尿病")


def test_the_papers_of_both_tasks_are_the_same(shared_data):
    papers = read_papers(shared_data / "csl")
    assert len(papers) == 2000
    assert all(paper.title and paper.abstract and paper.keywords for paper in papers)


def test_no_held_out_query_of_the_real_data_trains(shared_data, tmp_path):
    mine(shared_data, tmp_path, seed=1)
    lines = (tmp_path / "heldout" / "medical_padded.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    sizes = [len(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]
    assert len(sizes) > 500
    assert sum(size >= 20 for size in sizes) >= 0.99 * len(sizes)
    trained = (tmp_path / "ce_stage2.tsv").read_text(encoding="utf-8").splitlines()
    assert not {row[0] for row in rows} & {line.split("\t")[0] for line in trained}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    data = write_small_data(tmp_path / "data")
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        mine(data, tmp_path / name, seed)
    names = (
        "ce_stage1.tsv",
        "ce_stage2.tsv",
        "ce_stage3.tsv",
        "pairwise.tsv",
        "heldout/medical_padded.tsv",
    )
    one, two, three = (
        [(tmp_path / run / name).read_bytes() for name in names] for run in ("one", "two", "three")
    )
    assert one == two
    assert one != three


def write_small_data(directory):
    """The layout of the development data with a few made-up rows in every file."""
    (directory / "csl").mkdir(parents=True)
    (directory / "cmedqq").mkdir()
    for name in ("cmedir", "stard"):
        records = [
            {
                "query": f"第{i}个{name}问题怎么办",
                "docs": [
                    {"text": f"第{i}个{name}问题的答案。在这里写出来", "label": 1},
                    {"text": f"{name}问题的别的答案{i}", "label": 0},
                ],
            }
            for i in range(50)
        ]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (directory / f"{name}.jsonl").write_text(text, encoding="utf-8")
    for half in ("dev", "test"):
        rows = [(f"{half}第{i}篇论文的摘要写得比较长。第二句", f"{half}论文{i}") for i in range(30)]
        titles = "".join(f"to title\t{a}\t{t}\n" for a, t in rows)
        words = "".join(f"to keywords\t{a} {t}\t论文_{t}\n" for a, t in rows)
        (directory / "csl" / f"ts_{half}.tsv").write_text(titles, encoding="utf-8")
        (directory / "csl" / f"kg_{half}.tsv").write_text(words, encoding="utf-8")
    pool = "".join(f"to category\t第{i}个题目论文\t理学\n" for i in range(40))
    (directory / "csl" / "cls_ctg_train.tsv").write_text(pool, encoding="utf-8")
    pairs = "".join(f"{i % 2}\t问题{i}是什么\t什么是问题{i}\n" for i in range(20))
    (directory / "cmedqq" / "train.tsv").write_text(pairs, encoding="utf-8")
    return directory
