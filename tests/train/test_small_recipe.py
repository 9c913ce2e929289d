# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Mined files: nothing of a held-out query trains, lists are padded, the same seed repeats."""

import json
import random
from itertools import groupby

import numpy as np
import pytest

from contract.errors import DataError
from train.mining.lists import RankedList, one_line
from train.recipes.draw import Pool, draw, target
from train.recipes.graded_lists import pad_list
from train.recipes.mine import frequent_words, main, mine, write_rows
from train.recipes.sources import Data, Source, read_papers, split_of
from train.teachers.teacher import BiEncoder, unit_length


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


def test_a_full_list_keeps_only_its_relevant_documents_among_random_ones():
    own = [(f"条文{i}", 0) for i in range(19)]
    lists = [
        RankedList(f"问题{i}", ((f"答案{i}", 1), *own), "test" if i % 5 == 0 else "train")
        for i in range(40)
    ]
    source = Source("law", lists)
    assert source.variants() == ("original", "random")
    rows = pad_list(source, source.of("test")[0], "random", random.Random(0))
    assert len(rows) == 20
    assert [title for _, title, grade in rows if grade] == ["答案0"]
    assert sum(title.startswith("条文") for _, title, _ in rows) < 19


class Embeds(BiEncoder):
    """Characters of a text, hashed into 64 numbers."""

    name, digest, width = "characters", "0", 64

    def embed(self, texts, role):
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            for character in text:
                vectors[row, ord(character) % self.width] += 1
        return unit_length(vectors)


def drawn(source=None, seed=0, count=200):
    source = source or make_source()
    rows = list(draw(Data({source.name: source}, [], []), Embeds(), count, seed))
    return [list(rows) for _, rows in groupby(rows, key=lambda row: row[4])]


def test_drawn_lists_hold_no_text_of_a_held_out_list():
    source = make_source()
    held_out = {item.query for item in source.of("test")}
    held_out |= {text for item in source.of("test") for text, _ in item.documents}
    lists = drawn(source)
    assert len(lists) == 200
    assert not held_out & {text for rows in lists for row in rows for text in row[:2]}


def test_a_drawn_list_is_of_one_query_and_has_each_title_once():
    for rows in drawn():
        assert len({row[0] for row in rows}) == 1
        assert len({row[1] for row in rows}) == len(rows) == 10
        assert rows[0][0] not in {row[1] for row in rows}


def test_lists_with_labels_keep_their_grades_and_others_have_none():
    grades = {
        (item.query, text): grade for item in make_source().lists for text, grade in item.documents
    }
    queries = {item.query for item in make_source().lists}
    with_labels = [rows for rows in drawn() if rows[0][0] in queries]
    assert len(with_labels) == 140
    for rows in drawn():
        for query, title, grade, *_ in rows:
            assert grade == grades.get((query, title), 0)
    assert all({2, 1} <= {row[2] for row in rows} for rows in with_labels)


def test_without_queries_that_lack_labels_all_lists_have_labels():
    source = make_source()
    source.name = "law"
    assert len(drawn(source)) == 200


def test_a_target_is_half_the_labels_and_half_the_teacher():
    cosines = np.array([0.9, 0.87, 0.84], np.float32)
    taught = np.exp(cosines / 0.03) / np.exp(cosines / 0.03).sum()
    assert np.exp(target([0, 0, 0], cosines)) == pytest.approx(taught, abs=1e-5)
    half = (np.array([0, 0.25, 0.75]) + taught) / 2
    assert np.exp(target([0, 1, 2], cosines)) == pytest.approx(half, abs=1e-5)


def test_a_pool_finds_what_bm25_or_the_teacher_finds():
    texts = [f"第{i}种完全无关的东西" for i in range(60)] + ["番茄怎么做", "西红柿做法"]
    pool = Pool(texts, Embeds())
    found = pool.near("番茄怎么做", Embeds().embed(["西红柿做法"], "query")[0])
    assert {"番茄怎么做", "西红柿做法"} <= set(found)
    assert len(found) == len(set(found)) <= 28


def test_the_frequent_words_of_a_dictionary(tmp_path):
    file = tmp_path / "dict.txt"
    file.write_text("番茄 30 n\n的 900 u\nT恤 70 n\n西红柿 50 n\n一举两得地做 80 i\n做法 50 n\n")
    assert frequent_words(file) == ["做法", "西红柿", "番茄"]
    assert frequent_words(file, 1) == ["做法"]
    file.write_text("番茄 三十 n\n")
    with pytest.raises(DataError, match="三十"):
        frequent_words(file)


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
    trained = set((tmp_path / "queries.txt").read_text(encoding="utf-8").splitlines())
    assert len(trained) > 20000
    assert not {row[0] for row in rows} & trained


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    data = write_small_data(tmp_path / "data")
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        mine(data, tmp_path / name, seed)
    names = (
        "queries.txt",
        "titles.txt",
        "dev.tsv",
        "heldout/medical_padded.tsv",
    )
    one, two, three = (
        [(tmp_path / run / name).read_bytes() for name in names] for run in ("one", "two", "three")
    )
    assert one == two
    assert one != three


def test_a_missing_file_is_one_line_that_names_it_and_the_way_out(tmp_path, capsys):
    data = write_small_data(tmp_path / "data")
    (data / "csl" / "ts_dev.tsv").unlink()
    arguments = ["--data_dir", str(data), "--output_dir", str(tmp_path / "out")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(data / "csl" / "ts_dev.tsv") in error
    assert "--without literature" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["medical", "law", "literature", "questions"])
def test_each_source_can_be_left_out(tmp_path, name):
    data = write_small_data(tmp_path / "data")
    gone = {"medical": "cmedir.jsonl", "law": "stard.jsonl", "literature": "csl/kg_test.tsv"}
    (data / gone.get(name, "cmedqq/train.tsv")).unlink()
    arguments = ["--data_dir", str(data), "--output_dir", str(tmp_path / "out")]
    assert main([*arguments, "--without", name]) == 0
    for file in ("queries.txt", "titles.txt", "dev.tsv"):
        assert len((tmp_path / "out" / file).read_text(encoding="utf-8").splitlines()) > 20


def test_leaving_out_all_lists_is_refused(tmp_path, capsys):
    arguments = ["--data_dir", str(tmp_path), "--output_dir", str(tmp_path / "out")]
    assert main([*arguments, "--without", "medical", "law", "literature"]) == 2
    assert "without" in capsys.readouterr().err


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
