# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Find negatives for queries with relevant titles, and write what the rankers train on.

Run as ``python -m train.mine --input FILE --output_dir DIR``; the seed fixes every byte.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.errors import SetUpError
from train.mining_options import add_mining_options, resolve
from train.options import run_command
from train.teacher_options import add_runtime_options


def make_parser() -> argparse.ArgumentParser:
    """All options; no file is read and no teacher opened."""
    parser = argparse.ArgumentParser(
        prog="mine", description="Find negatives for queries with relevant titles."
    )
    add_mining_options(parser)
    add_runtime_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Read, mine, write, and say what was found."""
    from train.mining.lists import TRAIN, Shares, read_corpus, read_query_lists
    from train.mining.mined_files import MinedFiles
    from train.mining.pool import Pool

    resolve(options)
    shares = Shares(options.dev, options.held_out)
    lists = read_query_lists(options.input, shares, options.max_bad_rows)
    corpus = read_corpus(options.corpus, options.max_bad_rows) if options.corpus else []
    usable = [item for item in lists if item.relevant]
    if not usable:
        raise SetUpError("has no query with a relevant title", field=str(options.input))
    pool = Pool(lists, corpus)
    print(
        f"{len(usable)} lists ({len(lists) - len(usable)} left out: no relevant title), "
        f"{len(pool)} titles to draw from",
        flush=True,
    )
    selection = _selection(options, pool)
    files = MinedFiles(options.output_dir, options.seed, options.triples_per_title)
    asked = {TRAIN, *shares.asked}
    files.write(selection.mine(usable), sorted(asked))
    for line in _report(selection, files.rows, Counter(item.split for item in usable)):
        print(line)


def _selection(options: argparse.Namespace, pool: Any) -> Any:
    """The sources that were asked for, and the judge."""
    from train.mining import sources
    from train.mining.judge import Judge
    from train.mining.selection import Ranks, Selection
    from train.teachers.spec import open_bi_encoder, open_teacher
    from train.teachers.teacher import Runtime

    runtime, cache = Runtime(options.batch_size, options.cpu_threads), options.cache_dir
    bm25 = sources.Bm25Source(pool)
    counts: list[Any] = []
    if options.ranked:
        ranker = open_teacher(options.ranker, runtime, cache)
        depth = max(options.ranker_depth, options.ranks[1])
        counts.append((sources.RankerSource(bm25, pool, ranker, depth), options.ranked))
    if options.dense:
        encoder = open_bi_encoder(options.encoder, runtime, cache)
        counts.append((sources.DenseSource(pool, encoder), options.dense))
    counts.append((bm25, options.bm25))
    counts.append((sources.RandomSource(pool, options.seed), options.random))
    judge = None
    if options.judge:
        teacher = open_teacher(options.judge, runtime, cache)
        judge = Judge(pool, teacher, options.share_of_positive, options.margin)
    top = options.draw == "top"
    ranks = Ranks(*options.ranks)
    return Selection(pool, counts, ranks, seed=options.seed, judge=judge, from_the_top=top)


def _report(selection: Any, rows: dict[str, int], lists: Counter[str]) -> list[str]:
    found = ", ".join(f"{count} {name}" for name, count in selection.chosen.items())
    lines = [f"negatives: {found or 'none'}"]
    if selection.judged:
        lines.append(
            f"{selection.too_good} of {selection.judged} candidates dropped: as good as a positive"
        )
    if selection.short:
        lines.append(f"{selection.short} lists have fewer negatives than asked for")
    split = ", ".join(f"{count} {name}" for name, count in sorted(lists.items()))
    lines.append(f"lists: {split}")
    return [*lines, *(f"{name}: {count} rows" for name, count in rows.items())]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
