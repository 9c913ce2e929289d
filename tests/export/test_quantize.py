# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""int8 bundles of tiny rankers, made by the command that users type; and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE
from contract.bundle.golden import LOW_PRECISION_TOLERANCE, read_golden
from contract.rankers import RANKERS
from contract.scoring import SCORE_FUNCTIONS
from export import quantize
from export.engines.openvino_inference import run_graph
from export.quantization.quality import compare
from tests.bundles import SENTENCES, build_bundle
from tests.general_model_service import wire
from tests.sets import skip_unless_card
from tests.tensor_service import StartTensorService
from train.evaluation.metrics import QueryLists

LOSS_ALLOWED = "1.0"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sentence with every other, graded."""
    path = tmp_path_factory.mktemp("lists") / "lists.tsv"
    rows = ["query\ttitle\tlabel\n"]
    rows += [
        f"{query}\t{title}\t{(i + j) % 3}\n"
        for i, query in enumerate(SENTENCES)
        for j, title in enumerate(SENTENCES)
    ]
    path.write_text("".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    skip_unless_card()
    root = tmp_path_factory.mktemp("sources")
    for ranker in RANKERS:
        build_bundle(root, ranker)
    return root


def arguments(source: Path, lists: Path, output: Path, *more: str) -> list[str]:
    files = ["--calibration_file", str(lists), "--dev_file", str(lists)]
    return ["--bundle", str(source), *files, "--output", str(output), "--samples", "20", *more]


@pytest.fixture(scope="module")
def quantized(sources: Path, lists: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``<root>/<ranker>``; read only."""
    root = tmp_path_factory.mktemp("quantized")
    for ranker in RANKERS:
        more = ("--max_ndcg_drop", LOSS_ALLOWED)
        assert quantize.main(arguments(sources / ranker, lists, root / ranker, *more)) == 0
    return root


def test_the_bundle_says_what_it_is(quantized: Path, sources: Path, ranker: str) -> None:
    source, bundle = (Bundle.open(root / ranker) for root in (sources, quantized))
    manifest = bundle.manifest
    assert manifest.precision == "int8"
    assert manifest.version != source.manifest.version == manifest.source["quantized_from"]
    assert (manifest.feeds, manifest.fetches) == (source.manifest.feeds, source.manifest.fetches)
    assert manifest.source["nncf"].startswith("2.")
    assert len(manifest.source["calibration_sha256"]) == 64
    names = sorted(path.name for path in bundle.server_dir.iterdir())
    stem = {"pairwise": "inference.predict", "cross_encoder": "inference"}[ranker]
    assert names == [
        f"{stem}.bin",
        f"{stem}.xml",
        "serving_server_conf.prototxt",
        "serving_server_conf.stream.prototxt",
    ]
    quality = json.loads((bundle.root / "quality.json").read_text(encoding="utf-8"))
    assert quality["lists"] == len(SENTENCES)
    assert quality["ndcg_at_10"]["difference"][0] == pytest.approx(
        quality["ndcg_at_10"]["result"][0] - quality["ndcg_at_10"]["source"][0]
    )


def test_golden_pairs_are_the_int8_graphs_own(quantized: Path, sources: Path, ranker: str) -> None:
    before, after = (read_golden(root / ranker / "golden.jsonl") for root in (sources, quantized))
    assert [pair.input_ids for pair in after] == [pair.input_ids for pair in before]
    assert [pair.logits for pair in after] != [pair.logits for pair in before]


def test_a_score_does_not_depend_on_companions(quantized: Path, ranker: str) -> None:
    bundle = Bundle.open(quantized / ranker)
    run = run_graph(next(bundle.server_dir.glob("*.xml")), bundle.manifest.logits)
    encoder = bundle.encoder()
    rows = encoder.encode_pairs([(SENTENCES[0], title) for title in SENTENCES])
    alone = np.concatenate([run(encoder.pad([row])) for row in rows])
    np.testing.assert_allclose(run(encoder.pad(rows)), alone, atol=1e-2)


def test_the_tensor_service_scores_the_golden_pairs(
    quantized: Path, ranker: str, tensor_service: StartTensorService
) -> None:
    bundle = Bundle.open(quantized / ranker)
    golden = read_golden(bundle.root / "golden.jsonl")
    rows = bundle.encoder().encode_pairs([(pair.query, pair.title) for pair in golden])
    service = tensor_service(bundle.root, "--precision", "int8")
    scores = wire.scores(service.port, bundle, rows)
    np.testing.assert_allclose(
        scores, [pair.score for pair in golden], rtol=0, atol=LOW_PRECISION_TOLERANCE.score
    )


