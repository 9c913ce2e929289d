# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The development data as graded lists: files of ``--data_dir`` in, ``RankedList`` objects out.

Called by ``train.mine``. Every list says to which split it belongs, by a hash of its query.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

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
