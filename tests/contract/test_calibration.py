# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A calibration makes scores of logits, keeps their order, and is part of what a bundle is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.manifest import Manifest
from contract.calibration import Calibration
from contract.errors import BundleError
from contract.scoring import SCORE_FUNCTIONS

FITTED_ON = {"sha256": "0" * 64, "rows": 1000, "relevant": 200, "lists": 50}
TEMPERATURE = Calibration("temperature", {"temperature": 2.5}, FITTED_ON)
PLATT = Calibration("platt", {"slope": 0.5, "intercept": -1.0}, FITTED_ON)
ISOTONIC = Calibration(
    "isotonic", {"logits": [-2.0, -1.0, 0.0, 3.0], "scores": [0.1, 0.1, 0.4, 0.9]}, FITTED_ON
)
ALL = [TEMPERATURE, PLATT, ISOTONIC]
BUNDLE = Path("serving_models/pairwise")


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_scores_are_those_of_the_formulas() -> None:
    x = np.array([-3.0, -1.5, -0.5, 0.0, 1.5, 7.0])
    assert TEMPERATURE(x) == pytest.approx(sigmoid(x / 2.5), abs=1e-12)
    assert PLATT(x) == pytest.approx(sigmoid(0.5 * x - 1.0), abs=1e-12)
    assert ISOTONIC(x) == pytest.approx([0.1, 0.1, 0.25, 0.4, 0.65, 0.9], abs=1e-12)


@pytest.mark.parametrize("calibration", ALL, ids=lambda c: c.method)
def test_scores_never_fall_as_the_logit_rises(calibration: Calibration) -> None:
    x = np.sort(np.random.default_rng(0).normal(scale=20, size=10_000))
    scores = calibration(np.concatenate([[-1e9], x, [1e9]]))
    assert (np.diff(scores) >= 0).all()
    assert scores.min() >= 0
    assert scores.max() <= 1


@pytest.mark.parametrize(("name", "width"), [("sigmoid", 1), ("softmax_positive", 2)])
def test_a_score_function_is_calibrated_by_its_margins(name: str, width: int) -> None:
    logits = np.random.default_rng(1).normal(size=(50, width)).astype("float32")
    plain, calibrated = SCORE_FUNCTIONS[name], SCORE_FUNCTIONS[name].calibrated(PLATT)
    margins = plain.margins(logits)
    assert calibrated(logits).tolist() == PLATT(margins).tolist()
    assert calibrated.margins(logits).tolist() == margins.tolist()
    assert calibrated.uncalibrated(margins).tolist() == plain(logits).tolist()
    assert plain.calibrated(None)(logits).tolist() == plain(logits).tolist()
    assert plain.calibration is None


def test_a_manifest_states_it_and_its_version_covers_it(repository: Path) -> None:
    manifest = Bundle.open(repository / BUNDLE).manifest
    versions = set()
    for calibration in ALL:
        sealed = replace(manifest, calibration=calibration).sealed()
        read = Manifest.from_json(sealed.to_json(), "manifest.json")
        assert read.calibration == calibration
        assert read.version == sealed.version
        versions.add(sealed.version)
    assert len(versions | {manifest.version, manifest.sealed().version}) >= 4
    edited = json.loads(sealed.to_json())
    edited["calibration"]["parameters"]["scores"][0] = 0.05
    with pytest.raises(BundleError, match="is not that of its contents"):
        Manifest.from_json(json.dumps(edited), "manifest.json")


def test_a_manifest_without_one_is_as_it_was(repository: Path) -> None:
    """So that older releases go on reading it."""
    for name in ("pairwise", "cross_encoder"):
        path = repository / "serving_models" / name / "manifest.json"
        manifest = Manifest.from_json(path.read_text(encoding="utf-8"), str(path))
        assert manifest.calibration is None
        assert "calibration" not in json.loads(manifest.sealed().to_json())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "beta"}, "method 'beta' is not one of temperature, platt, isotonic"),
        ({"parameters": {"slope": 1.0}}, "the parameters of platt are slope, intercept"),
        ({"parameters": {"slope": -1.0, "intercept": 0.0}}, "slope must be above 0"),
        ({"parameters": {"slope": 0, "intercept": 0.0}}, "slope must be above 0"),
        ({"parameters": {"slope": "1", "intercept": 0.0}}, "must be finite"),
        ({"parameters": {"slope": True, "intercept": 0.0}}, "must be finite"),
        ({"fitted_on": {"rows": 3}}, "fitted_on does not have sha256, rows, relevant, lists"),
        ({"more": 1}, "does not have method, parameters and fitted_on"),
        ({"method": "isotonic", "parameters": {"logits": [], "scores": []}}, "must be lists"),
        (
            {"method": "isotonic", "parameters": {"logits": [0.0, 0.0], "scores": [0.1, 0.2]}},
            "logits must rise",
        ),
        (
            {"method": "isotonic", "parameters": {"logits": [0.0, 1.0], "scores": [0.3, 0.2]}},
            "scores must not fall",
        ),
        (
            {"method": "isotonic", "parameters": {"logits": [0.0, 1.0], "scores": [0.3, 1.2]}},
            "from 0 to 1",
        ),
    ],
)
def test_what_is_no_calibration_is_refused(change: dict[str, Any], said: str) -> None:
    stated = {"method": "platt", "parameters": PLATT.parameters, "fitted_on": FITTED_ON}
    with pytest.raises(BundleError, match=said) as refused:
        Calibration.parse({**stated, **change}, "manifest.json")
    assert refused.value.field == "manifest.json"


def test_bundles_of_scores_or_of_the_older_version_have_none(repository: Path) -> None:
    manifest = Bundle.open(repository / BUNDLE).manifest
    for change, said in (({"score_function": "identity"}, "takes logits"), ({}, "schema 1")):
        changed = replace(manifest, calibration=PLATT, **change)
        text = replace(changed, schema=1).to_json() if not change else changed.sealed().to_json()
        with pytest.raises(BundleError, match=said):
            Manifest.from_json(text, "manifest.json")
