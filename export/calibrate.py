# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make a bundle's scores probabilities, by lists that training has not seen.

Run as ``python -m export.calibrate --bundle B --lists dev.tsv --method platt``. The bundle gets a
``calibration`` in its manifest, and a new version; no graph, logit or golden pair changes, and no
order. A plot, and a part of the model card if there is one, say how reliable the scores are.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE, RELIABILITY_FILE
from contract.bundle.manifest import Manifest
from contract.calibration import METHODS, PLATT, Calibration
from contract.errors import BundleError, SetUpError
from contract.scoring import sigmoid
from contract.text.tokenizer_threads import set_tokenizer_threads
from export.bundle.model_dir import open_model_dir
from export.bundle.publishing import MODEL_CARD_FILE, check_target
from export.bundle.replace import replacement
from export.command import run_command
from export.engines.paddle_inference import InferenceOptions, available_options
from export.predict import engine_of
from export.quantization.quality import margins_of
from train.data.dataset import LabelledPairs, encode, read_labelled_pairs
from train.evaluation.calibration import check_rows, cross_fitted, fit
from train.evaluation.reliability import (
    Bin,
    expected_calibration_error,
    plot,
    reliability,
    table,
)
from train.model_card import reliability_section, with_section
from train.option_types import positive_int
from train.options import add_tokenizer_threads


class Calibrated(NamedTuple):
    """What was fitted, and what it is worth.

    Attributes:
        calibration: for the manifest.
        before: reliability of the scores without it.
        after: of the scores with it, each by a calibration that has not seen its list.
    """

    calibration: Calibration
    before: list[Bin]
    after: list[Bin]

    def __str__(self) -> str:
        """Figures and a table for the terminal."""
        about = self.calibration
        errors = [expected_calibration_error(bins) for bins in (self.before, self.after)]
        rows = about.fitted_on["rows"]
        return (
            f"{about.method} on {rows} rows of {about.fitted_on['lists']} lists, "
            f"{about.fitted_on['relevant']} relevant\n"
            f"expected calibration error: {errors[0]:.4f} before, {errors[1]:.4f} after (on lists "
            f"that were held out)\n{table(self.after)}"
        )


def calibrate(
    source: Path, lists: Path, method: str, target: Path, options: argparse.Namespace
) -> str:
    """Score the lists, fit, and publish the bundle with the calibration.

    Returns:
        Lines for the terminal.

    Raises:
        SetUpError: the lists have too little to fit on, or the target cannot be written.
        BundleError: the bundle is damaged, or returns scores instead of logits.
        DataError: the file of lists has malformed rows.
    """
    check_target(target)
    bundle = Bundle.open(source)
    if not bundle.score.has_logits:
        raise BundleError(
            f"its graph returns scores ({bundle.manifest.score_function}), and a calibration takes "
            "logits; export the checkpoint with this release",
            field=f"bundle {source}",
        )
    pairs = read_labelled_pairs(lists, options.max_bad_rows)
    relevant = np.asarray(pairs.labels) > 0
    check_rows(method, relevant, str(lists))
    margins = _margins(source, bundle, pairs, options)
    found = _fitted(method, margins, relevant, np.asarray(pairs.lists), lists, options.seed)
    manifest = replace(bundle.manifest, calibration=found.calibration).sealed()
    _publish(bundle, manifest, found, target)
    return f"{found}\n{target}: {bundle.manifest.version} is now {manifest.version}"


def _fitted(
    method: str,
    margins: NDArray[np.float64],
    relevant: NDArray[np.bool_],
    lists: NDArray[np.int64],
    file: Path,
    seed: int,
) -> Calibrated:
    held_out = cross_fitted(method, margins, relevant, lists, seed)
    fitted_on = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "rows": len(relevant),
        "relevant": int(relevant.sum()),
        "lists": len(np.unique(lists)),
    }
    return Calibrated(
        Calibration(method, fit(method, margins, relevant), fitted_on),
        reliability(sigmoid(margins), relevant),
        reliability(held_out, relevant),
    )


def _margins(
    source: Path, bundle: Bundle, pairs: LabelledPairs, options: argparse.Namespace
) -> NDArray[np.float64]:
    """Of all rows, by the engine that ``export.predict`` takes."""
    graph = open_model_dir(source)
    used = available_options(
        InferenceOptions(
            device="cpu",
            cpu_threads=options.cpu_threads,
            max_seq_length=graph.encoder.max_seq_length,
        )
    )
    rows = encode(graph.encoder, pairs.texts, pairs.queries, pairs.titles)
    return margins_of(engine_of(graph, used), bundle.score, graph.encoder, rows)


def _publish(bundle: Bundle, manifest: Manifest, found: Calibrated, target: Path) -> None:
    """Copy the bundle with another manifest, plot and card, and put it in place in one step."""
    try:
        with replacement(target.resolve()) as staging:
            shutil.copytree(bundle.root, staging, dirs_exist_ok=True, copy_function=shutil.copyfile)
            (staging / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
            curves = {"without calibration": found.before, found.calibration.method: found.after}
            (staging / RELIABILITY_FILE).write_text(plot(curves), encoding="utf-8")
            card = staging / MODEL_CARD_FILE
            if card.is_file():
                text = with_section(card.read_text(encoding="utf-8"), _section(found))
                card.write_text(text, encoding="utf-8")
            Bundle.open(staging)
    except OSError as error:
        raise SetUpError(f"cannot be written ({error})", field=f"bundle {target}") from error


def _section(found: Calibrated) -> str:
    return reliability_section(
        found.calibration.method,
        found.calibration.fitted_on,
        expected_calibration_error(found.before),
        expected_calibration_error(found.after),
        RELIABILITY_FILE,
    )


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="calibrate", description="Make a bundle's scores probabilities, by held-out lists."
    )
    add = parser.add_argument
    add("--bundle", type=Path, required=True, help="such as serving_models/pairwise")
    add(
        "--lists",
        type=Path,
        required=True,
        help="rows of query, title and label that neither training nor the choice of best has seen",
    )
    add("--method", choices=METHODS, default=PLATT, help="default: %(default)s")
    add("--output", type=Path, help="directory of the new bundle (default: it replaces the old)")
    add("--seed", type=int, default=1000, help="of the lists held out (default: %(default)s)")
    add("--max_bad_rows", type=int, default=0, help="malformed rows to skip (default: 0)")
    add("--cpu_threads", type=positive_int, default=10, help="default: %(default)s")
    add_tokenizer_threads(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Calibrate with parsed options."""
    set_tokenizer_threads(options.tokenizer_threads)
    target = options.output or options.bundle
    print(calibrate(options.bundle, options.lists, options.method, target, options))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
