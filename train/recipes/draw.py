# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the lists that the shipped rankers are trained on, with what a teacher thinks of them.

Run as ``python -m train.recipes.draw --data_dir DIR --teacher e5:DIR --output FILE``. A row's
``teacher_score`` is the logarithm of the chance to come first that training should give it:
half of it by the labels, half by the teacher; of lists without labels all by the teacher.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional

import numpy as np

from train.bm25 import BM25
from train.mining.lists import RankedList
from train.option_types import positive_int
from train.options import run_command
from train.recipes.mine import add_source_options, check_sources, write_rows
from train.recipes.sources import MEDICAL, Data, Source, read_data
from train.teacher_options import add_runtime_options

if TYPE_CHECKING:
    from train.teachers.teacher import BiEncoder, FloatArray

Row = tuple[str, str, int, str, int]

_COLUMNS = ("query", "title", "label", "teacher_score", "list_id")
_LIST_SIZE = 10
_MOST_POSITIVES = 3
# how far down BM25's and the teacher's rankings a hard negative may stand
_NEAR = 14
# a teacher's cosines lie close together; found on development lists
_TEMPERATURE = 0.03
_SMALLEST_CHANCE = 1e-6
# what part of all lists has no labels, and how the others are divided
_UNLABELLED = 0.3
_SHARES = {"medical": 3.0, "law": 2.5, "abstract": 1.5, "keywords": 1.5}


class Mix(NamedTuple):
    """What a list is filled with after its positives.

    Attributes:
        own: part of the places for irrelevant documents that the list came with.
        hard: part of what is left for documents that BM25 or the teacher finds near.
    """

    own: float
    hard: float


# Published lists of law have negatives that were chosen with care. A paper's title is so easy to
# find that only random titles show where BM25 is perfect.
_MIXES = {
    "medical": Mix(1.0, 0.67),
    "law": Mix(0.5, 0.67),
    "abstract": Mix(0.0, 0.5),
    "keywords": Mix(0.0, 0.5),
}
_UNLABELLED_MIX = Mix(0.0, 0.7)


class Pool:
    """Texts that lists are filled with, found by BM25 and by a teacher's vectors."""

    def __init__(self, texts: Sequence[str], teacher: BiEncoder) -> None:
        """Index and embed them."""
        from train.teachers.teacher import TITLE

        self.texts = list(texts)
        self._places = {text: place for place, text in enumerate(self.texts)}
        self._bm25 = BM25(self.texts)
        self._vectors = teacher.embed(self.texts, TITLE)

    def near(self, query: str, vector: FloatArray) -> list[str]:
        """The best by BM25 and by the teacher, each once."""
        best = self._bm25.top(query, _NEAR)
        cosines = self._vectors @ vector
        best += np.argpartition(-cosines, min(_NEAR, len(cosines) - 1))[:_NEAR].tolist()
        return [self.texts[place] for place in sorted(set(best))]

    def cosines(self, vector: FloatArray, texts: Sequence[str]) -> FloatArray:
        """Of a query's vector and texts of the pool."""
        found: FloatArray = self._vectors[[self._places[text] for text in texts]] @ vector
        return found


def draw_list(
    item: RankedList, vector: FloatArray, pool: Pool, mix: Mix, rng: random.Random
) -> list[tuple[str, int]]:
    """Some documents of a list and some of the pool, with their grades, each once.

    Args:
        item: the list; its documents are in the pool.
        vector: the teacher's, of the query.
        pool: where the rest comes from; what equals the query is left out.
        mix: of the rest.
        rng: source of all draws.
    """
    positives, negatives = item.relevant, [d for d in item.documents if d[1] == 0]
    chosen = rng.sample(positives, min(_MOST_POSITIVES, len(positives)))
    room = round(mix.own * (_LIST_SIZE - len(chosen)))
    chosen += rng.sample(negatives, min(room, len(negatives)))
    taken = {text for text, _ in item.documents} | {item.query}
    near = [text for text in pool.near(item.query, vector) if text not in taken]
    hard = min(len(near), round(mix.hard * (_LIST_SIZE - len(chosen))))
    more = rng.sample(near, hard)
    taken |= set(near)
    others = rng.sample(pool.texts, min(len(pool.texts), 2 * _LIST_SIZE + len(taken)))
    missing = _LIST_SIZE - len(chosen) - len(more)
    more += [text for text in others if text not in taken][:missing]
    return chosen + [(text, 0) for text in more]


