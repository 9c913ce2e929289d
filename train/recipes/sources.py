# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Read the development data of the small bundles as graded lists, and find their negatives.

Every list belongs to one split, which a hash of its query decides.
"""

import csv
import hashlib
import json
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from contract.errors import DataError
from train.bm25 import BM25
from train.mining.lists import RankedList, one_line

Labelled = tuple[str, str, int]

LIST_LENGTH = 20
_SPLITS = {0: "test", 1: "dev"}

MEDICAL, LAW, LITERATURE, QUESTIONS = "medical", "law", "literature", "questions"
_HALVES = ("dev", "test")
_TITLES = "csl/cls_ctg_train.tsv"
# what may be left out, and the files that it needs
FILES = {
    MEDICAL: ("cmedir.jsonl",),
    LAW: ("stard.jsonl",),
    LITERATURE: (*(f"csl/{task}_{half}.tsv" for task in ("ts", "kg") for half in _HALVES), _TITLES),
    QUESTIONS: ("cmedqq/train.tsv",),
}


def check_files(data_dir: Path, without: Iterable[str]) -> None:
    """See that all files of the sources are there that are not left out.

    Raises:
        DataError: one is not; it names the file.
    """
    for name, files in FILES.items():
        missing = [data_dir / file for file in files if not (data_dir / file).is_file()]
        if missing and name not in without:
            raise DataError(
                f"no such file; it is a part of the source {name}: put it there, or leave the "
                f"source out by --without {name}",
                field=str(missing[0]),
            )


def split_of(key: str) -> str:
    """Eight keys in ten train, one in ten each are dev and test."""
    bucket = int.from_bytes(hashlib.md5(key.encode("utf-8")).digest()[:8], "big") % 10
    return _SPLITS.get(bucket, "train")


def read_lists(path: Path) -> list[RankedList]:
    """Reads a .jsonl file of queries with graded documents; empty documents are dropped."""
    lists = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            query = one_line(record["query"])
            pairs = ((one_line(doc["text"]), int(doc["label"])) for doc in record["docs"])
            documents = tuple((text, grade) for text, grade in pairs if text)
            if query and documents:
                lists.append(RankedList(query, documents, split_of(query)))
    return lists


@dataclass(frozen=True)
class Paper:
    """A paper of CSL; its abstract and its keywords are queries for its title."""

    title: str
    abstract: str
    keywords: str

    @property
    def split(self) -> str:
        """By title, so that abstract and keywords of a paper never part."""
        return split_of(self.title)


def read_papers(directory: Path) -> list[Paper]:
    """Reads the papers of both halves; the two tasks list them in the same order."""
    papers = []
    for half in _HALVES:
        titles = _rows(directory / f"ts_{half}.tsv")
        keywords = _rows(directory / f"kg_{half}.tsv")
        for (_, abstract, title), (_, _, words) in zip(titles, keywords):
            papers.append(Paper(one_line(title), one_line(abstract), words.replace("_", " ")))
    return papers


def read_title_pool(directory: Path) -> list[str]:
    """Reads the further titles of CSL, which belong to no query."""
    return [one_line(row[1]) for row in _rows(directory / "cls_ctg_train.tsv")]


def read_question_pairs(path: Path) -> list[tuple[str, str, int]]:
    """Reads labelled question pairs: ``(question, question, 1 if they ask the same)``."""
    return [(one_line(a), one_line(b), int(label)) for label, a, b in _rows(path)]


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def literature_lists(papers: Iterable[Paper]) -> dict[str, list[RankedList]]:
    """Two sources from the papers: abstracts and keywords as queries, one relevant title each."""
    sources: dict[str, list[RankedList]] = {"abstract": [], "keywords": []}
    for paper in papers:
        relevant = ((paper.title, 1),)
        sources["abstract"].append(RankedList(paper.abstract, relevant, paper.split))
        sources["keywords"].append(RankedList(paper.keywords, relevant, paper.split))
    return sources


class Source:
    """The lists of one source, and the texts their negatives are drawn from."""

    def __init__(self, name: str, lists: list[RankedList], further: Sequence[str] = ()) -> None:
        """Collects the pools; texts that only held-out lists have are no training negatives."""
        self.name = name
        self.lists = lists
        everything = distinct([text for item in lists for text, _ in item.documents], further)
        trained = distinct(
            [text for item in lists if item.split == "train" for text, _ in item.documents], further
        )
        seen = set(trained)
        self._pools = {
            "all": everything,
            "train": trained,
            "unseen": [text for text in everything if text not in seen],
        }
        self._indices: dict[str, BM25] = {}

    def of(self, split: str) -> list[RankedList]:
        """The lists of a split."""
        return [item for item in self.lists if item.split == split]

    def texts(self, pool: str) -> list[str]:
        """The distinct texts of a pool: ``all``, ``train`` or ``unseen``."""
        return self._pools[pool]

    @property
    def has_full_lists(self) -> bool:
        """Whether nearly all lists have as many documents as others are filled up to."""
        short = sum(len(item.documents) < LIST_LENGTH for item in self.lists)
        return short < 0.05 * len(self.lists)

    def variants(self) -> Sequence[str]:
        """The kinds of list worth measuring: one that is full already needs no padding."""
        if max(len(item.documents) for item in self.lists) == 1:
            return ("padded", "unseen", "random")
        if self.has_full_lists:
            return ("original", "random")
        return ("original", "padded", "unseen", "random")

    def hard(self, item: RankedList, count: int, pool: str) -> list[str]:
        """The best texts of a pool by BM25 that the list itself lacks."""
        if pool not in self._indices:
            self._indices[pool] = BM25(self._pools[pool])
        own = {text for text, _ in item.documents}
        best = self._indices[pool].top(item.query, count + len(own))
        texts = [self._pools[pool][index] for index in best]
        return [text for text in texts if text not in own][:count]

    def any(self, item: RankedList, count: int, pool: str, rng: random.Random) -> list[str]:
        """Random texts of a pool that the list itself lacks."""
        own = {text for text, _ in item.documents}
        drawn = rng.sample(self._pools[pool], min(count + len(own), len(self._pools[pool])))
        return [text for text in drawn if text not in own][:count]


def distinct(texts: Iterable[str], further: Iterable[str]) -> list[str]:
    """Every text once, in the order of its first place."""
    return list(dict.fromkeys([*texts, *further]))


class Data(NamedTuple):
    """What was read: sources by name, the papers behind two of them, pairs of questions."""

    sources: dict[str, Source]
    papers: list[Paper]
    questions: list[Labelled]


def read_data(data_dir: Path, without: Collection[str] = ()) -> Data:
    """Reads the sources that are not left out.

    Raises:
        DataError: a file is missing.
    """
    check_files(data_dir, without)
    sources: list[Source] = []
    papers: list[Paper] = []
    titles: list[str] = []
    if MEDICAL not in without:
        sources.append(Source(MEDICAL, read_lists(data_dir / "cmedir.jsonl")))
    if LAW not in without:
        sources.append(Source(LAW, read_lists(data_dir / "stard.jsonl")))
    if LITERATURE not in without:
        papers, titles = read_papers(data_dir / "csl"), read_title_pool(data_dir / "csl")
        of_papers = literature_lists(papers)
        sources += [Source(name, of_papers[name], titles) for name in ("abstract", "keywords")]
    questions: list[Labelled] = []
    if QUESTIONS not in without:
        questions = read_question_pairs(data_dir / "cmedqq" / "train.tsv")
    return Data({source.name: source for source in sources}, papers, questions)
