# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""export.calibrate gives a real bundle probabilities, and nothing else of it changes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.calibration import METHODS
from contract.scoring import SCORE_FUNCTIONS
from export import calibrate, predict
from export.bundle.publishing import assemble, republished, verify

WORDS = (
    *("感冒", "牙结石", "劳动合同", "语言", "文化", "障碍", "补偿", "颗粒", "律师"),
    *("处方", "牙齿", "公司", "差异", "医院", "治疗", "工资"),
)
# by the logit's distance from the median: wherever the bundle's logits lie, many are relevant
TRUE_SLOPE, TRUE_AT_MEDIAN = 0.5, -1.0


class Drawn(NamedTuple):
    """Pairs, ten of a query, and the bundle's logits of them."""

    pairs: list[tuple[str, str]]
    logits: NDArray[np.float64]


@pytest.fixture(scope="module")
def source(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of this project, which orders texts and not at random."""
    target = tmp_path_factory.mktemp("calibrated") / "pairwise"
    return Path(shutil.copytree(repository / "serving_models" / "pairwise", target))


def write_lists(path: Path, rows: Sequence[tuple[str, str, int]]) -> Path:
    lines = ["query\ttitle\tlabel", *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def drawn(source: Path) -> Drawn:
    draw = random.Random(3)
    pairs = []
    for words in draw.sample(list(permutations(WORDS, 3)), 120):
        query = " ".join(words)
        pairs += [(query, " ".join(draw.sample(WORDS, 5))) for _ in range(10)]
    scores = np.array(scores_of(source, pairs))
    return Drawn(pairs, np.log(scores) - np.log1p(-scores))


@pytest.fixture(scope="module")
def lists(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 rows whose labels are drawn by a known distortion of the bundle's own logits."""
    pairs, logits = drawn
    apart = logits - np.median(logits)
    chance = 1 / (1 + np.exp(-TRUE_SLOPE * apart - TRUE_AT_MEDIAN))
    labels = (np.random.default_rng(1).random(len(pairs)) < chance).astype(int)
    rows = [(query, title, label) for (query, title), label in zip(pairs, labels.tolist())]
    return write_lists(tmp_path_factory.mktemp("lists") / "dev.tsv", rows)


def scores_of(bundle: Path, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """As ``export.predict`` prints them."""
    graph = predict.open_model_dir(bundle)
    predictor = predict.Predictor(graph, predict.available_options(predict.InferenceOptions()))
    return predict.score_in_batches(predictor, pairs, 64)[0].tolist()


@pytest.fixture
def run(source: Path, lists: Path, tmp_path: Path) -> Callable[..., int]:
    def call(*flags: object) -> int:
        named = ("--bundle", source, "--lists", lists, "--output", tmp_path / "out")
        return calibrate.main([str(x) for x in (*named, "--cpu_threads", 1, *flags)])

    return call


@pytest.mark.parametrize("method", METHODS)
def test_scores_become_those_of_the_calibration_everywhere(
    run: Callable[..., int], source: Path, tmp_path: Path, method: str, capsys
) -> None:
    assert run("--method", method) == 0
    out = capsys.readouterr().out
    assert f"{method} on 1200 rows of 120 lists" in out
    before, after = Bundle.open(source), Bundle.open(tmp_path / "out")
    assert after.manifest.version in out
    assert after.manifest.version != before.manifest.version
    calibration = after.manifest.calibration
    assert calibration is not None
    assert calibration.method == method
    assert after.manifest.files == before.manifest.files, "graphs, golden pairs, tokenizer"
    pairs = [(p.query, p.title) for p in read_golden(source / "golden.jsonl")]
    logits = np.array([p.logits for p in read_golden(source / "golden.jsonl")])
    margins = SCORE_FUNCTIONS["sigmoid"].margins(logits)
    served = scores_of(tmp_path / "out", pairs)
    assert served == pytest.approx(calibration(margins), abs=1e-3)
    assert np.abs(np.array(served) - scores_of(source, pairs)).max() > 0.01
    assert after.score(logits).tolist() == calibration(margins).tolist()


def test_platt_recovers_how_labels_were_drawn(
    run: Callable[..., int], drawn: Drawn, tmp_path: Path
) -> None:
    assert run() == 0
    found = Bundle.open(tmp_path / "out").manifest.calibration
    assert found is not None
    assert found.parameters["slope"] == pytest.approx(TRUE_SLOPE, abs=0.15)
    at_median = found.parameters["slope"] * np.median(drawn.logits) + found.parameters["intercept"]
    assert at_median == pytest.approx(TRUE_AT_MEDIAN, abs=0.3)


def test_the_result_is_proven_as_any_bundle(run: Callable[..., int], tmp_path: Path) -> None:
    assert run("--method", "isotonic") == 0
    verify(tmp_path / "out")


def test_a_bundle_with_other_graphs_keeps_calibration_and_plot(
    run: Callable[..., int], tmp_path: Path
) -> None:
    """As export.optimize and export.quantize publish it."""
    assert run() == 0
    bundle = Bundle.open(tmp_path / "out")
    parts = republished(bundle, [bundle.files_of(spec) for spec in bundle.graphs], {"by": "test"})
    assemble(parts, tmp_path / "again")
    again = Bundle.open(tmp_path / "again")
    assert again.manifest.calibration == bundle.manifest.calibration is not None
    plots = [(home / "reliability.svg").read_bytes() for home in (bundle.root, again.root)]
    assert plots[0] == plots[1]


def test_card_and_plot_say_how_reliable_scores_are(
    run: Callable[..., int], tmp_path: Path, source: Path, lists: Path
) -> None:
    assert run() == 0
    out = tmp_path / "out"
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "## Reliability" in card
    assert "(reliability.svg)" in card
    assert (out / "reliability.svg").read_text(encoding="utf-8").startswith("<svg ")
    # in place, and once more: the part is replaced
    again = ("--bundle", out, "--lists", lists, "--method", "temperature", "--cpu_threads", 1)
    assert calibrate.main([str(x) for x in again]) == 0
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.count("## Reliability") == 1
    assert "by temperature on" in card
    manifest = Bundle.open(out).manifest
    assert manifest.calibration is not None
    assert manifest.calibration.method == "temperature"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("感冒", "感冒颗粒", 1), ("感冒", "律师", 0)], "platt needs 100 rows, and there are 2"),
        ([("感冒", "感冒颗粒", 0)] * 120, "0 of 120 rows are relevant"),
    ],
)
def test_too_little_is_refused_by_name(
    run: Callable[..., int], tmp_path: Path, rows, said: str, capsys
) -> None:
    path = write_lists(tmp_path / "few.tsv", rows)
    assert run("--lists", path) == 2
    assert capsys.readouterr().err.startswith(f"calibrate: {path}: {said}")
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_returns_scores_is_refused(
    run: Callable[..., int], source: Path, tmp_path: Path, capsys
) -> None:
    old = Path(shutil.copytree(source, tmp_path / "old"))
    manifest = replace(Bundle.open(old).manifest, score_function="identity", logits="predict")
    (old / "manifest.json").write_text(manifest.sealed().to_json(), encoding="utf-8")
    assert run("--bundle", old) == 2
    assert "returns scores (identity), and a calibration takes logits" in capsys.readouterr().err


def test_a_directory_that_is_no_bundle_is_kept(
    run: Callable[..., int], tmp_path: Path, capsys
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    assert run() == 2
    assert "exists and is not a bundle" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
