# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs of Paddle 3 and ONNX graphs through every command of the export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE
from contract.bundle.golden import read_golden
from contract.bundle.graphs import JSON, ONNX, OPENVINO, PDMODEL, paddle_reader
from contract.errors import BundleError
from contract.rankers import PAIRWISE
from contract.tensors import TensorSpec
from export import optimize, predict, quantize
from export.bundle.publishing import verify
from export.engines.openvino_inference import run_graph
from export.engines.paddle_inference import GraphPredictor
from export.export_to_serving import main
from export.graphs.onnx_graph import convert
from export.graphs.program import name_outputs, read_tensors
from tests.bundles import SENTENCES, golden_file, relist
from tests.graph_files import (
    NAME,
    bundle_with,
    change_weights,
    export_with,
    graph_of,
    needs_converter,
    needs_paddle_2,
    needs_paddle_3,
)
from tests.make_graph_fixture import FIXTURE

TOKENIZER = str(FIXTURE / "tokenizer")
CPU = ["--device", "cpu", "--cpu_threads", "1"]
ABOUT = ["--ranker", PAIRWISE, "--max_seq_length", "64", "--tokenizer", TOKENIZER]


def error_line(capfd: pytest.CaptureFixture[str]) -> str:
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def publish(export: Path, target: Path, *more: str) -> int:
    """What a user types for a graph that export_model did not write; a score comes first in it."""
    return main(["--dirname", str(export), "--bundle", str(target), *ABOUT, *more])


def served(root: Path) -> list[str]:
    server = root / "serving_server"
    return sorted(str(p.relative_to(server)) for p in server.rglob("*") if p.suffix != ".prototxt")


