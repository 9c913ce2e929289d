# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The narrowed last layer: the same scores, from a checkpoint and from an existing bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE
from contract.bundle.manifest import version_of
from contract.errors import BundleError
from export import export_model, optimize
from export.engines.paddle_inference import GraphPredictor
from export.graphs.first_position import first_position_only
from export.graphs.program import read_program
from tests.bundles import golden_file

RANDOM = np.random.default_rng(7)
IDS = RANDOM.integers(5, 60, (3, 20))
IDS[1, 14:] = 0
FEED = {"input_ids": IDS, "token_type_ids": (np.arange(20) > 8).astype(np.int64) * (IDS > 0)}


@pytest.fixture(scope="module")
def plain(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``<root>/<ranker>`` exported with ``--optimize False``; read only."""
    root = tmp_path_factory.mktemp("plain")
    for ranker in ("pairwise", "cross_encoder"):
        arguments = ["--params_path", str(checkpoints / ranker), "--optimize", "False"]
        arguments += ["--output_path", str(root / ranker)]
        assert export_model.main([*arguments, "--golden_file", str(golden_file(root))]) == 0
    return root


def graph_of(directory: Path) -> Path:
    return next(directory.rglob("*.pdmodel"))


def logits(model: Path) -> Any:
    return list(GraphPredictor(model, model.with_suffix(".pdiparams"))(FEED).values())[-1]


def test_an_export_computes_the_last_layer_for_one_position(
    exports: Path, plain: Path, ranker: str
) -> None:
    narrow, whole = (graph_of(root / ranker) for root in (exports, plain))
    assert len(read_program(narrow).blocks[0].ops) == len(read_program(whole).blocks[0].ops) + 1
    np.testing.assert_allclose(logits(narrow), logits(whole), atol=1e-5)


def test_a_graph_is_narrowed_once(exports: Path, tmp_path: Path, ranker: str) -> None:
    model = shutil.copy(graph_of(exports / ranker), tmp_path)
    before = Path(model).read_bytes()
    assert first_position_only(Path(model)) == (
        "its last layer computes the first position only already"
    )
    assert Path(model).read_bytes() == before


def test_a_graph_that_reads_more_positions_is_left_alone(plain: Path, tmp_path: Path) -> None:
    """As one does that returns the hidden states of every token too."""
    model = Path(shutil.copy(graph_of(plain / "pairwise"), tmp_path))
    program = read_program(model)
    ops = program.blocks[0].ops
    norm = [op for op in ops if op.type == "layer_norm"][-1]
    hidden = next(slot for slot in norm.outputs if slot.parameter == "Y")
    reader = next(slot for op in ops if op.type == "sigmoid" for slot in op.inputs)
    reader.arguments[:] = [hidden.arguments[0]]
    model.write_bytes(program.SerializeToString())
    before = model.read_bytes()
    reason = first_position_only(model)
    assert reason is not None
    assert reason.endswith("is read by sigmoid too")
    assert model.read_bytes() == before


def test_another_architecture_is_left_alone(plain: Path, tmp_path: Path) -> None:
    model = Path(shutil.copy(graph_of(plain / "pairwise"), tmp_path))
    program = read_program(model)
    norms = [op for op in program.blocks[0].ops if op.type == "layer_norm"]
    norms[-1].type = "group_norm"
    model.write_bytes(program.SerializeToString())
    reason = first_position_only(model)
    assert reason is not None
    assert "group_norm, not from layer_norm" in reason


@pytest.fixture
def old_bundle(plain: Path, ranker: str, tmp_path: Path) -> Path:
    from export import export_to_serving

    target = tmp_path / "old" / ranker
    arguments = ["--dirname", str(plain / ranker), "--bundle", str(target)]
    assert export_to_serving.main(arguments) == 0
    return target


def test_an_existing_bundle_needs_no_checkpoint(old_bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "new"
    (old_bundle / "MODEL_CARD.md").write_text("a card", encoding="utf-8")
    assert optimize.main(["--bundle", str(old_bundle), "--output", str(target)]) == 0
    old, new = (Bundle.open(path).manifest for path in (old_bundle, target))
    assert new.version != old.version == new.source["optimized_from"]
    changed = [name for name in old.files if old.files[name] != new.files[name]]
    assert changed == [f"serving_server/{graph_of(target).name}"]
    assert (target / "MODEL_CARD.md").read_text(encoding="utf-8") == "a card"
    assert (new.feeds, new.fetches, new.logits) == (old.feeds, old.fetches, old.logits)


def test_in_place_unless_an_output_is_named(old_bundle: Path) -> None:
    version = Bundle.open(old_bundle).manifest.version
    assert optimize.main(["--bundle", str(old_bundle)]) == 0
    assert Bundle.open(old_bundle).manifest.source["optimized_from"] == version
    assert optimize.main(["--bundle", str(old_bundle)]) == 2


def test_a_quantized_bundle_is_refused(old_bundle: Path, tmp_path: Path) -> None:
    path = old_bundle / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["precision"] = "int8"
    manifest["version"] = version_of(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match="is int8 already"):
        optimize.optimize(old_bundle, tmp_path / "new")
    assert not (tmp_path / "new").exists()
