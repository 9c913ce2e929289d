# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Read the development data of the small bundles as graded lists, and find their negatives.

Every list belongs to one split, which a hash of its query decides.
"""

import csv
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from train.bm25 import BM25

LIST_LENGTH = 20
_SPLITS = {0: "test", 1: "dev"}


@dataclass(frozen=True)
class RankedList:
    """A query and its graded documents.

    Attributes:
        query: The query text, on one line.
        documents: ``(text, grade)`` pairs; grade 0 is irrelevant.
        split: ``train``, ``dev`` or ``test``.
    """

    query: str
    documents: tuple[tuple[str, int], ...]
    split: str


def split_of(key: str) -> str:
    """Eight keys in ten train, one in ten each are dev and test."""
    bucket = int.from_bytes(hashlib.md5(key.encode("utf-8")).digest()[:8], "big") % 10
    return _SPLITS.get(bucket, "train")


def one_line(text: str) -> str:
    """Replaces tabs and every kind of line break, so that the text fits a TSV cell."""
    return " ".join(text.split())


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
    for half in ("dev", "test"):
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

    def variants(self) -> Sequence[str]:
        """The held-out files worth writing: lists that are long enough need no padding."""
        lengths = [len(item.documents) for item in self.lists]
        if max(lengths) == 1:
            return ("padded", "unseen", "random")
        if sum(length < LIST_LENGTH for length in lengths) < 0.05 * len(lengths):
            return ("original",)
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
