# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenVINO engine scores as Paddle does, finds tensors by name, and reports its failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, ConfigError, InferenceFailed
from contract.rankers import PAIRWISE, RANKERS
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import Feed
from pipeline.engines.openvino import (
    OpenVinoEngine,
    OpenVinoSource,
    Share,
    graph_of,
    share_of,
)
from pipeline.engines.openvino_graph import cpu_precisions
from pipeline.engines.paddle import PaddleEngine
from pipeline.settings.service import LocalServiceConfig
from tests.bundles import relist
from tests.conftest import REPOSITORY

WHERE = "op.ernie.local_service_conf"
NO_CACHE = EngineCache(None)


def engine_of(bundle: Bundle, threads: int = 1, precision: str = "fp32") -> OpenVinoEngine:
    return OpenVinoEngine(bundle, precision, threads, NO_CACHE, WHERE)


def feed_of(bundle: Bundle, *titles: str) -> dict[str, np.ndarray]:
    encoder = bundle.encoder()
    return encoder.pad(encoder.encode("感冒了应该吃什么药?", titles))


def golden_feed(bundle: Bundle) -> Feed:
    encoder = bundle.encoder()
    golden = read_golden(bundle.root / "golden.jsonl")
    return encoder.pad(encoder.encode_pairs([(pair.query, pair.title) for pair in golden]))


_TWO_FIRST_BATCHES = """
import sys, threading
import numpy as np
from openvino import Model, opset13
from pipeline.engines.openvino_graph import _core

given = opset13.parameter([-1, -1], np.int64)
compiled = _core().compile_model(Model([opset13.relu(given)], [given]), "CPU", {"NUM_STREAMS": 2})
begin = threading.Barrier(2)

def run(request):
    begin.wait()
    request.infer({0: np.ones((2, 3), np.int64)})

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=run, args=[compiled.create_infer_request()]) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("computed")
"""


def test_two_threads_may_compute_their_first_batches_at_once() -> None:
    """About every second process hung for ever, each of the two waiting for the other."""
    for _ in range(8):
        done = subprocess.run(
            [sys.executable, "-c", _TWO_FIRST_BATCHES],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout == "computed\n", done.stderr


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("ranker", RANKERS)
def test_logits_are_those_of_export(bundles: Path, ranker: str, threads: int) -> None:
    bundle = Bundle.open(bundles / ranker)
    golden = read_golden(bundle.root / "golden.jsonl")
    logits = engine_of(bundle, threads).run(golden_feed(bundle))
    np.testing.assert_allclose(logits, [pair.logits for pair in golden], atol=1e-4)


@pytest.mark.parametrize("ranker", RANKERS)
def test_scores_of_all_fp32_engines_agree_on_real_rows(ranker: str) -> None:
    bundle = Bundle.open(REPOSITORY / "serving_models" / ranker)
    feed = golden_feed(bundle)
    conf = LocalServiceConfig(thread_num=1, ir_optim=True)
    scores = [
        bundle.score(engine.run(feed))
        for engine in (
            PaddleEngine(bundle, conf, WHERE),
            PaddleEngine(bundle, replace(conf, use_mkldnn=True), WHERE),
            engine_of(bundle),
            engine_of(bundle, threads=2),
        )
    ]
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0], atol=1e-5)
    assert np.ptp(scores[0]) > 0.1


def test_inputs_go_by_name(bundles: Path) -> None:
    """OpenVINO lists the token types first."""
    bundle = Bundle.open(bundles / PAIRWISE)
    feed = feed_of(bundle, "感冒灵", "合同")
    turned = {name: feed[name] for name in reversed(list(feed))}
    engine = engine_of(bundle)
    np.testing.assert_array_equal(engine.run(feed), engine.run(turned))
    crossed = {INPUT_IDS: feed[TOKEN_TYPE_IDS], TOKEN_TYPE_IDS: feed[INPUT_IDS] * 0}
    assert not np.allclose(engine.run(feed), engine.run(crossed), atol=1e-3)


