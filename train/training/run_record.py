# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run leaves beside its checkpoints: run.json, event files and curves.svg.

``run.json`` says what it takes to repeat the run and what came of it. All of it is written on the
way, so that a run that was killed has its own as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable, Optional

from contract.errors import SetUpError
from train.evaluation.metrics import NDCG
from train.model.checkpoint import read_json
from train.model.device import world_size
from train.training.curves import draw
from train.training.event_files import EventFiles
from train.training.identity import content_of, digests_in
from train.training.provenance import git_commit, machine, versions
from train.training.snapshot import project_version

RUN_FILE = "run.json"
CURVES_FILE = "curves.svg"
LOGS = "logs"
RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped early", "failed"
LOSS, RATE, SPEED = "loss", "learning_rate", "steps_per_second"
_TAGS = {LOSS: "train/loss", RATE: "train/learning_rate", SPEED: "train/steps_per_second"}


def run_facts(
    options: argparse.Namespace, identity: Mapping[str, Any], device: str
) -> dict[str, Any]:
    """What it takes to repeat a run, as plain values."""
    stated = {name: content for name, content in vars(options).items() if name != "command_line"}
    # the identity leaves out what a resumed run has from its checkpoint
    begun = {name: content_of(stated[name]) for name in ("model_name_or_path", "init_from_ckpt")}
    files = [
        {"option": name, "value": stated.get(name), "sha256": digest}
        for name, digest in digests_in({**begun, **identity})
    ]
    return {
        "format": 1,
        "command": options.command_line,
        "directory": str(Path.cwd()),
        "options": stated,
        "files": files,
        "seed": options.seed,
        "steps": identity["steps"],
        "processes": world_size(),
        "versions": versions(project_version()),
        "machine": machine(device),
        "git": git_commit(),
    }


class RunRecord:
    """The figures of a run over its steps, and where they are written.

    A disk that takes no more of them is said once, and does not end the run.

    Attributes:
        save_dir: where they are written.
    """

    def __init__(self, save_dir: Path, facts: Mapping[str, Any], *, writes: bool = True) -> None:
        """Keep the facts; nothing is written before :meth:`begin`, or at all without ``writes``."""
        self.save_dir = save_dir
        self._writes = writes
        self._content: dict[str, Any] = {**facts, "state": RUNNING, "started": _now()}
        self._figures: dict[str, list[list[float]]] = {}
        self._events: Optional[EventFiles] = None
        self._failed = False

    def begin(self, step: int, earlier: Optional[Path] = None) -> None:
        """Begin at ``step``, with the figures up to there of an earlier ``run.json``, if any."""
        if step and earlier is not None:
            self._take_over(earlier, step)
        self._content["begun_at_step"] = step
        self._try(lambda: self._open_events(step))
        self.write()

    def _take_over(self, earlier: Path, step: int) -> None:
        try:
            content = read_json(earlier)
        except SetUpError:
            return
        for name, points in content.get("figures", {}).items():
            self._figures[name] = [point for point in points if point[0] <= step]
        best = content.get("best")
        if best and best["step"] <= step:
            self._content["best"] = best

    def _open_events(self, step: int) -> None:
        self._events = EventFiles(self.save_dir / LOGS, step)

    def add(self, name: str, step: int, value: float, interval: Sequence[float] = ()) -> None:
        """A figure of a step, and the ends of its 95 % interval if it has one."""
        self._figures.setdefault(name, []).append([step, value, *interval])
        if self._events:
            events, tag = self._events, _TAGS.get(name, f"dev/{name}")
            self._try(lambda: events.add(tag, value, step))

    def best(self, step: int, figures: Mapping[str, Any], lists: Sequence[float]) -> None:
        """The best evaluation so far, with the value of every dev list of what chose it."""
        values = [round(value, 5) for value in lists]
        self._content["best"] = {"step": step, "figures": dict(figures), "lists": values}

    def end(self, state: str, reason: Optional[str] = None) -> None:
        """The run is over."""
        self._content.update({"state": state, "ended": _now()})
        if reason:
            self._content["reason"] = reason
        self.write()
        if self._events:
            self._try(self._events.close)

    def write(self) -> None:
        """Bring the files up to date."""
        self._try(self._write)

    def _write(self) -> None:
        content = {**self._content, "figures": self._figures}
        _replace(
            self.save_dir / RUN_FILE, json.dumps(content, ensure_ascii=False, indent=1, default=str)
        )
        titles = {
            LOSS: LOSS,
            NDCG: f"{NDCG} of the dev lists, 95 % interval",
            RATE: "learning rate",
        }
        curves = {titles[name]: self._figures[name] for name in titles if name in self._figures}
        if not curves.get(titles[NDCG]) and self._figures.get("AUC"):
            curves["AUC of the dev rows"] = self._figures["AUC"]
        _replace(self.save_dir / CURVES_FILE, draw(curves))
        if self._events:
            self._events.flush()

    def _try(self, action: Callable[[], object]) -> None:
        try:
            if self._writes:
                action()
        except OSError as error:
            if not self._failed:
                where = error.filename or self.save_dir
                print(
                    f"{where}: cannot be written ({error.strerror}); the run goes on, and its "
                    f"{RUN_FILE}, {LOGS} and {CURVES_FILE} may lack figures",
                    file=sys.stderr,
                )
            self._failed = True


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _replace(file: Path, text: str) -> None:
    """Put a whole new file in place of the old one."""
    work = file.with_name(f".{file.name}.new")
    work.write_text(text + "\n", encoding="utf-8")
    work.replace(file)
