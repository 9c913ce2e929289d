# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.sizes`` ranks the lists as the bundle does, and tells sizes apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino")

from benchmarks.direct_ranker import DirectRanker
from benchmarks.engines import FP32, OPENVINO, open_runs
from benchmarks.sizes import ndcg_of, scores_of, size_of
from contract.bundle import Bundle
from contract.rankers import CROSS_ENCODER
from tests.bundles import SENTENCES
from train.data.dataset import read_labelled_pairs


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Two lists whose rows do not stand together."""
    rows = [
        f"{query}\t{title}\t{int(title[0] in query)}"
        for title in SENTENCES[2:]
        for query in ("感冒吃什么药", "劳动合同")
    ]
    path = tmp_path / "graded.tsv"
    path.write_text("query\ttitle\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ranker(bundles: Path) -> DirectRanker:
    bundle = Bundle.open(bundles / CROSS_ENCODER)
    return DirectRanker(bundle, open_runs(OPENVINO, bundle, FP32, 1))


def test_each_row_has_the_score_of_its_own_pair(ranker: DirectRanker, lists: Path) -> None:
    pairs = read_labelled_pairs(lists)
    run = open_runs(OPENVINO, ranker.bundle, FP32, 1)[0]
    encoder = ranker.bundle.encoder()
    expected = [
        ranker.bundle.score(
            run(encoder.pad(encoder.encode(pairs.texts[query], [pairs.texts[title]])))
        )[0]
        for query, title in zip(pairs.queries, pairs.titles)
    ]
    np.testing.assert_allclose(scores_of(ranker, pairs), expected, atol=1e-5)


def test_a_size_has_the_weights_of_its_graph_and_the_quality_of_its_scores(
    ranker: DirectRanker, lists: Path
) -> None:
    pairs = read_labelled_pairs(lists)
    size = size_of("tiny", ranker, {"graded": pairs})
    params = ranker.bundle.server_dir.glob("*.pdiparams")
    stored = sum(path.stat().st_size for path in params) / 4
    assert stored * 0.9 < size.weights <= stored
    assert size.ndcg == (ndcg_of(pairs, scores_of(ranker, pairs)),)
    assert ndcg_of(pairs, pairs.labels.astype(float)) == 1.0 > ndcg_of(pairs, -pairs.labels * 1.0)


def test_the_command_prints_the_table_and_draws_it(
    repository: Path, bundles: Path, workload_file: Path, lists: Path, tmp_path: Path
) -> None:
    plot = tmp_path / "sizes.svg"
    arguments = ["--lists", lists, "--workload", workload_file, "--rounds", "1", "--plot", plot]
    arguments += [f"--bundle={name}={bundles / CROSS_ENCODER}" for name in ("one", "other")]
    command = [sys.executable, "-m", "benchmarks.sizes", *map(str, arguments)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[0] for line in lines[-3:]] == ["| BM25", "| one", "| other"]
    assert lines[-2].split(" | ")[5:] == lines[-1].split(" | ")[5:]
    assert "<svg" in plot.read_text(encoding="utf-8")
    done = subprocess.run(
        [*command, f"--bundle=one={bundles}"], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 2 and "two bundles have one label" in done.stderr
