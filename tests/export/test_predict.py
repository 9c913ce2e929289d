# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""predict.py on real graphs: upstream's output, the scores of training, and its refusals."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from contract.bundle.golden import read_golden
from contract.environment import cpu
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from export.engines import paddle_inference as inference
from export.engines.paddle_inference import InferenceOptions, available_options, build_config
from export.predict import format_line, main, make_parser, summarise

CPU = ["--device", "cpu", "--cpu_threads", "1"]
LINE = re.compile(r"Data: (\{.*\}) \t prob: \[?([0-9.e-]+)\]?")


@pytest.fixture
def golden_rows(exports: Path, ranker: str, tmp_path: Path) -> tuple[Path, list[float]]:
    """A file of golden pairs of mixed lengths, and the scores of the trained model.

    Of queries that fit, which every rule of cutting leaves as they are.
    """
    pairs = [pair for pair in read_golden(exports / ranker / "golden.jsonl") if pair.group < 3]
    path = tmp_path / "pairs.tsv"
    rows = [f"{pair.query}\t{pair.title}\n" for pair in pairs]
    path.write_text("".join(rows), encoding="utf-8")
    return path, [pair.score for pair in pairs]


def scores_printed(out: str) -> list[float]:
    lines = [LINE.fullmatch(line) for line in out.strip().split("\n")]
    assert all(lines), out
    return [float(line.group(2)) for line in lines if line]


