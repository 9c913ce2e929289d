# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Save in a checkpoint where training stands, and restore it, so that a run can be resumed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
import paddle
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.model.checkpoint import (
    OPTIMIZER_FILE,
    PARAMETERS_FILE,
    RANKER_FILE,
    STATE_FILE,
    WEIGHTS_FILE,
    atomic_directory,
    link_directory,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)
from train.model.family import Backbone
from train.model.ranker import SCORE_FUNCTION_OF, save_parameters
from train.model.tokenizer_files import copy_tokenizer
from train.training.disk import remove_oldest, steps_kept, written
from train.training.identity import check_identity
from train.training.update import Learner

_PROJECT_FILE = Path(__file__).resolve().parents[2] / "pyproject.toml"
_RATE_KEYS = ("last_epoch", "last_lr")


@dataclass
class Progress:
    """Position of a run: steps done, epoch from 1, batches done in it, and the dev metrics.

    Attributes:
        best: the largest value of the metric that chooses, and ``best_step`` where it was.
        without_gain: evaluations since then.
    """

    step: int = 0
    epoch: int = 1
    batch: int = 0
    best: Optional[float] = None
    best_step: Optional[int] = None
    without_gain: int = 0
    evaluated_at: int = -1
    metrics: dict[str, Optional[float]] = field(default_factory=dict)


class Snapshots:
    """The checkpoints of one run under its ``save_dir``."""

    def __init__(
        self, save_dir: Path, identity: Mapping[str, Any], about: About, backbone: Backbone
    ) -> None:
        """Remember what every checkpoint of the run has in common.

        Args:
            save_dir: where checkpoints go.
            identity: what must be the same for the run to be resumed.
            about: the facts that whoever loads a checkpoint needs.
            backbone: its configuration and tokenizer go into each.
        """
        self._save_dir = save_dir
        self._identity = identity
        self._facts = about
        self._backbone = backbone
        # the newest that was written, and what progress it holds
        self._written: Optional[tuple[str, Progress]] = None

    def save(self, name: str, learner: Learner, progress: Progress) -> None:
        """Write ``<save_dir>/<name>``; an interrupted write leaves what was there before.

        Raises:
            SetUpError: the disk is full, or cannot be written to.
        """
        path = self._save_dir / name
        with written(path):
            same = self._same_progress(progress)
            if same:
                link_directory(same, path)
                return
            with atomic_directory(path) as directory:
                self._write(directory, learner, progress)
        self._written = name, replace(progress)

    def _same_progress(self, progress: Progress) -> Optional[Path]:
        """A checkpoint that holds what is to be written: ``best``, where this step is the best."""
        if self._written is None or self._written[1] != progress:
            return None
        path = self._save_dir / self._written[0]
        return path if path.is_dir() else None

    def _write(self, directory: Path, learner: Learner, progress: Progress) -> None:
        if learner.average:
            with learner.average.in_place() as trained:
                save_parameters(learner.model, directory / PARAMETERS_FILE)
            write_arrays(directory / WEIGHTS_FILE, trained)
        else:
            save_parameters(learner.model, directory / PARAMETERS_FILE)
        self._backbone.config.save_pretrained(str(directory))
        copy_tokenizer(self._backbone.tokenizer_dir, directory)
        write_json(directory / RANKER_FILE, self._about(progress))
        state = {
            "identity": dict(self._identity),
            "progress": asdict(progress),
            "learning_rate": {key: learner.rate.state_dict()[key] for key in _RATE_KEYS},
            "scaler": _scaler_state(learner.scaler),
        }
        write_json(directory / STATE_FILE, state)
        write_arrays(directory / OPTIMIZER_FILE, _moments(learner.model, learner.optimizer))

    def keep_as_last(self, name: str) -> None:
        """Make ``<save_dir>/last`` the checkpoint ``name``.

        Raises:
            SetUpError: the disk is full, or cannot be written to.
        """
        path = self._save_dir / "last"
        with written(path):
            link_directory(self._save_dir / name, path)

    def remove_oldest(self, until: int, limit: int) -> list[int]:
        """Remove all but the newest ``limit`` of the ``model_STEP`` of this run, of 0 none.

        Those of another run in the same place, or of steps after ``until``, stay.

        Returns:
            The steps whose checkpoints were removed.
        """
        own = [
            step
            for step in steps_kept(self._save_dir)
            if step <= until and self._is_own(self._save_dir / f"model_{step}" / STATE_FILE)
        ]
        return remove_oldest(self._save_dir, own, limit)

    def _is_own(self, state_file: Path) -> bool:
        return state_file.is_file() and read_json(state_file).get("identity") == self._identity

    def restore(self, directory: Path, learner: Learner) -> tuple[Progress, list[str]]:
        """Put back all that a checkpoint has, of a model that has its parameters already.

        Returns:
            Where the run stood, and names of options that the checkpoint does not state.

        Raises:
            SetUpError: the checkpoint was made with other rows, options or files.
        """
        state = read_json(directory / STATE_FILE)
        try:
            unstated = check_identity(state["identity"], self._identity)
            progress = Progress(**state["progress"])
            moments = _named_moments(learner.model, read_arrays(directory / OPTIMIZER_FILE))
            if learner.average and (directory / WEIGHTS_FILE).is_file():
                learner.average.restore(read_arrays(directory / WEIGHTS_FILE))
            # Paddle sets the optimiser's own scheduler from this key, and asks for it
            learner.optimizer.set_state_dict({"LR_Scheduler": state["learning_rate"], **moments})
            if learner.scaler is not None and state["scaler"]:
                learner.scaler.load_state_dict(_arrays_of(state["scaler"]))
        except (KeyError, TypeError) as error:
            raise SetUpError(
                f"does not belong to its parameters ({error}); to start again from its weights, "
                "give the checkpoint as --model_name_or_path",
                field=str(directory / STATE_FILE),
            ) from error
        # older releases wrote NaN, which nothing is better than
        if not (self._save_dir / "best").is_dir() or progress.best != progress.best:
            progress.best = progress.best_step = None
            progress.without_gain = 0
        return progress, unstated

    def _about(self, progress: Progress) -> dict[str, Any]:
        return {
            "format": 1,
            **self._facts._asdict(),
            "score_function": SCORE_FUNCTION_OF[self._facts.ranker],
            "step": progress.step,
            "epoch": progress.epoch,
            "metrics": progress.metrics,
            "version": project_version(),
        }


class About(NamedTuple):
    """What ``ranker.json`` says of every checkpoint of a run, under the same names."""

    ranker: str
    model_name_or_path: str
    max_seq_length: int
    truncation: str
    normalization: str
    seed: int


def stated_rate(directory: Path) -> Optional[float]:
    """The peak learning rate of the run that wrote a checkpoint, where it says."""
    if not (directory / STATE_FILE).is_file():
        return None
    identity = read_json(directory / STATE_FILE).get("identity", {})
    rate = identity.get("learning_rate")
    return None if rate is None else float(rate)


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
