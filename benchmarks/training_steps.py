# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Our side of benchmarks.training: takes steps as the training command does, and times each.

``python -m benchmarks.training_steps FOLDER BATCH THREADS`` prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.training import CHECKPOINT_DIR, ROWS_FILE
from contract.encoding import PairEncoder
from contract.environment.cpu import prepare_math_library

RATE, DECAY, WARMUP = 1e-4, 0.01, 0.1


def main() -> int:
    """Train on the rows of a folder, in their order."""
    folder, size, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    prepare_math_library()
    from train.data.dataset import read_labelled_pairs
    from train.data.lists import of_pairs
    from train.loss_options import LossChoice
    from train.model.backbone import find_backbone
    from train.model.device import set_device
    from train.model.layers import build_model
    from train.model.parameters import load_parameters
    from train.training.objective import ListObjective
    from train.training.optimizer import Rates
    from train.training.update import Learner, StepSettings

    set_device("cpu", threads)
    backbone = find_backbone(str(folder / CHECKPOINT_DIR))
    model = build_model("cross_encoder", backbone)
    load_parameters(model, backbone.parameters or {})
    model.train()
    choice = LossChoice({"cross_entropy": 1.0})
    lists = of_pairs(read_labelled_pairs(str(folder / ROWS_FILE)), choice)
    objective = ListObjective(lists, PairEncoder.load(folder / CHECKPOINT_DIR, 64), choice)
    batches = np.arange(lists.count).reshape(-1, size, 1)
    settings = StepSettings(seed=1, device="cpu")
    learner = Learner(model, objective, Rates(RATE, DECAY, WARMUP), settings, len(batches))
    losses, seconds, cpu = [], [], []
    for number, batch in enumerate(batches):
        start, started = time.perf_counter(), time.thread_time()
        loss = learner.step([batch], number)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.thread_time() - started)
        losses.append(float(loss.value) if loss else None)
    print(json.dumps({"losses": losses, "seconds": seconds, "cpu": cpu}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
