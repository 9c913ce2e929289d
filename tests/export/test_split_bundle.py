# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A split ranker's bundle: three graphs, of which two together score as the third."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.golden import GoldenPair, read_golden
from contract.bundle.manifest import Manifest
from contract.bundle.split import LOGITS, Split
from contract.environment.cpu import has_bf16
from contract.errors import BundleError
from export import calibrate, export_model, optimize, predict, publish, quantize, to_huggingface
from export.engines.openvino_inference import run_outputs
from export.graphs.first_position import first_position_only
from export.proof.split_engine import SplitEngine
from export.proof.split_parity import check_split, compared_titles
from tests.bundles import rehash
from tests.export.test_evidence_bundle import start  # noqa: F401
from tests.sets import card_only
from tests.train.conftest import Files, files  # noqa: F401
from train import train_ce, train_pairwise

pytestmark = card_only


def trained(model: Path, files: Files, directory: Path, kind: str, *flags: str) -> Path:  # noqa: F811
    command, data = {
        "cross_encoder": (train_ce, ["--train_set", files.pairs]),
        "pairwise": (train_pairwise, ["--train_file", files.triples]),
    }[kind]
    arguments = [*data, "--test_file", files.dev, "--model_name_or_path", model]
    arguments += ["--save_dir", directory, "--max_steps", 4, "--device", "cpu"]
    arguments += ["--max_seq_length", 32, "--learning_rate", 1e-2, *flags]
    assert command.main([str(argument) for argument in arguments]) == 0
    return directory / "last"


@pytest.fixture(scope="module")
def published(
    start: Path,  # noqa: F811
    files: Files,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle of a split cross-encoder with evidence; read only."""
    folder = tmp_path_factory.mktemp("split")
    checkpoint = trained(start, files, folder / "run", "cross_encoder", "--joint_layers", "1")
    assert publish.main(["--params_path", str(checkpoint), "--bundle", str(folder / "b")]) == 0
    return folder / "b"


@pytest.fixture(scope="module")
def rounded(
    files: Files,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle of a split cross-encoder whose states are rounded to fp16; read only."""
    folder = tmp_path_factory.mktemp("rounded")
    flags = ("--joint_layers", "1", "--state_type", "fp16")
    checkpoint = trained(files.model, files, folder / "run", "cross_encoder", *flags)
    assert publish.main(["--params_path", str(checkpoint), "--bundle", str(folder / "b")]) == 0
    return folder / "b"


def manifest_of(bundle: Path) -> Manifest:
    return Bundle.open(bundle).manifest


def split_of(bundle: Path) -> Split:
    split = manifest_of(bundle).split
    assert split is not None
    return split


def quantizing(bundle: Path, files: Files, target: Path) -> list[str]:  # noqa: F811
    flags = ["--bundle", bundle, "--calibration_file", files.pairs, "--dev_file", files.dev]
    flags += ["--output", target, "--samples", 10, "--max_ndcg_drop", 1.0]
    return [str(flag) for flag in flags]


def engine_of(bundle: Bundle) -> SplitEngine:
    split = bundle.manifest.split
    assert split is not None
    outputs = (split.encoder_outputs, (LOGITS,))
    encode, score = (
        run_outputs(bundle.files_of(graph).model, names)
        for graph, names in zip(split.graphs, outputs)
    )
    return SplitEngine(encode, score, bundle.encoder().pad_id)


@pytest.mark.parametrize(
    ("kind", "flags"),
    [("cross_encoder", ()), ("pairwise", ("--state_size", "16", "--state_type", "fp16"))],
)
def test_two_graphs_are_published_and_proved(
    files: Files,  # noqa: F811
    kind: str,
    flags: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    checkpoint = trained(files.model, files, run, kind, "--joint_layers", "1", *flags)
    bundle = tmp_path / "bundle"
    assert publish.main(["--params_path", str(checkpoint), "--bundle", str(bundle)]) == 0
    said = capsys.readouterr()
    for engine in ("Paddle Inference", "OpenVINO"):
        assert f"{engine} on two graphs:" in said.out
        assert f"{engine} on two graphs, texts encoded before:" in said.out
        assert f"{engine}: " in said.out
    assert "exported without --optimize" not in said.err
    split = split_of(bundle)
    assert (split.joint_layers, split.state_size) == (1, 16 if flags else 32)
    assert split.state_type == ("fp16" if flags else "fp32")
    assert split.phrase_size == 0
    again = trained(bundle, files, tmp_path / "again", kind)
    assert json.loads((again / "config.json").read_text())["joint_layers"] == 1, "it stays split"


def test_evidence_is_in_both_graphs(published: Path) -> None:
    split = split_of(published)
    assert split.phrase_size == 24
    assert split.encoder_outputs == ("states", "phrases")
    assert {graph.path for graph in split.graphs} <= set(manifest_of(published).files)


def test_a_score_does_not_depend_on_what_was_encoded_before(published: Path) -> None:
    bundle = Bundle.open(published)
    golden, encoder = read_golden(published / "golden.jsonl"), bundle.encoder()
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in golden])
    expected = np.array([pair.logits for pair in golden])
    engine = engine_of(bundle)
    cold = np.concatenate([engine.from_store(encoder.pad([row])) for row in rows])
    warm = engine.from_store(encoder.pad(rows))
    for found in (cold, warm, engine.together(encoder.pad(rows))):
        assert np.abs(found - expected).max() < 1e-5