def target(grades: Sequence[int], cosines: FloatArray) -> FloatArray:
    """Logarithms of the chances of each document to come first.

    Half by the gains ``2^grade - 1`` of NDCG, half by a softmax of the teacher's cosines; without
    a grade above 0 all by the teacher.
    """
    taught = np.exp((cosines - cosines.max()) / _TEMPERATURE)
    taught /= taught.sum()
    gains = 2.0 ** np.asarray(grades) - 1.0
    chances = (gains / gains.sum() + taught) / 2 if gains.any() else taught
    found: FloatArray = np.log(np.maximum(chances, _SMALLEST_CHANCE)).astype(np.float32)
    return found


class _Task(NamedTuple):
    """Lists of one kind, and how many are to be drawn."""

    lists: Sequence[RankedList]
    pool: Pool
    mix: Mix
    wanted: int


def draw(data: Data, teacher: BiEncoder, count: int, seed: int) -> Iterator[Row]:
    """Rows of about ``count`` lists, kind after kind; lists of a kind come again in turn."""
    from train.teachers.teacher import QUERY

    rng = random.Random(seed)
    number = 0
    for task in _tasks(data, teacher, count, rng):
        queries = list(dict.fromkeys(item.query for item in task.lists))
        vectors = dict(zip(queries, teacher.embed(queries, QUERY)))
        for item in _in_turn(task.lists, task.wanted, rng):
            vector = vectors[item.query]
            documents = draw_list(item, vector, task.pool, task.mix, rng)
            titles = [text for text, _ in documents]
            scores = target([grade for _, grade in documents], task.pool.cosines(vector, titles))
            number += 1
            for (title, grade), score in zip(documents, scores):
                yield item.query, title, grade, f"{score:.5f}", number


def _in_turn(lists: Sequence[RankedList], count: int, rng: random.Random) -> Iterator[RankedList]:
    """``count`` of them, all once before any comes again."""
    while count > 0:
        yield from rng.sample(lists, min(count, len(lists)))
        count -= len(lists)


def _tasks(data: Data, teacher: BiEncoder, count: int, rng: random.Random) -> Iterator[_Task]:
    sources = data.sources
    pools = {name: Pool(source.texts("train"), teacher) for name, source in sources.items()}
    labelled = {name: _with_relevant(source) for name, source in sources.items()}
    total = sum(_SHARES[name] for name in labelled)
    unlabelled = _UNLABELLED if MEDICAL in sources or data.papers else 0.0
    for name, lists in labelled.items():
        part = round(count * (1 - unlabelled) * _SHARES[name] / total)
        yield _Task(lists, pools[name], _MIXES[name], part)
    further = list(_further(data, rng, count))
    for queries, name in further:
        lists = [RankedList(query, (), "train") for query in queries]
        part = round(count * unlabelled / len(further))
        yield _Task(lists, pools[name], _UNLABELLED_MIX, part)


def _with_relevant(source: Source) -> list[RankedList]:
    return [item for item in source.of("train") if item.relevant]


def _further(data: Data, rng: random.Random, count: int) -> Iterator[tuple[list[str], str]]:
    """Queries without labels, and the pool that their lists come from."""
    if MEDICAL in data.sources:
        questions = list(dict.fromkeys(text for pair in data.questions for text in pair[:2]))
        for texts in (questions, data.sources[MEDICAL].texts("train")):
            if texts:
                yield rng.sample(texts, min(len(texts), count)), MEDICAL
    if data.papers:
        titles = data.sources["keywords"].texts("train")
        yield rng.sample(titles, min(len(titles), count)), "keywords"


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="draw",
        description="Draw the lists that the shipped rankers are trained on, with what a teacher "
        "thinks of them.",
    )
    add = parser.add_argument
    add("--teacher", default="e5", metavar="SPEC", help="a bi-encoder: e5 or hf-bi-encoder:DIR")
    add("--lists", type=positive_int, default=19200, help="how many to draw (default: 19200)")
    add("--output", type=Path, required=True, help="the file of lists to write")
    add_source_options(parser)
    add_runtime_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Draw with parsed options."""
    from train.teachers.spec import open_bi_encoder
    from train.teachers.teacher import Runtime

    check_sources(options.without)
    data = read_data(options.data_dir, options.without)
    runtime = Runtime(options.batch_size, options.cpu_threads)
    teacher = open_bi_encoder(options.teacher, runtime, options.cache_dir)
    rows = draw(data, teacher, options.lists, options.seed)
    write_rows(options.output, _COLUMNS, rows)
    print(f"{options.output}: about {options.lists} lists of {_LIST_SIZE}")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
