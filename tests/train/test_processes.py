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
import pytest

from tests.train.conftest import Files, write_model
from train.model.checkpoint import PARAMETERS_FILE, read_json, read_parameters

_LINE = (
    "train_ce: device: paddle.distributed.launch started this process for a GPU, but it computes "
    "on the CPU; on a CPU use --nproc_per_node N --backend gloo in place of --gpus, or no "
    "launcher\n"
)
_FLAGS = ("--device", "cpu", "--max_seq_length", "32", "--max_steps", "20", "--eval_step", "1000")


def launch(repository: Path, files: Files, save_dir: Path, *flags: object) -> str:
    """Train in two processes; gives what process 0 printed, and looks that the other is silent."""
    logs = save_dir.parent / f"{save_dir.name}.logs"
    command = [
        *(sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2"),
        *("--backend", "gloo", "--log_dir", str(logs), "train/train_ce.py", *_FLAGS),
        *("--train_set", str(files.pairs), "--test_file", str(files.dev)),
        *("--model_name_or_path", str(files.model), "--batch_size", "4"),
        *("--save_dir", str(save_dir)),
        *("--learning_rate", "1e-3", "--warmup_proportion", "0.2", *map(str, flags)),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=280
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    second = next(logs.glob("workerlog.1")).read_text(encoding="utf-8")
    assert "global step" not in second and "eval_dev" not in second, "only process 0 writes"
    return next(logs.glob("workerlog.0")).read_text(encoding="utf-8")


def largest_difference(one: Path, other: Path) -> float:
    alone = read_parameters(one / "last" / PARAMETERS_FILE)
    together = read_parameters(other / "last" / PARAMETERS_FILE)
    assert alone.keys() == together.keys()
    return max(float(np.abs(alone[name] - together[name]).max()) for name in alone)


_LISTS = ("--loss", "listnet", "--loss", "cross_entropy:0.5", "--list_size", 4)


# gradients are shared in another way where passes are kept back, layers are computed again, and a
# row has two passes
@pytest.mark.parametrize(
    ("which", "batch_size", "flags"),
    [
        ("pairs", 8, ()),
        ("dev", 30, _LISTS),
        ("pairs", 8, ("--gradient_accumulation_steps", 2, "--ema_decay", 0.8)),
        (
            *("pairs", 8),
            ("--gradient_accumulation_steps", 2, "--gradient_checkpointing", "--rdrop", 0.5),
        ),
    ],
)
def test_two_processes_equal_one(
    files: Files,
    train_ce: Callable[..., int],
    repository: Path,
    tmp_path: Path,
    which: str,
    batch_size: int,
    flags: tuple[object, ...],
) -> None:
    """No dropout, so that both see the same sums; 119 rows, so that one batch is dealt unevenly.

    Of ten lists of four titles drawn one batch has seven.
    """
    still = write_model(
        tmp_path / "model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    one, two = tmp_path / "one", tmp_path / "two"
    own = ("--model_name_or_path", still, "--train_set", getattr(files, which), *flags)
    assert train_ce(one, *own, "--batch_size", batch_size) == 0
    launch(repository, files, two, *own, "--batch_size", batch_size // 2)
    assert largest_difference(one, two) < 1e-5
    left = sorted(path.name for path in two.iterdir())
    assert left == ["best", "curves.svg", "last", "logs", "model_20", "run.json"]
    assert read_json(two / "run.json")["processes"] == 2


def test_two_processes_stop_early_together_and_have_one_adversary_each(
    files: Files, repository: Path, tmp_path: Path
) -> None:
    """At a rate of 0 nothing is ever gained; a process that went on alone would wait for ever."""
    flags = ("--learning_rate", 0, "--eval_step", 2, "--early_stopping", 2, "--fgm", 0.5)
    said = launch(repository, files, tmp_path / "run", *flags)
    assert said.count("early stopping at step 6: no gain of NDCG@10 in 2 evaluations") == 1


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
