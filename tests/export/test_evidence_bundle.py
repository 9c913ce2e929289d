# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranker with evidence, from a teacher's vectors to a bundle that is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino
import paddle
import pytest
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from export.quantization.int8_graph import _outside
from tests.sets import card_only
from tests.train.conftest import CHARACTERS, Files, files, write_model  # noqa: F401
from train import evidence, train_ce, train_pairwise
from train.model.evidence.dictionary import choose_phrases
from train.model.evidence.overlap import Overlap, Text
from train.model.evidence.phrase_codes import IntArray
from train.model.evidence.phrases import PhraseVectors
from train.model.evidence.settings import EvidenceSettings
from train.teachers.teacher import BiEncoder, unit_length

pytestmark = card_only


class SumOfCharacters(BiEncoder):
    """Embeds a text by the sum of random vectors of its characters and pairs of neighbours."""

    name, digest, width = "sum of characters", "1", 24

    def embed(self, texts: Sequence[str], role: str) -> NDArray[np.float32]:
        def vector(gram: str) -> NDArray[np.float64]:
            return np.random.default_rng([ord(c) for c in gram]).normal(size=self.width)

        rows = [
            sum((vector(text[i : i + n]) for n in (1, 2) for i in range(len(text))), np.zeros(24))
            for text in texts
        ]
        return unit_length(np.array(rows))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    draw = np.random.default_rng(4)
    texts = ["".join(draw.choice(list(CHARACTERS), draw.integers(3, 14))) for _ in range(400)]
    (folder / "queries.txt").write_text("\n".join(texts[:100]), encoding="utf-8")
    (folder / "titles.txt").write_text("\n".join(texts[100:]), encoding="utf-8")
    (folder / "words.txt").write_text("天地\n日月盈\n", encoding="utf-8")
    model = write_model(folder / "tower", hidden_size=96, num_attention_heads=6)
    arguments = ["--queries", folder / "queries.txt", "--titles", folder / "titles.txt"]
    arguments += ["--words", folder / "words.txt", "--config", model / "config.json"]
    arguments += ["--tokenizer", model, "--output_dir", folder / "start"]
    arguments += ["--phrase_size", 24, "--phrase_rows", 509, 251, 0, "--hidden_size", 8]
    options = evidence.make_parser().parse_args([str(argument) for argument in arguments])
    evidence.make_start(options, evidence.read_texts(options), SumOfCharacters())
    return folder / "start"


def trained(start: Path, files: Files, directory: Path, kind: str) -> Path:  # noqa: F811
    command, data = {
        "cross_encoder": (train_ce, ["--train_set", files.pairs]),
        "pairwise": (train_pairwise, ["--train_file", files.triples]),
    }[kind]
    arguments = [*data, "--test_file", files.dev, "--model_name_or_path", start]
    arguments += ["--save_dir", directory, "--max_steps", 4, "--device", "cpu"]
    arguments += ["--max_seq_length", 32, "--learning_rate", 1e-3]
    assert command.main([str(argument) for argument in arguments]) == 0
    return directory / "last"


