# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What some thousand rows of a user are worth: trained on from a shipped bundle, or otherwise.

Run in the training environment as ``python -m benchmarks.fine_tuning --train_set FILE --dev FILE
--test_file FILE``. Beside the bundle trained on, it measures the bundle as it is, a tower from
random weights, a linear model of hashed characters, and BM25, all on the same lists.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks import machine
from contract.bm25 import bm25_terms
from contract.environment.cpu import prepare_math_library
from train.data.dataset import LabelledPairs, encode, read_labelled_pairs
from train.evaluation.metrics import NDCG, QueryLists, auc, bootstrap
from train.evaluation.report import bm25_of

FloatArray = NDArray[np.float64]

_BUNDLE = "serving_models/cross_encoder"
_HASHED = 1 << 18
_RESAMPLES = 300


class System(NamedTuple):
    """What one way of ranking gave.

    Attributes:
        name: for the table.
        seconds: it was trained.
        scores: of the test rows.
    """

    name: str
    seconds: float
    scores: FloatArray


def linear_model(train: LabelledPairs, test: LabelledPairs) -> System:
    """Logistic regression on hashed terms that both texts have, or one of them alone.

    The inverse penalty is the best of three by the training rows' own last fifth.
    """
    started = time.perf_counter()
    rows, asked = _hashed(train), _hashed(test)
    labels = (np.asarray(train.labels) > 0).astype(np.int64)
    kept = np.arange(len(labels)) < len(labels) * 4 // 5
    fitted = {
        c: LogisticRegression(C=c, max_iter=300).fit(rows[kept], labels[kept]) for c in (0.3, 1, 3)
    }
    best = max(fitted, key=lambda c: auc(fitted[c].decision_function(rows[~kept]), labels[~kept]))
    model = LogisticRegression(C=best, max_iter=300).fit(rows, labels)
    scores = model.decision_function(asked)
    return System("hashed linear model", time.perf_counter() - started, scores)


def _hashed(pairs: LabelledPairs) -> sparse.csr_matrix:
    """Shared, query-only and title-only terms of each pair, and how much of both is shared."""
    terms = {number: set(bm25_terms(pairs.texts[number])) for number in set(pairs.queries.tolist())}
    terms |= {number: set(bm25_terms(pairs.texts[number])) for number in set(pairs.titles.tolist())}
    documents, covered = [], []
    for query, title in zip(pairs.queries.tolist(), pairs.titles.tolist()):
        asked, offered = terms[query], terms[title]
        both = asked & offered
        documents.append(
            [f"b{t}" for t in both]
            + [f"q{t}" for t in asked - both]
            + [f"t{t}" for t in offered - both]
        )
        covered.append([len(both) / max(len(asked), 1), len(both) / max(len(offered), 1)])
    hashing = HashingVectorizer(n_features=_HASHED, analyzer=list, alternate_sign=False)
    return sparse.hstack([hashing.transform(documents), np.array(covered)]).tocsr()