@pytest.mark.parametrize("kind", [PDMODEL, JSON, ONNX])
def test_tensors_are_read_of_every_format(kind: str) -> None:
    assert read_tensors(graph_of(FIXTURE, kind)) == (
        (
            TensorSpec("input_ids", "input_ids", "int64", (-1,)),
            TensorSpec("token_type_ids", "token_type_ids", "int64", (-1,)),
        ),
        (
            TensorSpec("predict", "predict", "float32", (1,)),
            TensorSpec("logits", "logits", "float32", (1,)),
        ),
    )


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xff not a graph", None])
def test_what_is_no_onnx_is_named(
    tmp_path: Path, content: bytes | None, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "inference.onnx"
    path.write_bytes(graph_of(FIXTURE, ONNX).read_bytes()[:9000] if content is None else content)
    assert main(["--dirname", str(tmp_path)]) == 2
    assert f"{path}: not a graph that OpenVINO reads" in error_line(capfd)
    with pytest.raises(BundleError, match="not a readable graph"):
        read_tensors(tmp_path / "nowhere.onnx")


def test_what_is_no_program_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inference.json").write_text("{}", encoding="utf-8")
    (tmp_path / "inference.pdiparams").write_bytes(b"")
    assert main(["--dirname", str(tmp_path)]) == 2
    assert f"{tmp_path / 'inference.json'}: not a program of Paddle 3" in error_line(capfd)


def test_an_onnx_alone_becomes_a_bundle(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As another framework writes it: its own scores are what every later start repeats."""
    export, target = export_with(tmp_path, ONNX), tmp_path / "bundle"
    assert publish(export, target, "--model_filename", f"{NAME}.onnx") == 0
    bundle = Bundle.open(target)
    assert served(target) == [f"{NAME}.onnx"]
    assert (bundle.manifest.score_function, bundle.manifest.logits) == ("identity", "predict")
    assert bundle.graph(OPENVINO).params is None
    assert f"OpenVINO on {NAME}.onnx: " in capfd.readouterr().out


def test_golden_pairs_of_another_framework_are_held_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    export = export_with(tmp_path, ONNX)
    content = (FIXTURE / "golden.jsonl").read_bytes()
    (export / "golden.jsonl").write_bytes(content)
    line = ["--model_filename", f"{NAME}.onnx", "--score_function", "sigmoid"]
    line += ["--logits", "logits", "--truncation", "title_first"]
    assert publish(export, tmp_path / "bundle", *line) == 0
    assert (tmp_path / "bundle" / "golden.jsonl").read_bytes() == content
    capfd.readouterr()
    assert publish(export, tmp_path / "bundle", *line[:2], *line[-2:]) == 0
    capfd.readouterr()
    # whose query does not fit, and is cut otherwise
    assert publish(export, tmp_path / "bundle", *line[:2]) == 2
    said = error_line(capfd)
    assert "gives other token ids than at export" in said
    assert "(cut longest_first, normalization none)" in said
    assert Bundle.open(tmp_path / "bundle").manifest.score_function == "identity"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--score_function", "softmax_positive"], "score_function: softmax_positive takes an"),
        (["--logits", "scores"], "logits: identity takes an output of shape [N, 1]"),
        (["--logits", "logits"], "but scores lie in [0, 1]; use sigmoid for logits"),
        (["--tokenizer", "nowhere"], "tokenizer: there is no vocab.txt in nowhere"),
        (["--onnx", "True"], "onnx: an .onnx is made only from a .json"),
        (["--with_graph", "nowhere.onnx"], "with_graph: there is no nowhere.onnx in ."),
        (["--with_graph", "README.md"], "with_graph: README.md is not a .pdmodel, .json or .onnx"),
    ],
)
def test_what_does_not_fit_the_graph_is_refused(
    tmp_path: Path, more: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    export = export_with(tmp_path, ONNX)
    line = ["--model_filename", f"{NAME}.onnx", "--golden_file", str(golden_file(tmp_path)), *more]
    assert publish(export, tmp_path / "bundle", *line) == 2
    assert words in error_line(capfd)
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_needs_the_facts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    export = export_with(tmp_path, ONNX)
    line = ["--dirname", str(export), "--model_filename", f"{NAME}.onnx"]
    assert main([*line, "--bundle", str(tmp_path / "bundle"), "--ranker", PAIRWISE]) == 2
    assert "has no export.json, which a bundle needs" in (said := error_line(capfd))
    assert "give --max_seq_length for the graph" in said


def test_upstreams_directories_of_an_onnx(tmp_path: Path) -> None:
    export = export_with(tmp_path, ONNX)
    line = ["--dirname", str(export), "--server_path", str(tmp_path / "serving_server")]
    line += ["--client_path", str(tmp_path / "client"), "--model_filename", f"{NAME}.onnx"]
    assert main(line) == 0
    assert served(tmp_path) == [f"{NAME}.onnx"]
    adopted = Bundle.adopt(
        tmp_path / "serving_server",
        ranker=PAIRWISE,
        tokenizer_dir=FIXTURE / "tokenizer",
        max_seq_length=64,
        score_function="identity",
    )
    assert adopted.graph(OPENVINO).model.name == f"{NAME}.onnx"


def test_the_name_of_the_graph_may_be_left_out(tmp_path: Path) -> None:
    export = export_with(tmp_path, ONNX)
    (export / f"{NAME}.onnx").rename(export / "inference.onnx")
    server, client = str(tmp_path / "serving_server"), str(tmp_path / "client")
    assert main(["--dirname", str(export), "--server_path", server, "--client_path", client]) == 0
    assert served(tmp_path) == ["inference.onnx"]


def test_a_json_and_its_onnx_become_upstreams_directories(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The .onnx is named, so nothing is converted; beside a .pdmodel, the .json goes aside."""
    export = export_with(tmp_path, JSON, ONNX)
    line = ["--dirname", str(export), "--server_path", str(tmp_path / "serving_server")]
    line += ["--client_path", str(tmp_path / "client"), "--model_filename", f"{NAME}.json"]
    assert main([*line, "--with_graph", str(export / f"{NAME}.onnx")]) == 0
    assert served(tmp_path) == [f"{NAME}.json", f"{NAME}.onnx", f"{NAME}.pdiparams"]
    with_pdmodel = ["--with_graph", str(graph_of(FIXTURE, PDMODEL))]
    line[3] = str(tmp_path / "both" / "serving_server")
    assert main([*line, *with_pdmodel]) == 0
    assert served(tmp_path / "both") == [
        f"{NAME}.pdiparams",
        f"{NAME}.pdmodel",
        "paddle3",
        f"paddle3/{NAME}.json",
        f"paddle3/{NAME}.pdiparams",
    ]


def test_outputs_of_another_name_are_renamed(tmp_path: Path) -> None:
    export = export_with(tmp_path, JSON)
    name_outputs(export / f"{NAME}.json", ["fetch_name_0", "fetch_name_1"])
    line = ["--dirname", str(FIXTURE / "serving_server"), "--model_filename", f"{NAME}.pdmodel"]
    line += ["--server_path", str(tmp_path / "serving_server")]
    line += ["--client_path", str(tmp_path / "client"), "--onnx", "False"]
    assert main([*line, "--with_graph", str(export / f"{NAME}.json")]) == 0
    written = tmp_path / "serving_server" / "paddle3" / f"{NAME}.json"
    assert [spec.name for spec in read_tensors(written)[1]] == ["predict", "logits"]


def test_two_models_are_not_one_bundle(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    export = export_with(tmp_path, JSON, ONNX)
    name_outputs(export / f"{NAME}.json", ["fetch_name_0", "fetch_name_1"])
    line = ["--dirname", str(export), "--model_filename", f"{NAME}.json"]
    assert main([*line, "--with_graph", str(export / f"{NAME}.onnx")]) == 2
    assert "give graphs of the same model" in error_line(capfd)
    same = str(export / f"{NAME}.json")
    assert main([*line, "--with_graph", same]) == 2
    assert "a bundle has one graph of each format" in error_line(capfd)


@pytest.mark.parametrize("kind", [PDMODEL, ONNX])
def test_graphs_that_disagree_are_not_published(tmp_path: Path, kind: str) -> None:
    root = bundle_with(tmp_path, PDMODEL, ONNX)
    verify(root)
    change_weights(root, kind)
    with pytest.raises(
        BundleError, match=rf" on inference\.predict\.{kind}, rows in lists: scores"
    ):
        verify(root)


@needs_paddle_3
def test_a_json_that_disagrees_is_not_published(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, PDMODEL, JSON, ONNX)
    verify(root)
    change_weights(root, JSON)
    with pytest.raises(BundleError, match=r" on inference\.predict\.json, rows in lists: scores"):
        verify(root)


@needs_paddle_2
def test_paddle_2_publishes_no_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Refused before Paddle 2 sees it, which would end this process."""
    export, target = export_with(tmp_path, JSON, ONNX), tmp_path / "bundle"
    program = export / f"{NAME}.json"
    named = ["--model_filename", program.name, "--onnx", "False"]
    assert publish(export, target, *named) == 2
    assert f"{program}: is a program of Paddle 3, which Paddle 2" in error_line(capfd)
    with_graph = ["--model_filename", f"{NAME}.onnx", "--with_graph", str(program)]
    assert publish(export, target, *with_graph) == 2
    assert "; nothing here can prove its scores" in (said := error_line(capfd))
    assert "which Paddle 2" in said and "use the modern set" in said
    assert publish(export, target, "--model_filename", program.name, "--onnx", "True") == 2
    assert "onnx: needs Paddle 3 with paddle2onnx" in error_line(capfd)
    assert not target.exists()
    with pytest.raises(BundleError, match=r"which Paddle 2.* cannot read; use the modern set"):
        GraphPredictor(program, program.with_suffix(".pdiparams"))


@needs_paddle_2
def test_paddle_2_still_writes_upstreams_directories(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is run for them; what lacks an .onnx is said."""
    export = export_with(tmp_path, JSON)
    line = ["--dirname", str(export), "--server_path", str(tmp_path / "serving_server")]
    line += ["--client_path", str(tmp_path / "client"), "--model_filename", f"{NAME}.json"]
    assert main(line) == 0
    assert served(tmp_path) == [f"{NAME}.json", f"{NAME}.pdiparams"]
    assert "no .onnx is made: Paddle 3 with paddle2onnx is not installed" in error_line(capfd)


@needs_converter
def test_a_json_alone_becomes_a_bundle_for_both_engines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    export, target = export_with(tmp_path, JSON), tmp_path / "bundle"
    assert publish(export, target, "--model_filename", f"{NAME}.json") == 0
    assert served(target) == [f"{NAME}.json", f"{NAME}.onnx", f"{NAME}.pdiparams"]
    out = capfd.readouterr().out
    for engine in (f"Paddle Inference on {NAME}.json", f"OpenVINO on {NAME}.onnx"):
        assert f"{engine}: " in out
    expected = [pair.score for pair in read_golden(FIXTURE / "golden.jsonl")]
    lists = golden_file(tmp_path)
    again = ["--model_filename", f"{NAME}.json", "--golden_file", str(lists)]
    again += ["--truncation", "title_first"]
    assert publish(export, target, *again) == 0
    scores = [pair.score for pair in read_golden(target / "golden.jsonl")]
    np.testing.assert_allclose(scores, expected, atol=1e-5)


@needs_converter
def test_the_converted_graph_scores_as_the_program(tmp_path: Path) -> None:
    program = graph_of(FIXTURE, JSON)
    target = tmp_path / "made.onnx"
    convert(program, program.with_suffix(".pdiparams"), target)
    bundle = Bundle.open(FIXTURE)
    pairs = read_golden(FIXTURE / "golden.jsonl")
    rows = bundle.encoder().encode_pairs([(pair.query, pair.title) for pair in pairs])
    logits = run_graph(target, "logits")(bundle.encoder().pad(rows))
    np.testing.assert_allclose(logits, [pair.logits for pair in pairs], rtol=1e-5, atol=1e-5)


@needs_converter
@pytest.mark.parametrize("damage", ["operator", "value", "parameters"])
def test_a_converter_that_dies_is_one_line(
    tmp_path: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """paddle2onnx ends its process on these, by an exit or a signal."""
    export = export_with(tmp_path, JSON)
    program = export / f"{NAME}.json"
    text = program.read_text(encoding="utf-8")
    if damage == "operator":
        program.write_text(text.replace('"1.tanh"', '"1.nonsense"'), encoding="utf-8")
    elif damage == "value":
        fields = json.loads(text)
        operators = fields["program"]["regions"][0]["blocks"][0]["ops"]
        next(op for op in operators if op["#"] == "1.tanh")["I"] = [{"%": 9999}]
        program.write_text(json.dumps(fields), encoding="utf-8")
    else:
        program.with_suffix(".pdiparams").write_bytes(np.random.default_rng(1).bytes(4000))
    assert publish(export, tmp_path / "bundle", "--model_filename", program.name) == 2
    assert f"{program}: paddle2onnx cannot convert it (it ended with " in error_line(capfd)


@needs_paddle_3
def test_a_json_may_be_published_without_an_onnx(tmp_path: Path) -> None:
    export, target = export_with(tmp_path, JSON), tmp_path / "bundle"
    assert publish(export, target, "--model_filename", f"{NAME}.json", "--onnx", "False") == 0
    assert served(target) == [f"{NAME}.json", f"{NAME}.pdiparams"]


def scored(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> list[float]:
    pairs = read_golden(FIXTURE / "golden.jsonl")
    path = tmp_path / "pairs.tsv"
    lines = [f"{pair.query}\t{pair.title}\n" for pair in pairs if pair.group < 4]
    path.write_text("".join(lines), encoding="utf-8")
    capfd.readouterr()
    assert predict.main(["--model_dir", str(root), "--input_file", str(path), *CPU]) == 0
    out = capfd.readouterr().out
    return [float(line.rpartition("[")[2].rstrip("]")) for line in out.strip().split("\n")]


@pytest.mark.parametrize("formats", [(PDMODEL, JSON, ONNX), (JSON, ONNX), (ONNX,)])
def test_predict_scores_with_what_it_can_read(
    tmp_path: Path, formats: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    root = bundle_with(tmp_path, *formats)
    expected = [p.score for p in read_golden(FIXTURE / "golden.jsonl") if p.group < 4]
    np.testing.assert_allclose(scored(root, tmp_path, capfd), expected, atol=1e-5)


def test_predict_refuses_what_openvino_has_no_option_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, rows = bundle_with(tmp_path, ONNX), golden_file(tmp_path)
    line = ["--model_dir", str(root), "--input_file", str(rows), *CPU, "--enable_mkldnn"]
    assert predict.main(line) == 2
    assert f"model_dir: OpenVINO runs {NAME}.onnx" in error_line(capfd)


@needs_paddle_2
def test_predict_keeps_a_json_from_paddle_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, rows = bundle_with(tmp_path, JSON), golden_file(tmp_path)
    assert predict.main(["--model_dir", str(root), "--input_file", str(rows), *CPU]) == 2
    assert "which Paddle 2" in (said := error_line(capfd)) and "use the modern set" in said


def test_optimize_and_quantize_name_what_they_cannot_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, lists = bundle_with(tmp_path, JSON), golden_file(tmp_path)
    assert optimize.main(["--bundle", str(root)]) == 2
    assert "has no .pdmodel, the only kind of graph that can be rewritten" in error_line(capfd)
    files = ["--calibration_file", str(lists), "--dev_file", str(lists)]
    pytest.importorskip("nncf", reason="needs NNCF")
    line = ["--bundle", str(root), *files, "--output", str(tmp_path / "int8")]
    assert quantize.main(line) == 2
    assert f"({NAME}.json), which OpenVINO cannot read" in error_line(capfd)


def test_an_onnx_is_quantized(tmp_path: Path) -> None:
    pytest.importorskip("nncf", reason="needs NNCF")
    root, lists = bundle_with(tmp_path, ONNX), tmp_path / "lists.tsv"
    rows = [
        f"{query}\t{title}\t{(i + j) % 3}\n"
        for i, query in enumerate(SENTENCES)
        for j, title in enumerate(SENTENCES)
    ]
    lists.write_text("query\ttitle\tlabel\n" + "".join(rows), encoding="utf-8")
    files = ["--calibration_file", str(lists), "--dev_file", str(lists)]
    line = ["--bundle", str(root), *files, "--samples", "20", "--max_ndcg_drop", "1.0"]
    assert quantize.main([*line, "--output", str(tmp_path / "int8")]) == 0
    assert served(tmp_path / "int8") == [f"{NAME}.bin", f"{NAME}.xml"]
    assert Bundle.open(tmp_path / "int8").manifest.precision == "int8"


def test_optimize_keeps_the_other_graphs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The fixture's .pdmodel is narrowed already, which is found before anything is written."""
    root = bundle_with(tmp_path, PDMODEL, ONNX)
    before = (root / MANIFEST_FILE).read_bytes()
    assert optimize.main(["--bundle", str(root)]) == 2
    assert "computes the first position only already" in error_line(capfd)
    assert (root / MANIFEST_FILE).read_bytes() == before


def test_an_old_manifest_is_proved_by_its_files(tmp_path: Path) -> None:
    root = relist(bundle_with(tmp_path, PDMODEL, ONNX), graphs=[])
    assert Bundle.open(root).manifest.graphs == ()
    verify(root)
    assert PDMODEL in paddle_reader().formats