@pytest.fixture(scope="module")
def published(
    start: Path,
    files: Files,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle of a ranker with evidence; read only."""
    from export import publish

    directory = tmp_path_factory.mktemp("published")
    checkpoint = trained(start, files, directory / "run", "pairwise")
    bundle = directory / "bundle"
    assert publish.main(["--params_path", str(checkpoint), "--bundle", str(bundle)]) == 0
    return bundle


@pytest.mark.parametrize("parts", ["all", "dense"])
def test_int8_leaves_evidence_in_fp32(published: Path, parts: str, tmp_path: Path) -> None:
    from export.engines.openvino_inference import run_graph
    from export.quantization.int8_graph import QuantizeOptions, quantize_graph, save_graph

    bundle = Bundle.open(published)
    encoder, golden = bundle.encoder(), read_golden(published / "golden.jsonl")
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in golden])
    (model,) = bundle.server_dir.glob("*.pdmodel")
    feeds = [dict(encoder.pad([row])) for row in rows]
    graph = quantize_graph(model, feeds, QuantizeOptions(parts))
    products = [op for op in graph.get_ops() if op.get_type_name() == "MatMul"]
    rounded = [
        op for op in products if op.input_value(0).get_node().get_type_name() == "FakeQuantize"
    ]
    # of each of two layers six; pooler and head
    assert len(rounded) == 14 if parts == "dense" else len(rounded) > 14
    # evidence has five, like pooler and head of one position
    of_one = [op for op in products if op.input_value(0).get_partial_shape().rank == 2]
    assert len(of_one) == 7
    assert len([op for op in rounded if op.input_value(0).get_partial_shape().rank == 2]) == 2
    save_graph(graph, tmp_path / "int8.xml")
    run = run_graph(tmp_path / "int8.xml", bundle.manifest.logits)
    alone = np.concatenate([run(feed) for feed in feeds])
    np.testing.assert_allclose(run(encoder.pad(rows)), alone, atol=1e-5)
    moved = alone - np.array([pair.logits for pair in golden])
    assert 0 < np.abs(moved).max() < 0.2


def test_hugging_face_has_no_place_for_it(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from export import to_huggingface

    output = tmp_path / "hf"
    assert to_huggingface.main(["--params_path", str(published), "--output", str(output)]) == 2
    assert "has an evidence layer" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("kind", ["cross_encoder", "pairwise"])
def test_what_was_trained_is_what_engines_score_and_what_is_trained_on(
    start: Path,
    files: Files,  # noqa: F811
    kind: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from export import publish

    checkpoint = trained(start, files, tmp_path / "run", kind)
    capsys.readouterr()
    bundle_dir = tmp_path / "bundle"
    command = ["--params_path", str(checkpoint), "--bundle", str(bundle_dir)]
    assert publish.main(command) == 0
    assert "OpenVINO" in capsys.readouterr().out
    assert Bundle.open(bundle_dir).manifest.ranker == kind
    sizes = {path.name: path.stat().st_size for path in (bundle_dir / "serving_server").iterdir()}
    tower = (bundle_dir / "config.json").read_text(encoding="utf-8")
    assert '"evidence"' in tower, "it can be read as a checkpoint"
    weights = next(size for name, size in sizes.items() if name.endswith(".pdiparams"))
    whole = (checkpoint / "model_state.pdparams").stat().st_size
    assert weights < whole - 2 * 24 * (509 + 251), "tables have a byte a number"
    golden = read_golden(bundle_dir / "golden.jsonl")
    assert len({round(float(pair.score), 6) for pair in golden}) > 1

    again = trained(bundle_dir, files, tmp_path / "again", kind)
    assert again.is_dir()


class Evidences(paddle.nn.Layer):  # type: ignore[misc]
    """Vectors of phrases, and the figures of overlap, of a vocabulary as large as a shipped one."""

    settings = EvidenceSettings(4, (65521, 32749, 16381), 4, (0, 1, 2, 3, 4))
    vocab_size = 8000

    def __init__(self, texts: list[IntArray]) -> None:
        super().__init__()
        chosen = choose_phrases(texts, [], self.settings, self.vocab_size)
        draw = np.random.default_rng(6)
        vectors = draw.normal(size=(chosen.size, 4)).astype(np.float32)
        self.phrases = PhraseVectors(self.settings, self.vocab_size)
        self.phrases.fill(vectors[: self.vocab_size], chosen.tables(vectors))
        self.overlap = Overlap(self.settings, self.vocab_size)
        self.overlap.pair_rarity.weight.set_value(paddle.rand([65521, 1]) + 1)

    def forward(self, input_ids: paddle.Tensor, token_type_ids: paddle.Tensor) -> paddle.Tensor:
        title = token_type_ids.astype("float32")
        texts = [Text(input_ids, there) for there in (1 - title, title)]
        figures = self.overlap(*texts, self.phrases.codes_2)
        vectors = self.phrases(input_ids, paddle.ones_like(input_ids))
        return paddle.concat([vectors.flatten(1), figures], axis=1)


def test_openvino_finds_the_same_phrases_in_a_vocabulary_of_eight_thousand(tmp_path: Path) -> None:
    """It divides and compares integers in float32, which has no room for their codes."""
    draw = np.random.default_rng(5)
    rows = draw.integers(7000, 7020, (32, 40))
    layer = Evidences(list(rows))
    layer.eval()
    specs = [paddle.static.InputSpec([None, None], "int64", name) for name in (INPUT_IDS, "types")]
    paddle.jit.save(layer, str(tmp_path / "graph"), input_spec=specs)
    types = np.repeat([[0, 1]], 20, axis=1).repeat(32, axis=0)
    expected = layer(paddle.to_tensor(rows), paddle.to_tensor(types)).numpy()
    compiled = openvino.Core().compile_model(
        str(tmp_path / "graph.pdmodel"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    found = compiled({INPUT_IDS: rows, "types": types})[compiled.output(0)]
    assert len(np.unique(expected[:, :4], axis=0)) > 10
    assert np.abs(found - expected).max() < 1e-4


def test_products_of_a_graph_without_whole_layer_norms_are_rounded() -> None:
    """Old ONNX has a layer norm in parts, by which no tower can be told."""
    from openvino import opset8

    rows = opset8.parameter([-1, 4], np.float32)
    product = opset8.matmul(rows, opset8.constant(np.ones((4, 4), np.float32)), False, False)
    graph = openvino.Model([product], [rows])
    assert _outside(graph, "all") == []


def test_evidence_ranks_before_any_training(start: Path) -> None:
    import paddle

    from train.model.backbone import find_backbone
    from train.model.layers import build_model
    from train.model.parameters import load_parameters
    from train.model.ranker import make_encoder

    backbone = find_backbone(str(start))
    model = build_model("cross_encoder", backbone)
    assert backbone.parameters is not None
    load_parameters(model, backbone.parameters)
    draw, right = np.random.default_rng(8), 0
    encoder = make_encoder(backbone, 32)
    for _ in range(20):
        query, other = ("".join(draw.choice(list(CHARACTERS), 6)) for _ in range(2))
        rows = encoder.pad(encoder.encode(query, [other, query[1:] + other[:2]]))
        feed = [paddle.to_tensor(rows[name]) for name in (INPUT_IDS, TOKEN_TYPE_IDS)]
        worse, better = model.evidence(*feed).numpy().ravel()
        right += better > worse
    assert right == 20


def test_too_few_titles_are_told(start: Path, tmp_path: Path) -> None:
    from contract.errors import SetUpError

    (tmp_path / "titles.txt").write_text("天地\n", encoding="utf-8")
    options = evidence.make_parser().parse_args(
        ["--titles", str(tmp_path / "titles.txt"), "--tokenizer", str(start), "--output_dir", "x"]
    )
    with pytest.raises(SetUpError, match="too few for vectors of 96 numbers"):
        evidence.read_texts(options)
