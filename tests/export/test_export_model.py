# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands that start from a checkpoint, each run as a user runs it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.rankers import CROSS_ENCODER, PAIRWISE
from export.bundle.facts import read_facts
from export.bundle.source_facts import described_path
from export.proof.golden_lists import golden_lists


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_upstreams_files_and_ours_beside_them(
    exports: Path, checkpoints: Path, ranker: str
) -> None:
    """The command's output, given upstream's way to name a checkpoint: its parameter file."""
    output = exports / ranker
    stem = {PAIRWISE: "inference.predict", CROSS_ENCODER: "inference"}[ranker]
    names = sorted(p.relative_to(output).as_posix() for p in output.rglob("*") if p.is_file())
    assert names == [
        "config.json",
        "export.json",
        "golden.jsonl",
        f"{stem}.pdiparams",
        f"{stem}.pdmodel",
        "parameters.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.txt",
    ]
    facts = read_facts(output)
    assert facts is not None
    assert facts.ranker == ranker
    assert facts.max_seq_length == 64
    assert facts.source["command"].startswith("python -m export.export_model --params_path ")
    assert facts.source["checkpoint"] == f"{ranker}/model_state.pdparams"
    digest = hashlib.sha256((checkpoints / ranker / "model_state.pdparams").read_bytes())
    assert facts.source["checkpoint_sha256"] == digest.hexdigest()


def test_publish_goes_from_checkpoint_to_bundle(
    checkpoints: Path, repository: Path, tmp_path: Path
) -> None:
    target = tmp_path / "models" / "ce"
    result = run(
        tmp_path,
        *(
            str(repository / "export" / "publish.py"),
            "--params_path",
            str(checkpoints / CROSS_ENCODER),
        ),
        *("--bundle", "models/ce", "--max_seq_length", "40", "--truncation", "longest_first"),
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.strip().splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "dynamic model",
        "static graph",
        "Paddle Inference on inference.pdmodel",
        "Paddle Inference with oneDNN on inference.pdmodel",
        "LocalPredictor on inference.pdmodel",
        "OpenVINO on inference.pdmodel",
    ]
    bundle = Bundle.open(target)
    golden = read_golden(target / "golden.jsonl")
    assert max(len(pair.input_ids) for pair in golden) == 40 == bundle.manifest.max_seq_length
    assert [pair.title for pair in golden] == [t for members in golden_lists() for _, t in members]
    assert bundle.manifest.score_function == "softmax_positive"
    assert bundle.manifest.truncation == "longest_first"
    expected = (
        "--params_path checkpoints0/cross_encoder --max_seq_length 40 --truncation longest_first"
    )
    assert bundle.manifest.source["command"].endswith(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    assert str(tmp_path) not in (target / "manifest.json").read_text(encoding="utf-8")


def test_a_missing_checkpoint_is_one_line(repository: Path, tmp_path: Path) -> None:
    result = run(
        repository,
        *("-m", "export.export_model", "--params_path", str(tmp_path / "none")),
        *("--output_path", str(tmp_path / "output")),
    )
    assert result.returncode == 2
    assert not (tmp_path / "output").exists()
    assert result.stderr.strip().splitlines()[-1].startswith("export_model: checkpoint ")
    assert "Traceback" not in result.stderr


def test_help_needs_no_paddle(repository: Path) -> None:
    for module in ("export_model", "export_to_serving", "predict", "publish"):
        result = run(repository, "-X", "importtime", f"export/{module}.py", "--help")
        assert result.returncode == 0
        assert "| paddle\n" not in result.stderr


def test_paths_are_told_without_the_machine(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert described_path(str(tmp_path / "a" / "b")) == "a/b"
    assert described_path("tests") == "tests"
    assert described_path("ernie-3.0-medium-zh") == "ernie-3.0-medium-zh"
