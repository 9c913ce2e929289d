# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints on a disk that is full, that a killed run left a mess on, or that many would fill."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from train.model.checkpoint import (
    OPTIMIZER_FILE,
    PARAMETERS_FILE,
    REPLACED,
    STATE_FILE,
    link_directory,
    read_arrays,
    read_json,
    read_parameters,
)
from train.model.leftovers import clean_up
from train.training.disk import remove_oldest, too_little_room

Train = Callable[..., int]


def checkpoints(save_dir: Path) -> list[str]:
    return sorted(path.parent.name for path in save_dir.glob(f"*/{PARAMETERS_FILE}"))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk with so much room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# what is collected after the error must not complain of it once more
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("short_of", [PARAMETERS_FILE, OPTIMIZER_FILE])
def test_a_disk_that_is_full_is_one_line_and_what_was_there_stays_whole(
    ce_run: Path,
    train_ce: Train,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    short_of: str,
) -> None:
    save_dir = tmp_path / "run"
    for name in ("last", "best"):
        link_directory(ce_run / "model_10", save_dir / name)
    before = {name: contents(save_dir / name) for name in ("last", "best")}
    with no_file_larger_than((ce_run / "last" / short_of).stat().st_size // 2):
        assert train_ce(save_dir, "--max_steps", 2) == 2
    gc.collect()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"train_ce: {save_dir / 'best'}: cannot be written (File too large)")
    assert "kept whole: best, last; make room and resume with --init_from_ckpt" in line
    assert {name: contents(save_dir / name) for name in before} == before
    assert not [path.name for path in save_dir.iterdir() if path.name.startswith(".")]
    assert json.loads((save_dir / "run.json").read_text())["state"] == "failed"


def test_a_place_that_cannot_be_written_is_said_before_training(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert train_ce(tmp_path / "file" / "run") == 2
    captured = capsys.readouterr()
    assert "cannot be written (Not a directory); no checkpoint was kept" in captured.err
    assert "global step" not in captured.out


_KILLED = """
import sys, time
from pathlib import Path
from train.model.checkpoint import atomic_directory
with atomic_directory(Path(sys.argv[1]) / "model_10") as work:
    (work / "model_state.pdparams").write_bytes(bytes(3_000_000))
    print(work.name, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_left_goes_and_what_a_living_one_writes_stays(
    repository: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        left = tmp_path / writer.stdout.readline().strip()
        assert clean_up(tmp_path) == [] and left.is_dir()
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(timeout=10)
    assert left.is_dir()
    foreign = tmp_path / ".model_ten.notes"
    foreign.mkdir()
    assert clean_up(tmp_path) == [f"{left}: removed, left by a run that was killed (3.0 MB)"]
    assert [path.name for path in tmp_path.iterdir()] == [foreign.name]


def test_what_was_being_replaced_is_put_back(tmp_path: Path) -> None:
    """A process that was killed between both renames leaves no checkpoint in its place."""
    old = tmp_path / ".last.old.x1y2" / REPLACED
    old.mkdir(parents=True)
    (old / PARAMETERS_FILE).write_bytes(b"whole")
    (tmp_path / ".last.z9").mkdir()
    lines = clean_up(tmp_path)
    assert (tmp_path / "last" / PARAMETERS_FILE).read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    assert f"{tmp_path / 'last'}: put back, as the run that was replacing it was killed" in lines


def test_a_start_cleans_up(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".model_300.abcd").mkdir()
    assert train_ce(tmp_path, "--max_steps", 1) == 0
    assert ".model_300.abcd: removed, left by a run that was killed" in capsys.readouterr().out
    assert not (tmp_path / ".model_300.abcd").exists()


def test_a_run_resumes_from_what_was_being_replaced_when_it_was_killed(
    ce_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link_directory(ce_run / "model_10", tmp_path / ".last.old.x1y2" / REPLACED)
    assert train_ce(tmp_path, "--init_from_ckpt", tmp_path / "last", "--save_steps", 10) == 0
    assert f"{tmp_path / 'last'}: put back" in capsys.readouterr().out
    assert contents(tmp_path / "last").keys() == contents(ce_run / "last").keys()


def test_only_the_newest_checkpoints_stay_and_best_and_last_too(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--save_steps", 2, "--eval_step", 3, "--save_total_limit", 2, "--max_steps", 9)
    other = tmp_path / "model_4000"
    other.mkdir()
    assert train_ce(tmp_path, *flags) == 0
    assert checkpoints(tmp_path) == ["best", "last", "model_8", "model_9"]
    assert other.is_dir(), "it is not of this run"
    said = [line for line in capsys.readouterr().out.splitlines() if "is removed" in line]
    assert said == [f"model_{step} is removed: --save_total_limit is 2" for step in (2, 4, 6)]
    for name in ("best", "last"):
        assert read_parameters(tmp_path / name / PARAMETERS_FILE)
        assert read_arrays(tmp_path / name / OPTIMIZER_FILE)
    assert read_json(tmp_path / "last" / STATE_FILE)["progress"]["step"] == 9


def test_all_stay_where_that_is_asked_for(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        (tmp_path / f"model_{step}").mkdir()
    assert remove_oldest(tmp_path, [1, 2, 10], 0) == []
    assert remove_oldest(tmp_path, [10, 1, 2], 5) == []
    assert remove_oldest(tmp_path, [10, 1, 2], 1) == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["model_10"]


def test_a_step_that_is_the_best_is_stored_once(ce_run: Path) -> None:
    """The last step was evaluated and was the best, so that all three are one file."""
    inodes = {
        (ce_run / name / OPTIMIZER_FILE).stat().st_ino for name in ("best", "last", "model_20")
    }
    assert len(inodes) == 1
    assert read_json(ce_run / "best" / STATE_FILE) == read_json(ce_run / "last" / STATE_FILE)


def test_a_disk_that_will_be_too_small_is_said(tmp_path: Path) -> None:
    assert too_little_room(tmp_path, 1000, averaged=False) is None
    line = too_little_room(tmp_path, 10**14, averaged=True)
    assert line is not None and "a checkpoint takes 1600000.0 GB" in line
