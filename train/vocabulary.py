# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make an ERNIE-style ``vocab.txt`` from text files, for models trained from random weights.

Run as ``python -m train.vocabulary --output_dir DIR FILE...``. Tokens stand in falling order of
frequency, on which ``train.model.matching_init`` relies.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Optional

from contract.encoding import save_tokenizer
from contract.errors import RankingError, SetUpError
from contract.text.normalization import Normalizer

SPECIAL_TOKENS = ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]")
_ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER_OR_WORD = re.compile(r"[0-9a-z]+")
# in characters, of a line that is read at once
_PART = 1 << 16


def read_texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yields the lines of plain text files; of a very long one, parts that end between words.

    A word longer than a part is divided, which no vocabulary would hold.

    Raises:
        SetUpError: a file cannot be read.
    """
    for path in paths:
        rest = ""
        try:
            with path.open(encoding="utf-8") as file:
                while part := file.readline(_PART):
                    text = rest + part
                    end = len(text) if part.endswith("\n") else _end_of_words(text)
                    yield text[:end]
                    rest = text[end:]
        except (OSError, UnicodeDecodeError) as error:
            raise SetUpError(f"cannot be read ({error})", field=str(path)) from error
        yield rest


def _end_of_words(text: str) -> int:
    """Behind the last blank or ideograph, since a word may go on in what follows."""
    for end in range(len(text), max(0, len(text) - _PART // 2), -1):
        if text[end - 1].isspace() or "\u3400" <= text[end - 1] <= "\u9fff":
            return end
    return len(text)


def count_words(texts: Iterable[str], lower_case: bool = True) -> dict[str, int]:
    """Counts words as the encoder will see them: one Chinese character is one word."""
    normalize = Normalizer(lower_case)
    words: Counter[str] = Counter()
    for text in texts:
        words.update(normalize(text).split())
    return words


def build_vocabulary(words: dict[str, int], size: int, min_count: int = 2) -> list[str]:
    """Chooses the tokens.

    Every character seen ``min_count`` times comes first, then letters and digits with their
    ``##`` forms, so that no number or Latin word becomes [UNK], then the most frequent longer
    words and their ``##`` pieces, until ``size`` is reached.

    Args:
        words: Counts of words, as :func:`count_words` gives them.
        size: Largest number of tokens, special tokens included.
        min_count: Rarer characters and words are left out.

    Returns:
        The tokens: special ones first, the others by falling count, ties by code point.
    """
    counts: Counter[str] = Counter()
    for word, count in words.items():
        if len(word) == 1 and count >= min_count:
            counts[word] += count
        elif _NUMBER_OR_WORD.fullmatch(word):
            counts["##" + word[-1]] += count
    for character in _ALPHANUMERIC:
        counts[character] += 1
        counts["##" + character] += 1
    kept = dict(_most_frequent(counts, size - len(SPECIAL_TOKENS)))
    longer = {
        word: count
        for word, count in words.items()
        if len(word) > 1 and count >= min_count and _NUMBER_OR_WORD.fullmatch(word)
    }
    kept.update(_most_frequent(longer, size - len(SPECIAL_TOKENS) - len(kept)))
    ordered = [token for token, _ in _most_frequent(kept, len(kept))]
    return [*SPECIAL_TOKENS, *ordered]


def _most_frequent(counts: dict[str, int], size: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: max(size, 0)]


def make_parser() -> argparse.ArgumentParser:
    """Files, and what is taken of them."""
    parser = argparse.ArgumentParser(
        prog="vocabulary",
        description="Make a vocab.txt from text files, for models trained from random weights.",
    )
    parser.add_argument("files", nargs="+", type=Path, help="UTF-8 text files")
    parser.add_argument(
        "--output_dir",
        type=Path,
        required=True,
        help="where vocab.txt goes, and tokenizer_config.json",
    )
    parser.add_argument("--size", type=int, default=6000, help="most tokens (default: 6000)")
    parser.add_argument(
        "--min_count", type=int, default=2, help="leave out what is rarer (default: 2)"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Make the vocabulary with parsed options."""
    words = count_words(read_texts(options.files))
    tokens = build_vocabulary(words, options.size, options.min_count)
    save_tokenizer(tokens, options.output_dir, lower_case=True)
    print(f"{len(tokens)} tokens -> {options.output_dir}")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    parser = make_parser()
    try:
        run(parser.parse_args(arguments))
    except RankingError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
