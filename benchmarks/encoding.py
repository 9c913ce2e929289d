# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures how long 1,000 pairs of texts take to become rows, by each backend that is here.

``make bench-encoding`` and ``python -m benchmarks.encoding`` run it: real pairs with distinct
titles, the backends in turns, so that what else the machine does meets all of them. Each backend
then takes hostile texts, and the encoder in C++ also goes without Python, where ``build.sh bench``
has built the program.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Callable

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine
from benchmarks.report import RESULTS, write_json
from contract.encoding import VOCAB_FILE, PairEncoder
from contract.environment.built import BUILT
from contract.errors import BundleError, DataError, RankingError, SetUpError
from contract.text.rules import UPSTREAM_RULES, TextRules

DATA = machine.REPOSITORY.parent / "shared" / "data"
BENCH = BUILT / "tensor_service_bench"
_FILES = ("cmedir.jsonl", "stard.jsonl")
_BACKENDS = ("native", "tokenizers", "fast_tokenizer", "paddlenlp")
_SECONDS = 2.0

Pairs = Sequence[tuple[str, str]]

# each costs some encoder more than its length says
HOSTILE: Mapping[str, Pairs] = {
    "one word of 10,000,000 characters": [("感冒", "a" * 10_000_000)],
    "a query of 600,000 characters": [("感冒灵颗粒" * 120_000, "感冒")],
    "600,000 combining marks": [("感冒", "a" + "\u0301" * 600_000)],
    "50 titles of words of 99 letters": [
        ("感冒", f"{'ab' * 49}{number % 10} " * 900) for number in range(50)
    ],
}


def main() -> int:
    """Print the machine and a table, and write both as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoding")
    add = parser.add_argument
    add("--data", type=Path, default=DATA, help="the development data [../shared/data]")
    add("--pairs", type=int, default=1000, help="pairs of a call [1000]")
    add("--rounds", type=int, default=15, help="calls of each backend [15]")
    add("--max_seq_length", type=int, default=128, help="[128]")
    add("--normalization", default=UPSTREAM_RULES.normalization, help="none or nfkc [none]")
    add("--results", type=Path, default=RESULTS, help="where the JSON goes [benchmarks/results]")
    try:
        benchmark(parser.parse_args())
    except RankingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def benchmark(options: argparse.Namespace) -> None:
    """Measure and report.

    Raises:
        RankingError: there is no data, or no backend.
    """
    pairs = real_pairs(options.data, options.pairs)
    rules = TextRules(UPSTREAM_RULES.truncation, options.normalization)
    known = machine.facts()
    print(machine.line(known))
    with tempfile.TemporaryDirectory(prefix="encoding-") as directory:
        folder = Path(directory)
        shutil.copy(options.data / "vocab" / "ernie_zh_vocab.txt", folder / VOCAB_FILE)
        encoders = dict(_encoders(folder, options.max_seq_length, rules))
        if not encoders:
            raise SetUpError("no backend is installed; run `make build-tensor-service`")
        check_agreement(encoders, pairs)
        figures: dict[str, Any] = {
            f"{len(pairs)} pairs": in_turns(encoders, pairs, options.rounds),
            **{name: in_turns(encoders, texts, 3) for name, texts in HOSTILE.items()},
        }
        alone = _without_python(folder, pairs, options.max_seq_length, rules)
    _print_table(figures)
    if alone:
        print(f"native, {len(pairs)} pairs without Python: {alone['p50_us'] / 1000:.2f} ms")
    else:
        print("native without Python: not built, general_model_service/build.sh bench")
    path = write_json({**known, "ms": figures, "without_python": alone}, options.results)
    print(f"written to {path}")


def real_pairs(data: Path, count: int) -> Pairs:
    """Queries with titles that differ, drawn from files of the development data.

    Raises:
        DataError: a file is missing, or there are fewer.
    """
    found: dict[str, str] = {}
    for name in _FILES:
        try:
            lines = (data / name).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(f"cannot read it ({error})", field=str(data / name)) from error
        for line in lines:
            entry = json.loads(line)
            found.update({document["text"]: entry["query"] for document in entry["docs"]})
    pairs = [(query, title) for title, query in found.items()]
    if len(pairs) < count:
        raise DataError(f"has {len(pairs)} distinct titles, fewer than {count}", field=str(data))
    return random.Random(0).sample(pairs, count)


def _encoders(
    folder: Path, max_seq_length: int, rules: TextRules
) -> Iterator[tuple[str, PairEncoder]]:
    for backend in _BACKENDS:
        try:
            yield backend, PairEncoder.load(folder, max_seq_length, rules, backend=backend)
        except BundleError as error:
            print(f"left out: {error}")


def check_agreement(encoders: Mapping[str, PairEncoder], pairs: Pairs) -> None:
    """Compare rows before their times.

    Raises:
        BundleError: two backends give different ones.
    """
    expected: list[list[int]] = []
    for name, encoder in encoders.items():
        ids = [row.input_ids.tolist() for row in encoder.encode_pairs(pairs)]
        expected = expected or ids
        if ids != expected:
            raise BundleError("gives other rows than the first backend", field=name)


def in_turns(
    encoders: Mapping[str, PairEncoder], pairs: Pairs, rounds: int
) -> dict[str, dict[str, float]]:
    """Milliseconds of each backend: the median and the least, by the wall and of the processor."""
    walls: dict[str, list[float]] = {name: [] for name in encoders}
    processors: dict[str, list[float]] = {name: [] for name in encoders}
    for _ in range(rounds):
        for name, encoder in encoders.items():
            wall, processor = _timed(partial(encoder.encode_pairs, pairs))
            walls[name].append(wall)
            processors[name].append(processor)
    return {
        name: {
            "median_ms": median(walls[name]),
            "least_ms": min(walls[name]),
            "processor_ms": median(processors[name]),
        }
        for name in encoders
    }


def _timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of the wall, and of the processor by all threads of this process."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor)


def _without_python(
    folder: Path, pairs: Pairs, max_seq_length: int, rules: TextRules
) -> dict[str, Any]:
    """What the bench program says of the same pairs; nothing where it is not built."""
    if not BENCH.is_file():
        return {}
    lines = folder / "pairs.tsv"
    text = "".join("\t".join(" ".join(part.split()) for part in pair) + "\n" for pair in pairs)
    lines.write_text(text, encoding="utf-8")
    command = [str(BENCH), "texts", "--tokenizer", str(folder), "--pairs", str(lines)]
    command += ["--max_seq_length", str(max_seq_length), "--seconds", str(_SECONDS)]
    command += ["--truncation", rules.truncation, "--normalization", rules.normalization]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetUpError(done.stderr.strip() or "failed", field=BENCH.name)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _print_table(figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    print("\n| texts | backend | median | least | of the processor |\n|---|---|---|---|---|")
    for texts, by_backend in figures.items():
        for backend, times in by_backend.items():
            cells = " | ".join(f"{value:.2f} ms" for value in times.values())
            print(f"| {texts} | {backend} | {cells} |")
    print()


if __name__ == "__main__":
    sys.exit(main())
