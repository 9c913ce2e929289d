# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Save in a checkpoint where training stands, and restore it, so that a run can be resumed."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
import paddle
from numpy.typing import NDArray

from contract.errors import SetUpError
from contract.text.rules import OF_OLDER_FILES
from train.model.backbone import Backbone
from train.model.checkpoint import (
    OPTIMIZER_FILE,
    PARAMETERS_FILE,
    RANKER_FILE,
    STATE_FILE,
    atomic_directory,
    link_directory,
    read_arrays,
    read_json,
    write_json,
)
from train.model.ranker import SCORE_FUNCTION_OF, save_parameters
from train.model.tokenizer_files import copy_tokenizer

_PROJECT_FILE = Path(__file__).resolve().parents[2] / "pyproject.toml"
# what a checkpoint of an older release does not say
_UNSTATED = OF_OLDER_FILES._asdict()
_RATE_KEYS = ("last_epoch", "last_lr")


@dataclass
class Progress:
    """Position of a run: steps done, epoch from 1, batches done in it, and the dev metrics."""

    step: int = 0
    epoch: int = 1
    batch: int = 0
    best: Optional[float] = None
    evaluated_at: int = -1
    metrics: dict[str, Optional[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """What must be the same for a run to go on: its rows, and how batches are made of them."""

    ranker: str
    model_name_or_path: str
    seed: int
    rows: int
    batch_size: int
    max_seq_length: int
    length_bucketing: bool
    truncation: str
    normalization: str


class Snapshots:
    """The checkpoints of one run under its ``save_dir``."""

    def __init__(self, save_dir: Path, identity: Identity, backbone: Backbone) -> None:
        """Remember what every checkpoint of the run has in common."""
        self._save_dir = save_dir
        self._identity = identity
        self._backbone = backbone

    def save(
        self, name: str, model: Any, optimizer: Any, rate: Any, scaler: Any, progress: Progress
    ) -> None:
        """Write ``<save_dir>/<name>``; an interrupted write leaves what was there before."""
        with atomic_directory(self._save_dir / name) as directory:
            save_parameters(model, directory / PARAMETERS_FILE)
            self._backbone.config.save_pretrained(str(directory))
            copy_tokenizer(self._backbone.tokenizer_dir, directory)
            write_json(directory / RANKER_FILE, self._about(progress))
            state = {
                "identity": asdict(self._identity),
                "progress": asdict(progress),
                "learning_rate": {key: rate.state_dict()[key] for key in _RATE_KEYS},
                "scaler": _scaler_state(scaler),
            }
            write_json(directory / STATE_FILE, state)
            # Any, because savez's own flags could be among the names as far as its types know
            moments: dict[str, Any] = {**_moments(model, optimizer)}
            np.savez(directory / OPTIMIZER_FILE, **moments)

    def keep_as_last(self, name: str) -> None:
        """Make ``<save_dir>/last`` the checkpoint ``name``."""
        link_directory(self._save_dir / name, self._save_dir / "last")

    def restore(self, directory: Path, model: Any, optimizer: Any, scaler: Any) -> Progress:
        """Put back all but the parameters.

        Raises:
            SetUpError: the checkpoint was made with other rows, batches or seed.
        """
        state = read_json(directory / STATE_FILE)
        try:
            self._check(state["identity"])
            progress = Progress(**state["progress"])
            moments = _named_moments(model, read_arrays(directory / OPTIMIZER_FILE))
            # Paddle sets the optimiser's own scheduler from this key, and asks for it
            optimizer.set_state_dict({"LR_Scheduler": state["learning_rate"], **moments})
            if scaler is not None and state["scaler"]:
                scaler.load_state_dict(_arrays_of(state["scaler"]))
        except (KeyError, TypeError) as error:
            raise SetUpError(
                f"does not belong to its parameters ({error}); to start again from its weights, "
                "give the checkpoint as --model_name_or_path",
                field=str(directory / STATE_FILE),
            ) from error
        if not (self._save_dir / "best").is_dir():
            progress.best = None
        return progress

    def _check(self, saved: dict[str, Any]) -> None:
        for name, value in asdict(self._identity).items():
            stated = _UNSTATED[name] if name in _UNSTATED and name not in saved else saved[name]
            if name != "model_name_or_path" and stated != value:
                raise SetUpError(
                    f"the checkpoint has {name} {stated}, this run has {value}; to start "
                    "again from its weights, give the checkpoint as --model_name_or_path",
                    field="init_from_ckpt",
                )

    def _about(self, progress: Progress) -> dict[str, Any]:
        identity = self._identity
        return {
            "format": 1,
            "ranker": identity.ranker,
            "score_function": SCORE_FUNCTION_OF[identity.ranker],
            "max_seq_length": identity.max_seq_length,
            "truncation": identity.truncation,
            "normalization": identity.normalization,
            "step": progress.step,
            "epoch": progress.epoch,
            "model_name_or_path": identity.model_name_or_path,
            "seed": identity.seed,
            "metrics": progress.metrics,
            "version": project_version(),
        }


def project_version() -> str:
    """The version that ``pyproject.toml`` states; the project runs from its checkout."""
    try:
        text = _PROJECT_FILE.read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = re.search(r'^version = "([^"]+)"$', text, flags=re.MULTILINE)
    return found.group(1) if found else "unknown"


def _moments(model: Any, optimizer: Any) -> dict[str, NDArray[Any]]:
    """The optimiser's arrays under the model's own names, which are the same in every process.

    Paddle names them after a counter, as in ``linear_3.w_0_moment1_0``.
    """
    names = {parameter.name: name for name, parameter in model.named_parameters()}
    result = {}
    for key, value in optimizer.state_dict().items():
        head, separator, tail = key.rpartition("_moment")
        if not separator:
            head, separator, tail = key.rpartition("_beta")
        if separator:
            result[f"{names[head]}|{separator}{tail}"] = np.asarray(value)
    return result


def _named_moments(model: Any, moments: dict[str, NDArray[Any]]) -> dict[str, Any]:
    parameters = {name: parameter.name for name, parameter in model.named_parameters()}
    result = {}
    for key, value in moments.items():
        name, _, suffix = key.partition("|")
        result[parameters[name] + suffix] = paddle.to_tensor(value)
    return result


def _scaler_state(scaler: Any) -> Optional[dict[str, Any]]:
    if scaler is None:
        return None
    return {k: np.asarray(v).tolist() for k, v in scaler.state_dict().items()}


def _arrays_of(state: dict[str, Any]) -> dict[str, Any]:
    """GradScaler keeps its scale as a float32 array of one element, the rest as numbers."""
    return {k: np.asarray(v, dtype=np.float32) if k == "scale" else v for k, v in state.items()}