@pytest.mark.parametrize("source", ["export", "bundle", "serving_server"])
def test_scores_are_those_of_the_trained_model(
    exports: Path,
    bundles: Path,
    ranker: str,
    source: str,
    golden_rows: tuple[Path, list[float]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The score function is applied once, whatever the graph ends in or a batch holds."""
    directory = exports / ranker if source == "export" else bundles / ranker
    if source == "serving_server":
        directory /= source
    path, expected = golden_rows
    for batch_size in ("1", "7"):
        arguments = ["--model_dir", str(directory), "--input_file", str(path)]
        assert main([*arguments, *CPU, "--batch_size", batch_size]) == 0
        printed = scores_printed(capfd.readouterr().out)
        np.testing.assert_allclose(printed, expected, atol=1e-5)


def test_what_was_cut_is_said(
    bundles: Path, ranker: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By a bundle that cuts titles first, as those do that name no rule."""
    path = tmp_path / "pairs.tsv"
    path.write_text(f"感冒\t药\n{'感' * 40}\t{'冒' * 40}\n药\t{'冒' * 99}\n", encoding="utf-8")
    arguments = ["--model_dir", str(bundles / ranker), "--input_file", str(path), *CPU]
    assert main([*arguments, "--batch_size", "2"]) == 0
    captured = capfd.readouterr()
    assert len(scores_printed(captured.out)) == 3
    said = "of 3 pairs: 2 titles cut; scores are of what is left\n"
    assert captured.err.endswith(said)


def test_upstreams_export_is_scored_once(
    plain_dir: Path,
    exports: Path,
    ranker: str,
    golden_rows: tuple[Path, list[float]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Upstream's own predict applied expit to a score, and to both logits of the cross-encoder."""
    path, expected = golden_rows
    arguments = ["--model_dir", str(plain_dir), "--input_file", str(path), *CPU]
    assert main(arguments) == 2
    assert "model_name_or_path: " in capfd.readouterr().err
    arguments += ["--model_name_or_path", str(exports / ranker / "tokenizer")]
    assert main([*arguments, "--max_seq_length", "64"]) == 0
    np.testing.assert_allclose(scores_printed(capfd.readouterr().out), expected, atol=1e-5)


@pytest.mark.parametrize("other", ["inference", "inference.get_pooled_embedding"])
def test_of_several_graphs_upstreams_pair_wise_one_is_taken(
    other: str, exports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """PaddleNLP's predict.py names inference.predict; older exports leave others beside it."""
    pairs = [pair for pair in read_golden(exports / PAIRWISE / "golden.jsonl") if pair.group < 2]
    rows = tmp_path / "pairs.tsv"
    rows.write_text("".join(f"{p.query}\t{p.title}\n" for p in pairs), encoding="utf-8")
    folder = tmp_path / "output"
    folder.mkdir()
    for ranker, name in ((PAIRWISE, "inference.predict"), (CROSS_ENCODER, other)):
        for suffix in (".pdmodel", ".pdiparams"):
            (graph,) = (exports / ranker).glob(f"*{suffix}")
            shutil.copy(graph, folder / f"{name}{suffix}")
    arguments = ["--model_dir", str(folder), "--input_file", str(rows), *CPU]
    arguments += ["--model_name_or_path", str(exports / PAIRWISE / "tokenizer")]
    assert main([*arguments, "--max_seq_length", "64"]) == 0
    printed = capfd.readouterr()
    expected = [pair.score for pair in pairs]
    np.testing.assert_allclose(scores_printed(printed.out), expected, atol=1e-5)
    assert f"takes inference.predict.pdmodel, as upstream does, and not {other}.pd" in printed.err
    (folder / "inference.predict.pdmodel").rename(folder / "third.pdmodel")
    assert main(arguments) == 2
    assert "holds 2 graphs" in capfd.readouterr().err


def test_lines_are_upstreams() -> None:
    pairwise = format_line("问", "it's", 0.8511220812797546, pairwise=True)
    assert pairwise == "Data: {'query': '问', 'title': \"it's\"} \t prob: [0.8511220812797546]"
    other = format_line("问", "答", 0.5479063987731934, pairwise=False)
    assert other == "Data: {'query': '问', 'title': '答'} \t prob: 0.5479063987731934"


def test_defaults_and_flags_are_upstreams() -> None:
    required = ["--model_dir", "d", "--input_file", "f"]
    options = make_parser().parse_args(required)
    assert (options.device, options.batch_size, options.cpu_threads) == ("gpu", 32, 10)
    assert (options.precision, options.save_log_path) == ("fp32", "./log_output/")
    assert (options.use_tensorrt, options.enable_mkldnn, options.benchmark) == (False,) * 3
    given = make_parser().parse_args([*required, "--enable_mkldnn", "False", "--benchmark", "true"])
    assert (given.enable_mkldnn, given.benchmark) == (False, True)
    with pytest.raises(SystemExit):
        make_parser().parse_args([*required, "--benchmark", "perhaps"])


def test_the_benchmark_measures_and_records(
    bundles: Path,
    golden_rows: tuple[Path, list[float]],
    ranker: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path, expected = golden_rows
    arguments = ["--model_dir", str(bundles / ranker), "--input_file", str(path), *CPU]
    arguments += ["--batch_size", "8", "--benchmark", "True", "--enable_mkldnn", "True"]
    assert main([*arguments, "--save_log_path", str(tmp_path / "log")]) == 0
    last = capfd.readouterr().out.strip().split("\n")[-1]
    rows = len(expected)
    assert last.startswith(f"benchmark: {rows} pairs in batches of 8 on cpu fp32, 1 threads: ")
    record = json.loads((tmp_path / "log" / "predict_benchmark.json").read_text(encoding="utf-8"))
    assert record["pairs_per_second"] > 0
    assert record["batches"] == -(-rows // 8)
    assert record["options"]["enable_mkldnn"] is True


def test_figures_of_a_benchmark() -> None:
    figures = summarise([0.1, 0.3], rows=8)
    assert figures["latency_mean_ms"] == pytest.approx(200)
    assert figures["latency_max_ms"] == pytest.approx(300)
    assert figures["pairs_per_second"] == pytest.approx(20)


def test_a_missing_gpu_is_said_in_one_line(
    bundles: Path,
    golden_rows: tuple[Path, list[float]],
    ranker: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import paddle

    if paddle.is_compiled_with_cuda():
        pytest.skip("this Paddle is built for a GPU")
    path, _ = golden_rows
    assert main(["--model_dir", str(bundles / ranker), "--input_file", str(path)]) == 0
    expected = "device gpu: this machine or this Paddle has none; using cpu\n"
    assert capfd.readouterr().err.startswith(expected)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--precision", "fp16"], "precision: fp16 needs a GPU"),
        (["--precision", "int8"], "precision: int8 needs a GPU"),
        (["--use_tensorrt", "True"], "use_tensorrt: needs a GPU"),
        (["--max_seq_length", "65"], "max_seq_length: 65 is more than the 64 of the model"),
        (["--max_seq_length", "4"], "max_seq_length: must be at least 5"),
        (["--model_dir", "nowhere"], "nowhere: no such directory"),
        (["--input_file", "nowhere.tsv"], "nowhere.tsv: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    bundles: Path,
    golden_rows: tuple[Path, list[float]],
    flags: list[str],
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path, _ = golden_rows
    arguments = ["--model_dir", str(bundles / PAIRWISE), "--input_file", str(path), *CPU]
    assert main([*arguments, *flags]) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"predict: {message}"), lines


def test_bf16_needs_the_processor_and_turns_onednn_on(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = InferenceOptions(precision="bf16")
    monkeypatch.setattr(cpu, "_cpuinfo", lambda: ("AuthenticAMD", frozenset({"avx2", "fma"})))
    with pytest.raises(SetUpError, match="precision: bf16 needs a CPU with AVX-512"):
        available_options(options)
    avx512 = frozenset({"avx512bw", "avx512vl", "avx512dq"})
    monkeypatch.setattr(cpu, "_cpuinfo", lambda: ("GenuineIntel", avx512))
    assert available_options(options) == options
    model = next((bundles / PAIRWISE / "serving_server").glob("*.pdmodel"))
    config = build_config(model, model.with_suffix(".pdiparams"), options)
    assert config.mkldnn_enabled()
    assert not build_config(
        model, model.with_suffix(".pdiparams"), InferenceOptions()
    ).mkldnn_enabled()


def test_options_reach_paddle(bundles: Path) -> None:
    model = next((bundles / PAIRWISE / "serving_server").glob("*.pdmodel"))
    options = InferenceOptions(cpu_threads=3, ir_optim=False)
    config = build_config(model, model.with_suffix(".pdiparams"), options)
    assert config.cpu_math_library_num_threads() == 3
    assert not config.ir_optim() and not config.use_gpu()
    assert inference.PRECISIONS == ("fp32", "fp16", "int8", "bf16")


def test_a_directory_of_two_graphs_is_refused(
    plain_dir: Path, golden_rows: tuple[Path, list[float]], capfd: pytest.CaptureFixture[str]
) -> None:
    graph = next(plain_dir.glob("*.pdmodel"))
    shutil.copyfile(graph, plain_dir / "another.pdmodel")
    path, _ = golden_rows
    assert main(["--model_dir", str(plain_dir), "--input_file", str(path), *CPU]) == 2
    assert "holds 2 graphs (another.pdmodel, inference" in capfd.readouterr().err


def test_a_truncated_graph_is_one_line(
    export_dir: Path, golden_rows: tuple[Path, list[float]], capfd: pytest.CaptureFixture[str]
) -> None:
    params = next(export_dir.glob("*.pdiparams"))
    params.write_bytes(params.read_bytes()[:1000])
    path, _ = golden_rows
    assert main(["--model_dir", str(export_dir), "--input_file", str(path), *CPU]) == 2
    err = capfd.readouterr().err.strip().splitlines()
    assert err[-1].startswith(f"predict: {next(export_dir.glob('*.pdmodel'))}: Paddle Inference")
