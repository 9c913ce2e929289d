# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Put a calibration into a checkpoint's last layer, so that its scores are probabilities.

Losses of lists say how far titles of one query should be apart, and leave open where zero is.
Platt's slope and intercept (Platt, 1999) are a factor and an addend of the logit, which the last
layer can take: no order changes, and every engine and service returns the same probabilities.
Run as ``python -m train.recipes.probabilities --init_from_ckpt DIR --lists FILE... --output DIR``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from contract.errors import SetUpError
from contract.rankers import PAIRWISE
from train.options import add_encoding_options, run_command

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Parameters = dict[str, NDArray[Any]]
    Margins = tuple[NDArray[np.float64], NDArray[np.bool_]]

# of the linear layers whose outputs are added to a logit
_HEADS = {PAIRWISE: "similarity"}
_HEAD = "classifier"
_EVIDENCE = ("evidence.figures", "evidence.output")


def scaled(parameters: Parameters, ranker: str, slope: float, intercept: float) -> Parameters:
    """Parameters of a ranker whose margin is ``slope * margin + intercept``.

    The margin is the only logit, or that of relevant minus that of irrelevant.

    Raises:
        SetUpError: the parameters have no such head.
    """
    head = _HEADS.get(ranker, _HEAD)
    if f"{head}.weight" not in parameters:
        raise SetUpError(f"has no layer {head} to put a calibration into", field="init_from_ckpt")
    result = dict(parameters)
    for layer in (head, *(name for name in _EVIDENCE if f"{name}.weight" in parameters)):
        for part in ("weight", "bias"):
            result[f"{layer}.{part}"] = parameters[f"{layer}.{part}"] * slope
    bias = result[f"{head}.bias"].copy()
    if len(bias) == 1:
        bias += intercept
    else:
        bias[0] -= intercept / 2
        bias[1] += intercept / 2
    result[f"{head}.bias"] = bias
    return result


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="probabilities",
        description="Put a calibration into a checkpoint's last layer, so that its scores are "
        "probabilities.",
    )
    add = parser.add_argument
    add("--init_from_ckpt", type=Path, required=True, help="checkpoint directory")
    add("--lists", nargs="+", required=True, help="rows of query, title, label to fit on")
    add("--output", type=Path, required=True, help="the new checkpoint directory")
    add_encoding_options(parser, max_seq_length=None)
    return parser


def run(options: argparse.Namespace) -> None:
    """Score the lists, fit, and write the checkpoint."""
    import numpy as np
    import paddle

    from contract.calibration import PLATT
    from train.evaluation.calibration import fit
    from train.model.checkpoint import PARAMETERS_FILE, atomic_directory, read_parameters
    from train.model.device import set_device
    from train.model.ranker import load_ranker

    set_device(options.device, options.cpu_threads)
    ranker = load_ranker(str(options.init_from_ckpt), max_seq_length=options.max_seq_length)
    found = [_margins(ranker, file, options) for file in options.lists]
    margins, relevant = (np.concatenate(column) for column in zip(*found))
    map_ = fit(PLATT, margins, relevant)
    parameters = read_parameters(options.init_from_ckpt / PARAMETERS_FILE)
    new = scaled(parameters, ranker.ranker, map_["slope"], map_["intercept"])
    with atomic_directory(options.output) as work:
        shutil.copytree(options.init_from_ckpt, work, dirs_exist_ok=True)
        tensors = {name: paddle.to_tensor(value) for name, value in new.items()}
        paddle.save(tensors, str(work / PARAMETERS_FILE))
    print(
        f"{options.output}: logits times {map_['slope']:.4f} plus {map_['intercept']:.4f}, fitted "
        f"on {len(margins)} rows, {int(relevant.sum())} relevant"
    )


def _margins(ranker: Any, file: str, options: argparse.Namespace) -> Margins:
    import numpy as np

    from train.data.dataset import encode, read_labelled_pairs
    from train.model.inference import margins

    pairs = read_labelled_pairs(file, options.max_bad_rows)
    rows = encode(ranker.encoder, pairs.texts, pairs.queries, pairs.titles)
    values = margins(ranker.model, ranker.encoder, rows, options.batch_size, ranker.score_function)
    return np.asarray(values, np.float64), np.asarray(pairs.labels) > 0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