def trained(name: str, options: argparse.Namespace, start: Sequence[str]) -> float:
    """Train with the training command; the seconds it took, all of it."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "train.train_ce", "--device", "cpu", *start]
    command += ["--train_set", options.train_set, "--test_file", options.dev]
    command += ["--cpu_threads", str(options.cpu_threads), "--seed", str(options.seed)]
    command += ["--valid_steps", "100000", "--save_steps", "100000", "--save_dir", name]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def scores_of(checkpoint: str, pairs: LabelledPairs, threads: int) -> FloatArray:
    """Margins of the rows by a checkpoint or a bundle."""
    from train.model.device import set_device
    from train.model.inference import margins
    from train.model.ranker import load_ranker

    set_device("cpu", threads)
    ranker = load_ranker(checkpoint)
    rows = encode(ranker.encoder, pairs.texts, pairs.queries, pairs.titles)
    found = margins(ranker.model, ranker.encoder, rows, 64, ranker.score_function)
    return np.asarray(found, np.float64)


def systems(options: argparse.Namespace, folder: Path) -> list[System]:
    """All of them; the bundle trained on comes first, as the others are compared with it."""
    train = read_labelled_pairs(options.train_set)
    test = read_labelled_pairs(options.test_file)
    own, scratch = str(folder / "own"), str(folder / "scratch")
    steps = ["--eval_step", str(options.eval_step), "--epochs", str(options.epochs)]
    more = [*steps, "--warmup_proportion", "0.1", "--max_seq_length", str(options.max_seq_length)]
    start = ["--model_name_or_path", options.bundle, "--learning_rate", str(options.learning_rate)]
    seconds = trained(own, options, [*more, *start])
    random = ["--model_name_or_path", options.scratch, "--init", "matching"]
    random += ["--tokenizer", f"{options.bundle}/tokenizer"]
    seconds_of_scratch = trained(scratch, options, [*more, *random])
    return [
        System("bundle, trained on", seconds, scores_of(f"{own}/best", test, options.cpu_threads)),
        System("bundle as it is", 0.0, scores_of(options.bundle, test, options.cpu_threads)),
        System(
            "from scratch",
            seconds_of_scratch,
            scores_of(f"{scratch}/best", test, options.cpu_threads),
        ),
        linear_model(train, test),
        System("BM25", 0.0, bm25_of(test)),
    ]


def table(found: Sequence[System], test: LabelledPairs, seed: int) -> str:
    """Markdown: each system's figures, and how far the first is above it, with intervals."""
    lists = QueryLists(test.lists, test.labels)
    of_system = [lists.measure(system.scores)[NDCG] for system in found]
    lines = [
        f"| | seconds | {NDCG} | AUC | first minus this, {NDCG} | AUC |",
        "|---|---|---|---|---|---|",
    ]
    for system, values in zip(found, of_system):
        mean, low, high = bootstrap(of_system[0] - values, seed)
        behind = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        area = auc(system.scores, test.labels)
        gap = "{:+.3f} [{:+.3f}, {:+.3f}]".format(*_auc_gap(found[0], system, test, seed))
        lines.append(
            f"| {system.name} | {system.seconds:.0f} | {values.mean():.3f} | {area:.3f} | "
            f"{behind} | {gap} |"
        )
    return "\n".join(lines)


def _auc_gap(
    first: System, other: System, test: LabelledPairs, seed: int
) -> tuple[float, float, float]:
    """Difference of AUC over all rows, with an interval over whole lists."""
    labels = np.asarray(test.labels)
    of_list = np.split(
        np.argsort(test.lists, kind="stable"), np.cumsum(np.bincount(test.lists))[:-1]
    )
    random = np.random.default_rng(seed)
    gaps = []
    for _ in range(_RESAMPLES):
        drawn = random.integers(0, len(of_list), len(of_list))
        rows = np.concatenate([of_list[number] for number in drawn])
        gaps.append(auc(first.scores[rows], labels[rows]) - auc(other.scores[rows], labels[rows]))
    low, high = np.percentile(gaps, [2.5, 97.5])
    return auc(first.scores, labels) - auc(other.scores, labels), float(low), float(high)


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="fine_tuning", description="Measure what rows of a user are worth to a shipped bundle."
    )
    add = parser.add_argument
    add("--train_set", required=True, help="rows of query, title, label")
    add("--dev", required=True, help="the same, by which the best checkpoint is chosen")
    add("--test_file", required=True, help="the same, to measure on")
    add("--bundle", default=_BUNDLE, help="to start from (default: %(default)s)")
    add("--scratch", default="train/configs/small.json", help="of the tower without weights")
    add("--learning_rate", type=float, default=5e-4, help="of the bundle (default: %(default)s)")
    add("--epochs", type=int, default=3, help="default: %(default)s")
    add("--eval_step", type=int, default=100, help="default: %(default)s")
    add("--max_seq_length", type=int, default=128, help="default: %(default)s")
    add("--cpu_threads", type=int, default=2, help="default: %(default)s")
    add("--seed", type=int, default=1000, help="default: %(default)s")
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    options = make_parser().parse_args(arguments)
    prepare_math_library()
    print(machine.line(machine.facts()))
    with TemporaryDirectory() as folder:
        found = systems(options, Path(folder))
    test = read_labelled_pairs(options.test_file)
    print(f"{options.train_set}, {options.test_file}: {len(test.labels)} test rows\n")
    print(table(found, test, options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
