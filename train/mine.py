# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make the training files and held-out lists of the small bundles, with negatives found by BM25.

Run as ``python -m train.mine --data_dir DIR --output_dir DIR``; the seed fixes every byte.
"""

import argparse
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from train.bm25 import BM25
from train.data.sources import (
    LIST_LENGTH,
    Paper,
    RankedList,
    Source,
    distinct,
    literature_lists,
    read_lists,
    read_papers,
    read_question_pairs,
    read_title_pool,
)

Labelled = tuple[str, str, int]
Triple = tuple[str, str, str]

# How many negatives a training list gets beside its own documents, and how long a query may be:
# what a CPU can afford. An abstract is cut at random places, so that all of it is seen over time.
_NEGATIVES = {"medical": 8, "law": 8, "abstract": 5, "keywords": 8}
_TRIPLES = {"medical": 6000, "law": 1500, "abstract": 0, "keywords": 0, "literature": 7000}
_QUERY_CHARACTERS = 90
_SENTENCE = re.compile(r"[^。；;！？!?.\s]{6,}")


def read_sources(data_dir: Path) -> tuple[list[Source], list[Paper], list[str]]:
    """Reads the four sources, the papers behind two of them, and the further titles."""
    papers = read_papers(data_dir / "csl")
    titles = read_title_pool(data_dir / "csl")
    literature = literature_lists(papers)
    sources = [
        Source("medical", read_lists(data_dir / "cmedir.jsonl")),
        Source("law", read_lists(data_dir / "stard.jsonl")),
        Source("abstract", literature["abstract"], titles),
        Source("keywords", literature["keywords"], titles),
    ]
    return sources, papers, titles


def pad_list(source: Source, item: RankedList, variant: str, rng: random.Random) -> list[Labelled]:
    """One held-out list as rows, in random order, so that ties favour nobody.

    Args:
        source: Where negatives come from.
        item: The list.
        variant: ``original`` adds nothing; the others pad to 20: ``padded`` with BM25 negatives
            from all texts, ``unseen`` with BM25 negatives no training list has, ``random`` with
            random texts, which do not handicap BM25.
        rng: Source of the order.

    Returns:
        ``(query, title, grade)`` rows; none when no document is relevant.
    """
    if all(grade == 0 for _, grade in item.documents):
        return []
    missing = max(0, LIST_LENGTH - len(item.documents))
    added: list[str] = []
    if variant == "random":
        added = source.any(item, missing, "all", rng)
    elif variant != "original":
        added = source.hard(item, missing, "all" if variant == "padded" else "unseen")
    documents = [*item.documents, *((text, 0) for text in added)]
    rng.shuffle(documents)
    return [(item.query, text, grade) for text, grade in documents]


def cut_query(query: str, rng: random.Random) -> str:
    """A window of a long query, its place and length drawn at random."""
    if len(query) <= _QUERY_CHARACTERS:
        return query
    length = rng.randint(_QUERY_CHARACTERS // 3, _QUERY_CHARACTERS)
    start = rng.choice((0, rng.randint(0, len(query) - length)))
    return query[start : start + length]


def supervised(source: Source, rng: random.Random) -> tuple[list[Labelled], list[Triple]]:
    """Rows for the cross-encoder and triples for the pair-wise ranker from the training lists.

    Grade 1 of a list that is graded further counts as half relevant: it is written once with
    either label, since cross entropy then has its minimum at a score of one half.
    """
    rows: list[Labelled] = []
    triples: list[Triple] = []
    for item in source.of("train"):
        count = _NEGATIVES[source.name]
        own_negatives = [text for text, grade in item.documents if grade == 0]
        rng.shuffle(own_negatives)
        # Half the negatives are the hardest; the others come from further down the ranking.
        pool = source.hard(item, 2 * LIST_LENGTH, "train") if len(own_negatives) < count else []
        near = pool[: count // 2] + rng.sample(pool[count // 2 :], min(3, len(pool[count // 2 :])))
        negatives = (own_negatives + near)[: max(count, len(near))]
        positives = [(text, grade) for text, grade in item.documents if grade > 0]
        halved = max((grade for _, grade in item.documents), default=0) > 1
        for text, grade in positives:
            query = cut_query(item.query, rng)
            rows.append((query, text, 1))
            if halved and grade == 1:
                rows.append((query, text, 0))
            drawn = rng.sample(negatives, min(len(negatives), 5))
            triples += [(query, text, negative) for negative in drawn]
            lower = [other for other, other_grade in positives if other_grade < grade]
            triples += [(query, text, other) for other in lower]
        rows += [(cut_query(item.query, rng), text, 0) for text in negatives]
    return rows, triples


def literature(
    sources: Sequence[Source], titles: Sequence[str], rng: random.Random
) -> tuple[list[Labelled], list[Triple]]:
    """The last stage: papers with hard and random negatives, and some rows of the other sources.

    A ranker that meets the further titles only as negatives learns to tell them from titles of
    papers instead of reading the query. So most negatives are titles of other papers, and further
    titles are relevant to made-up keywords as often as they are negatives of others. A ranker
    that meets only BM25's hits misjudges texts without any overlap, hence the random ones.
    """
    papers = Source("papers", [item for item in sources[3].lists if item.split == "train"])
    pool = Source("titles", [RankedList(t, ((t, 1),), "train") for t in titles])
    lists: list[tuple[RankedList, list[str]]] = []
    for source, counts in ((sources[2], (1, 1, 1)), (sources[3], (3, 2, 1))):
        for item in source.of("train"):
            item = replace(item, query=_vary(item.query, source.name == "keywords", rng))
            near = papers.hard(item, 3 * counts[0], "train")
            negatives = rng.sample(near, min(counts[0], len(near)))
            near = source.hard(item, 3 * counts[1], "train")
            negatives += rng.sample(near, min(counts[1], len(near)))
            lists.append((item, negatives + papers.any(item, counts[2], "train", rng)[:1]))
    for item in rng.sample(pool.lists, min(2500, len(pool.lists))):
        item = replace(item, query=_keywords(item.query, rng))
        near = pool.hard(item, 5, "train")
        lists.append((item, rng.sample(near, min(2, len(near)))))
    rows: list[Labelled] = []
    triples: list[Triple] = []
    for item, negatives in lists:
        title = item.documents[0][0]
        rows.append((item.query, title, 1))
        rows += [(item.query, text, 0) for text in dict.fromkeys(negatives)]
        triples += [(item.query, title, text) for text in dict.fromkeys(negatives)]
    for source, count in ((sources[0], 3000), (sources[1], 800)):
        more = supervised(source, rng)[0]
        rows += rng.sample(more, min(count, len(more)))
        for item in rng.sample(source.of("train"), min(count // 2, len(source.of("train")))):
            title, grade = max(item.documents, key=lambda document: document[1])
            other = source.any(item, 2, "train", rng)[:2]
            rows += [(item.query, text, 0) for text in other]
            triples += [(item.query, title, text) for text in other if grade > 0]
    return rows, triples


def _vary(query: str, keywords: bool, rng: random.Random) -> str:
    """Keywords in another order; an abstract whole or as a longer window of it."""
    if keywords:
        words = query.split(" ")
        return " ".join(rng.sample(words, len(words)))
    if rng.random() < 0.3:
        return query
    start = rng.randint(0, max(0, len(query) - 80))
    return query[start : start + rng.randint(80, 160)]


def _keywords(title: str, rng: random.Random) -> str:
    """Made-up keywords of a title: a few short spans of it, in random order."""
    spans = []
    for _ in range(rng.randint(2, 4)):
        start = rng.randint(0, max(0, len(title) - 3))
        spans.append(title[start : start + rng.randint(2, 5)].strip())
    return " ".join(spans)


def choose_triples(triples: dict[str, list[Triple]], rng: random.Random) -> list[Triple]:
    """As many triples of every source as a CPU can afford."""
    chosen: list[Triple] = []
    for name, rows in triples.items():
        chosen += rng.sample(rows, min(_TRIPLES[name], len(rows)))
    return chosen


def cloze(texts: Sequence[str], rng: random.Random, count: int, pool: BM25) -> list[Labelled]:
    """Self-supervised rows: a noisy part of a text should find the text among its neighbours.

    Args:
        texts: The texts of the pool, in its order.
        rng: Source of the draws.
        count: How many texts to use.
        pool: The index of the texts.

    Returns:
        One relevant and three irrelevant rows per text.
    """
    rows: list[Labelled] = []
    for index in rng.sample(range(len(texts)), min(count, len(texts))):
        text = texts[index]
        spans = _SENTENCE.findall(text) or [text]
        span = rng.choice(spans)[:40]
        start = rng.randint(0, max(0, len(span) // 3))
        kept = [c for c in span[start:] if rng.random() > 0.2]
        if len(kept) < 3:
            continue
        query = "".join(kept)
        near = [i for i in pool.top(query, 12) if i != index]
        rows.append((query, text, 1))
        rows += [(query, texts[i], 0) for i in rng.sample(near, min(3, len(near)))]
    return rows


def self_supervised(
    sources: Sequence[Source], papers: Sequence[Paper], questions: Path, rng: random.Random
) -> list[Labelled]:
    """The first stage: parts of texts, sentences of abstracts, and question pairs both ways."""
    rows: list[Labelled] = []
    for source, count in zip(sources, (4000, 800, 0, 4000)):
        texts = [t for t in source.texts("train") if len(t) <= 120]
        rows += cloze(texts, rng, count, BM25(texts))
    literature = sources[3]
    for paper in papers:
        spans = [s for s in _SENTENCE.findall(paper.abstract) if len(s) > 12]
        if paper.split != "train" or not spans:
            continue
        for span in rng.sample(spans, min(2, len(spans))):
            item = RankedList(span[:60], ((paper.title, 1),), "train")
            rows.append((item.query, paper.title, 1))
            rows += [(item.query, t, 0) for t in literature.hard(item, 3, "train")]
    for first, second, label in read_question_pairs(questions):
        rows.append((first, second, label) if rng.random() < 0.5 else (second, first, label))
    return rows


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a TSV file; a row with an empty cell is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(header) + "\n")
        for row in rows:
            cells = [" ".join(str(cell).split()) for cell in row]
            if all(cells):
                file.write("\t".join(cells) + "\n")


def mine(data_dir: Path, output_dir: Path, seed: int) -> None:
    """Writes every file of the recipe."""
    labelled, triple = ("query", "title", "label"), ("query", "title", "neg_title")
    sources, papers, titles = read_sources(data_dir)
    rng = random.Random(seed)
    rows: list[Labelled] = []
    triples: dict[str, list[Triple]] = {}
    dev: list[Labelled] = []
    texts: list[str] = []
    for source in sources:
        more_rows, triples[source.name] = supervised(source, rng)
        rows += more_rows
        texts += [t for item in source.of("train") for t in (item.query, *dict(item.documents))]
        for item in source.of("dev")[:40]:
            dev += pad_list(source, item, "padded", rng)
        for variant in ("original", "padded", "unseen", "random"):
            lists = [pad_list(source, item, variant, rng) for item in source.of("test")]
            if variant in source.variants():
                name = f"{source.name}_{variant}.tsv"
                write_rows(output_dir / "heldout" / name, labelled, (r for x in lists for r in x))
    first = self_supervised(sources, papers, data_dir / "cmedqq" / "train.tsv", rng)
    texts += [*titles, *(text for row in first for text in row[:2])]
    write_rows(output_dir / "ce_stage1.tsv", labelled, first)
    write_rows(output_dir / "ce_stage2.tsv", labelled, rows)
    third, triples["literature"] = literature(sources, titles, rng)
    write_rows(output_dir / "ce_stage3.tsv", labelled, third)
    chosen = choose_triples(triples, rng)
    write_rows(output_dir / "pairwise.tsv", triple, chosen)
    write_rows(output_dir / "dev.tsv", labelled, dev)
    write_rows(output_dir / "texts.txt", ("text",), ((text,) for text in distinct(texts, ())))
    counts = f"{len(first)} + {len(rows)} + {len(third)} rows, {len(chosen)} triples"
    print(f"{counts}, {len(dev)} dev rows")


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        prog="mine", description="Make the training files and held-out lists of the small bundles."
    )
    parser.add_argument("--data_dir", type=Path, required=True, help="the development data")
    parser.add_argument("--output_dir", type=Path, required=True, help="where the files go")
    parser.add_argument("--seed", type=int, default=1000, help="of all draws (default: 1000)")
    arguments = parser.parse_args()
    mine(arguments.data_dir, arguments.output_dir, arguments.seed)


if __name__ == "__main__":
    main()