def test_the_output_is_the_one_the_manifest_names(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    feed = feed_of(bundle, "感冒灵", "合同")
    first = Bundle(
        replace(bundle.manifest, logits="predict"), bundle.server_dir, bundle.tokenizer_dir
    )
    logits, scores = engine_of(bundle).run(feed), engine_of(first).run(feed)
    np.testing.assert_allclose(bundle.score(logits), scores[:, 0], atol=1e-6)
    assert not np.allclose(logits, scores)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_failed_run_is_told_and_leaves_no_trace(bundles: Path, threads: int) -> None:
    """With one thread, OpenVINO 2025.3 returns without an error and with the scores before."""
    bundle = Bundle.open(bundles / PAIRWISE)
    engine = engine_of(bundle, threads)
    feed = feed_of(bundle, "感冒灵", "合同")
    expected = engine.run(feed)
    longer = np.zeros((2, feed[INPUT_IDS].shape[1] + 1), np.int64)
    for _ in range(3):
        with pytest.raises(InferenceFailed, match="OpenVINO failed on a batch"):
            engine._graph.run([feed[INPUT_IDS], longer])
        np.testing.assert_array_equal(engine.run(feed), expected)
    np.testing.assert_array_equal(engine_of(bundle, threads).run(feed), expected)


@pytest.mark.parametrize("kind", ["openvino", "paddle"])
def test_what_is_no_feed_is_refused_and_the_next_one_runs(bundles: Path, kind: str) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    conf = LocalServiceConfig(thread_num=1)
    engine = engine_of(bundle) if kind == "openvino" else PaddleEngine(bundle, conf, WHERE)
    feed = feed_of(bundle, "感冒灵", "合同")
    expected = engine.run(feed)
    ids = feed[INPUT_IDS]
    for bad, message in (
        ({INPUT_IDS: ids}, "token_type_ids: not fed"),
        ({**feed, INPUT_IDS: ids * float("nan")}, "input_ids: takes whole numbers, not float64"),
        ({**feed, INPUT_IDS: ids[:, :-1]}, "takes arrays of one shape"),
        ({name: array[0] for name, array in feed.items()}, "takes arrays of one shape"),
        ({name: array[:0] for name, array in feed.items()}, "takes arrays of one shape"),
    ):
        with pytest.raises(InferenceFailed) as caught:
            engine.run(bad)
        assert message in str(caught.value)
        np.testing.assert_array_equal(engine.run(feed), expected)
    spread = np.zeros((2, 2 * ids.shape[1]), np.int32)
    spread[:, ::2] = ids
    np.testing.assert_array_equal(engine.run({**feed, INPUT_IDS: spread[:, ::2]}), expected)


def test_what_was_returned_stays(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    engine = engine_of(bundle)
    first = engine.run(feed_of(bundle, "感冒灵"))
    kept = first.copy()
    engine.run(feed_of(bundle, "合同"))
    np.testing.assert_array_equal(first, kept)


def test_precisions_of_another_bundle_or_processor_are_refused(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    with pytest.raises(ConfigError, match=f"{WHERE}.precision: the bundle is not quantized"):
        engine_of(bundle, precision="int8")
    quantized = Bundle(
        replace(bundle.manifest, precision="int8"), bundle.server_dir, bundle.tokenizer_dir
    )
    with pytest.raises(ConfigError, match=f"{WHERE}.precision: the bundle is quantized"):
        engine_of(quantized)
    if "bf16" not in cpu_precisions():
        with pytest.raises(ConfigError, match=f"{WHERE}.precision: OpenVINO does not multiply"):
            engine_of(bundle, precision="bf16")


def test_a_quantized_bundle_runs_its_xml(bundles: Path, tmp_path: Path) -> None:
    import openvino

    shutil.copytree(bundles / PAIRWISE, tmp_path / PAIRWISE)
    server_dir = tmp_path / PAIRWISE / "serving_server"
    (pdmodel,) = server_dir.glob("*.pdmodel")
    graph = openvino.Core().read_model(str(pdmodel))
    openvino.save_model(graph, str(pdmodel.with_suffix(".xml")), compress_to_fp16=False)
    plain = Bundle.open(bundles / PAIRWISE)
    assert graph_of(Bundle.open(relist(tmp_path / PAIRWISE))).suffix == ".pdmodel"
    quantized = Bundle.open(relist(tmp_path / PAIRWISE, graphs=[], precision="int8"))
    assert graph_of(quantized).suffix == ".xml"
    feed = feed_of(plain, "感冒灵", "合同")
    np.testing.assert_allclose(
        engine_of(quantized, precision="int8").run(feed), engine_of(plain).run(feed), atol=1e-5
    )
    pdmodel.unlink()
    quantized = Bundle.open(relist(tmp_path / PAIRWISE))
    with pytest.raises(
        BundleError, match=r"a graph for OpenVINO only \(.*\); set engine to openvino"
    ):
        PaddleEngine(quantized, LocalServiceConfig(), WHERE)


@pytest.mark.parametrize("size", [0, 1, 4000])
@pytest.mark.parametrize("suffix", ["pdmodel", "pdiparams"])
def test_files_that_are_no_graph_are_refused(
    bundles: Path, tmp_path: Path, suffix: str, size: int
) -> None:
    shutil.copytree(bundles / PAIRWISE, tmp_path / PAIRWISE)
    (path,) = (tmp_path / PAIRWISE / "serving_server").glob(f"*.{suffix}")
    path.write_bytes(os.urandom(size))
    with pytest.raises(BundleError, match="export the bundle again") as caught:
        engine_of(Bundle.open(tmp_path / PAIRWISE, verify=False))
    assert "\n" not in str(caught.value)


def test_a_graph_that_is_not_what_the_manifest_says_is_refused(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    feeds = tuple(replace(spec, name=f"other_{spec.name}") for spec in bundle.manifest.feeds)
    other = Bundle(replace(bundle.manifest, feeds=feeds), bundle.server_dir, bundle.tokenizer_dir)
    with pytest.raises(BundleError, match="not what the bundle declares"):
        engine_of(other)


def test_threads_are_divided_between_engines(bundles: Path) -> None:
    assert share_of(1) == Share(1, 1)
    assert share_of(2) == Share(2, 1)
    assert share_of(4) == Share(4, 1)
    assert share_of(9) == Share(4, 2)
    source = OpenVinoSource(Bundle.open(bundles / PAIRWISE), "fp32", 2, NO_CACHE, WHERE)
    assert source.count == 2
    feed = feed_of(Bundle.open(bundles / PAIRWISE), "感冒灵")
    first, second = source.open(), source.open()
    np.testing.assert_array_equal(first.run(feed), second.run(feed))


def test_a_compiled_graph_is_kept_for_its_contents_alone(bundles: Path, tmp_path: Path) -> None:
    """A version that somebody kept while exchanging weights must not bring the old ones back."""
    cache = EngineCache.open(tmp_path)
    bundle = Bundle.open(bundles / PAIRWISE)
    (params,) = (name for name in bundle.manifest.files if name.endswith(".pdiparams"))
    files = {**bundle.manifest.files, params: "0" * 64}
    other = Bundle(replace(bundle.manifest, files=files), bundle.server_dir, bundle.tokenizer_dir)
    for one, kept in ((bundle, 1), (bundle, 1), (other, 2)):
        OpenVinoEngine(one, "fp32", 1, cache, WHERE).close()
        assert len(list(tmp_path.glob("*.entry"))) == kept