def test_graphs_that_score_otherwise_are_refused(published: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(published, tmp_path / "b"))
    params = bundle / split_of(bundle).scorer.params
    content = bytearray(params.read_bytes())
    place = len(content) // 2
    content[place : place + 4096] = bytes(4096)
    params.write_bytes(content)
    rehash(bundle)
    with pytest.raises(BundleError, match="two graphs"):
        list(check_split(Bundle.open(bundle), read_golden(bundle / "golden.jsonl")))


def test_a_damaged_graph_is_found_by_its_hash(published: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(published, tmp_path / "b"))
    graph = bundle / split_of(bundle).encoder.path
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(BundleError, match="damaged"):
        Bundle.open(bundle)


def test_a_whole_ranker_says_nothing_of_a_split(exports: Path) -> None:
    facts = json.loads((exports / "pairwise" / "export.json").read_text())
    assert "split" not in facts
    assert not (exports / "pairwise" / "split").exists()


def test_optimizing_again_narrows_the_scorer_too(
    files: Files,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = trained(
        files.model, files, tmp_path / "run", "cross_encoder", "--joint_layers", "1"
    )
    plain, fast = tmp_path / "plain", tmp_path / "fast"
    flags = ["--params_path", str(checkpoint), "--bundle", str(plain), "--optimize", "False"]
    assert publish.main(flags) == 0
    assert optimize.main(["--bundle", str(plain), "--output", str(fast)]) == 0
    assert split_of(fast) == split_of(plain)
    encoder, scorer = split_of(fast).encoder.path, split_of(fast).scorer.path
    assert (fast / encoder).read_bytes() == (plain / encoder).read_bytes()
    assert (fast / scorer).read_bytes() != (plain / scorer).read_bytes()
    said = capsys.readouterr().err
    assert "is left as it is" not in said
    assert first_position_only(fast / scorer) is not None, "narrowed already"


def test_an_earlier_export_leaves_no_graphs(
    files: Files,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A whole ranker in the directory of a split one."""
    output = tmp_path / "export"
    for joint in ("1", "2"):
        flags = ("--joint_layers", joint)
        checkpoint = trained(files.model, files, tmp_path / joint, "cross_encoder", *flags)
        arguments = ["--params_path", str(checkpoint), "--output_path", str(output)]
        assert export_model.main(arguments) == 0
        assert (output / "split").exists() == (joint == "1")


@pytest.mark.parametrize(("there", "taken"), [(1, 1), (40, 40), (41, 21), (79, 40), (81, 27)])
def test_forty_titles_at_most_are_compared(there: int, taken: int) -> None:
    golden = [GoldenPair(0, "天地", f"日月{number}", [], [], [0.0], 0.5) for number in range(there)]
    assert len(compared_titles([*golden, *golden])) == taken


def test_calibrating_keeps_the_graphs(published: Path, files: Files, tmp_path: Path) -> None:  # noqa: F811
    target = tmp_path / "calibrated"
    flags = ["--bundle", str(published), "--lists", str(files.pairs), "--output", str(target)]
    assert calibrate.main(flags) == 0
    assert split_of(target) == split_of(published)


def test_int8_has_the_whole_graph_alone(
    start: Path,  # noqa: F811
    files: Files,  # noqa: F811
    tmp_path: Path,
) -> None:
    pytest.importorskip("nncf", reason="needs NNCF")
    # so many steps, and such lists, that golden pairs test an order
    flags = ("--joint_layers", "1", "--max_steps", "40")
    checkpoint = trained(start, files, tmp_path / "run", "cross_encoder", *flags)
    source, target = tmp_path / "fp32", tmp_path / "int8"
    arguments = ["--params_path", checkpoint, "--bundle", source, "--golden_file", files.dev]
    assert publish.main([str(argument) for argument in arguments]) == 0
    assert quantize.main(quantizing(source, files, target)) == 0
    manifest = manifest_of(target)
    assert manifest.precision == "int8"
    assert manifest.split is None
    assert not (target / "split").exists()


def test_int8_of_rounded_states_is_refused(
    rounded: Path,
    files: Files,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("nncf", reason="needs NNCF")
    target = tmp_path / "int8"
    assert quantize.main(quantizing(rounded, files, target)) == 2
    assert f"bundle {rounded}: this split ranker rounds its states" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.skipif(not has_bf16(), reason="this CPU does not multiply bfloat16")
def test_rounded_states_are_not_predicted_in_bf16(
    rounded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("天地\t日月盈昃\n", encoding="utf-8")
    flags = ["--model_dir", str(rounded), "--input_file", str(pairs), "--device", "cpu"]
    assert predict.main(flags) == 0
    assert predict.main([*flags, "--precision", "bf16"]) == 2
    assert "precision: this split ranker rounds its states" in capsys.readouterr().err


def test_hugging_face_has_no_place_for_it(
    files: Files,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = trained(files.model, files, tmp_path / "run", "pairwise", "--joint_layers", "1")
    output = tmp_path / "hf"
    assert to_huggingface.main(["--params_path", str(checkpoint), "--output", str(output)]) == 2
    assert "is a split ranker" in capsys.readouterr().err
    assert not output.exists()
