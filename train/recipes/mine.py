# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make the texts that the shipped rankers learn from, and the lists that measure them.

Run as ``python -m train.recipes.mine --data_dir DIR --output_dir DIR``; the seed fixes every byte.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Optional

from contract.errors import DataError, SetUpError
from train.options import run_command
from train.recipes.graded_lists import pad_list
from train.recipes.sources import (
    FILES,
    LAW,
    LITERATURE,
    MEDICAL,
    Data,
    Labelled,
    distinct,
    read_data,
)

_COLUMNS = ("query", "title", "label")
_DEV_LISTS = 150
_DEV_LISTS_IN_TRAINING = 40
_WORDS = 60_000
_WORD_LENGTHS = range(2, 5)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a TSV file; a row with an empty cell is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(header) + "\n")
        for row in rows:
            cells = [" ".join(str(cell).split()) for cell in row]
            if all(cells):
                file.write("\t".join(cells) + "\n")


def write_texts(path: Path, texts: Iterable[str]) -> int:
    """Writes a text on each line, each once, and returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = distinct(filter(None, (" ".join(text.split()) for text in texts)), ())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def training_queries(data: Data) -> list[str]:
    """Queries of training lists, and the questions of pairs."""
    queries = [item.query for source in data.sources.values() for item in source.of("train")]
    return queries + [text for first, second, _ in data.questions for text in (first, second)]


def training_titles(data: Data) -> list[str]:
    """Titles of training lists, and the titles of no list."""
    return [text for source in data.sources.values() for text in source.texts("train")]


def _is_word(text: str) -> bool:
    return len(text) in _WORD_LENGTHS and all("\u4e00" <= c <= "\u9fff" for c in text)


def frequent_words(dictionary: Path, count: int = _WORDS) -> list[str]:
    """The most frequent Chinese words of two to four characters of a segmenter's dictionary.

    Args:
        dictionary: lines of a word, its frequency and more, as jieba's ``dict.txt`` has them.
        count: how many words at most.

    Raises:
        DataError: it cannot be read as such.
    """
    try:
        lines = [line.split()[:2] for line in dictionary.read_text(encoding="utf-8").splitlines()]
        words = {word: int(frequency) for word, frequency in lines if _is_word(word)}
    except (OSError, ValueError) as error:
        raise DataError(
            f"is no dictionary of words and their frequencies ({error})", field=str(dictionary)
        ) from error
    return sorted(words, key=lambda word: (-words[word], word))[:count]


def mine(data_dir: Path, output_dir: Path, seed: int, without: Collection[str] = ()) -> None:
    """Writes the texts and the lists of development and of the last measurement.

    Raises:
        DataError: a file of a source is missing that is not left out.
    """
    data = read_data(data_dir, without)
    rng = random.Random(seed)
    quick: list[Labelled] = []
    for source in data.sources.values():
        for variant in source.variants():
            for folder, split, count in (("heldout", "test", None), ("dev", "dev", _DEV_LISTS)):
                chosen = source.of(split)[:count]
                lists = [pad_list(source, item, variant, rng) for item in chosen]
                path = output_dir / folder / f"{source.name}_{variant}.tsv"
                write_rows(path, _COLUMNS, (row for rows in lists for row in rows))
        for item in source.of("dev")[:_DEV_LISTS_IN_TRAINING]:
            quick += pad_list(source, item, "padded", rng)
    write_rows(output_dir / "dev.tsv", _COLUMNS, quick)
    queries = write_texts(output_dir / "queries.txt", training_queries(data))
    titles = write_texts(output_dir / "titles.txt", training_titles(data))
    print(f"{queries} queries, {titles} titles, {len(quick)} dev rows")


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="mine",
        description="Make the texts that the shipped rankers learn from, and the lists that "
        "measure them.",
    )
    parser.add_argument("--output_dir", type=Path, required=True, help="where the files go")
    add_source_options(parser)
    parser.add_argument(
        "--dictionary", type=Path, help="jieba's dict.txt, whose frequent words go to words.txt"
    )
    return parser


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Options of the commands that read the development data."""
    parser.add_argument("--data_dir", type=Path, required=True, help="the development data")
    parser.add_argument("--seed", type=int, default=1000, help="of all draws (default: 1000)")
    parser.add_argument(
        "--without",
        nargs="+",
        choices=tuple(FILES),
        default=(),
        help="sources to leave out, such as those whose files are not there",
    )


def check_sources(without: Collection[str]) -> None:
    """See that a source with lists is left.

    Raises:
        SetUpError: none is.
    """
    if set(without) >= {MEDICAL, LAW, LITERATURE}:
        raise SetUpError("leaves no source with lists; keep one", field="without")


def run(options: argparse.Namespace) -> None:
    """Mine with parsed options."""
    check_sources(options.without)
    words = frequent_words(options.dictionary) if options.dictionary else []
    mine(options.data_dir, options.output_dir, options.seed, options.without)
    if words:
        write_texts(options.output_dir / "words.txt", words)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