def test_the_weights_are_small_integers(quantized: Path, sources: Path, ranker: str) -> None:
    weights, params = (
        next((root / ranker / "serving_server").glob(pattern)).stat().st_size
        for root, pattern in ((quantized, "*.bin"), (sources, "*.pdiparams"))
    )
    assert weights < 0.75 * params


@pytest.mark.parametrize(("function", "what"), [("sigmoid", "logits"), ("identity", "scores")])
def test_logits_that_became_equal_are_no_gain_and_told(function: str, what: str) -> None:
    """The relevant title stands first in the file, and int8 has lost every difference."""
    queries, labels = np.repeat(np.arange(50), 4), np.tile([1, 0, 0, 0], 50)
    source, lists = np.random.default_rng(1).random(200), QueryLists(queries, labels)
    quality = compare(lists, SCORE_FUNCTIONS[function], source, np.full(200, 0.5), 1)
    assert quality.result.mean == pytest.approx((1 + 0.6309298 + 0.5 + 0.4306766) / 4)
    assert quality.top_1_agreement == pytest.approx(1 / 4)
    assert f"warning: all 200 {what} of the result are 0.5" in str(quality)


def test_a_loss_too_large_is_refused(
    sources: Path, lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists graded by the source's own scores, so that it is perfect and any change is a loss."""
    bundle = Bundle.open(sources / "pairwise")
    model = next(bundle.server_dir.glob("*.pdmodel"))
    encoder, run = bundle.encoder(), run_graph(model, bundle.manifest.logits)
    graded = tmp_path / "graded.tsv"
    lines = ["query\ttitle\tlabel\n"]
    for query in SENTENCES:
        titles = [a + b for a in SENTENCES for b in SENTENCES]
        order = np.argsort(run(encoder.pad(encoder.encode(query, titles)))[:, 0])
        lines += [f"{query}\t{titles[i]}\t{grade}\n" for grade, i in enumerate(order)]
    graded.write_text("".join(lines), encoding="utf-8")
    output = tmp_path / "output"
    command = arguments(sources / "pairwise", lists, output, "--max_ndcg_drop", "0")
    command[command.index("--dev_file") + 1] = str(graded)
    assert quantize.main(command) == 2
    assert "max_ndcg_drop: NDCG@10 fell by " in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no rows"),
        ("query\ttitle\tlabel\na\tb\t0\na\tc\t0\n", "no query has a relevant title"),
    ],
)
def test_a_dev_file_without_lists_is_refused(
    sources: Path,
    lists: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    message: str,
) -> None:
    dev = tmp_path / "dev.tsv"
    dev.write_text(content, encoding="utf-8")
    command = arguments(sources / "pairwise", lists, tmp_path / "output")
    command[command.index("--dev_file") + 1] = str(dev)
    assert quantize.main(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "output").exists()


def test_what_cannot_be_quantized_is_one_line(
    sources: Path,
    quantized: Path,
    lists: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "output"
    assert quantize.main(arguments(quantized / "pairwise", lists, output)) == 2
    assert "is int8 already" in capsys.readouterr().err
    assert quantize.main(arguments(tmp_path / "none", lists, output)) == 2
    assert "no such directory" in capsys.readouterr().err
    output.mkdir()
    assert quantize.main(arguments(sources / "pairwise", lists, output)) == 2
    assert "exists; name a new directory" in capsys.readouterr().err
    assert not list(output.iterdir())
    assert (sources / "pairwise" / MANIFEST_FILE).is_file()


# As an environment with the serving set alone is.
_WITHOUT_NNCF = """
import importlib.metadata, sys
found = importlib.metadata.distribution
def distribution(name):
    if name == "nncf":
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.distribution = distribution
from export import quantize
sys.exit(quantize.main(sys.argv[1:]))
"""


def test_without_nncf_one_line_names_the_environment(
    repository: Path, sources: Path, lists: Path, tmp_path: Path
) -> None:
    command = arguments(sources / "pairwise", lists, tmp_path / "output")
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_NNCF, *command],
        cwd=repository,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "make setup-train" in done.stderr
    assert "Traceback" not in done.stderr
