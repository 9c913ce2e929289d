# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes with half the batch end where one process with the whole batch ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import numpy as np

from tests.train.conftest import Files, write_model
from train.model.checkpoint import PARAMETERS_FILE, read_parameters

_LINE = (
    "train_ce: device: paddle.distributed.launch started this process for a GPU, but it computes "
    "on the CPU; on a CPU use --nproc_per_node N --backend gloo in place of --gpus, or no "
    "launcher\n"
)
_FLAGS = ("--device", "cpu", "--max_seq_length", "32", "--max_steps", "20", "--eval_step", "1000")


def test_two_processes_equal_one(
    files: Files, train_ce: Callable[..., int], repository: Path, tmp_path: Path
) -> None:
    """No dropout, so that both see the same sums; 119 rows, so that one batch is dealt unevenly."""
    still = write_model(
        tmp_path / "model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    one, two, logs = (tmp_path / name for name in ("one", "two", "logs"))
    assert train_ce(one, "--model_name_or_path", still) == 0
    command = [
        *(sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2"),
        *("--backend", "gloo", "--log_dir", str(logs), "train/train_ce.py", *_FLAGS),
        *("--train_set", str(files.pairs), "--test_file", str(files.dev), "--save_dir", str(two)),
        *("--model_name_or_path", str(still), "--batch_size", "4"),
        *("--learning_rate", "1e-3", "--warmup_proportion", "0.2"),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]

    alone = read_parameters(one / "last" / PARAMETERS_FILE)
    together = read_parameters(two / "last" / PARAMETERS_FILE)
    assert alone.keys() == together.keys()
    largest = max(float(np.abs(alone[name] - together[name]).max()) for name in alone)
    assert largest < 1e-5

    second = next(logs.glob("workerlog.1")).read_text(encoding="utf-8")
    assert "global step" not in second, "only process 0 writes"
    assert sorted(path.name for path in two.iterdir()) == ["best", "last", "model_20"]


def test_processes_started_for_gpus_do_not_join_on_the_cpu(
    files: Files, repository: Path, tmp_path: Path
) -> None:
    """What the launcher tells its processes where there are GPUs, with ``--device cpu``."""
    command = [
        *(sys.executable, "-m", "train.train_ce", *_FLAGS, "--train_set", str(files.pairs)),
        *("--test_file", str(files.dev), "--model_name_or_path", str(files.model)),
        *("--save_dir", str(tmp_path / "run")),
    ]
    told = {"PADDLE_TRAINERS_NUM": "2", "PADDLE_TRAINER_ID": "0", "FLAGS_selected_gpus": "0"}
    run = subprocess.run(
        command,
        cwd=repository,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (2, _LINE)
    assert not (tmp_path / "run").exists()
