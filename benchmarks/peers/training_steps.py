# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The other side of benchmarks.training: a plain PyTorch loop around transformers' BERT.

``python -m benchmarks.peers.training_steps FOLDER BATCH THREADS`` prints one line of JSON. It runs
in the environment of ``make setup-peers``, and does what the training command does: the same
weights, rows, loss, linear rates, decay but of biases and norms, and clipping by the norm.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

# of each row its ids and its token types
Rows = list[tuple[Any, Any]]

_RATE, _DECAY, _WARMUP, _CLIP = 1e-4, 0.01, 0.1, 1.0


def main() -> int:
    """Train on the rows of a folder, in their order."""
    import torch
    from transformers import BertForSequenceClassification

    folder, size, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    config = json.loads((folder / "checkpoint" / "config.json").read_text(encoding="utf-8"))
    model = BertForSequenceClassification.from_pretrained(
        folder / "hugging_face",
        hidden_dropout_prob=config["hidden_dropout_prob"],
        attention_probs_dropout_prob=config["attention_probs_dropout_prob"],
    )
    model.train()
    batches = list(batches_of(np.load(folder / "tokens.npz"), size))
    steps = len(batches)
    warmup = int(steps * _WARMUP)
    optimizer = torch.optim.AdamW(_groups(model), lr=_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: step / warmup if step < warmup else (steps - step) / max(1, steps - warmup),
    )
    losses, seconds, cpu = [], [], []
    for rows, labels in batches:
        start, started = time.perf_counter(), time.thread_time()
        padded_rows = {name: torch.from_numpy(array) for name, array in padded(rows).items()}
        logits = model(**padded_rows).logits
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.thread_time() - started)
        losses.append(float(loss.detach()))
    print(json.dumps({"losses": losses, "seconds": seconds, "cpu": cpu}))
    return 0


def _groups(model: Any) -> list[dict[str, Any]]:
    named = list(model.named_parameters())
    plain = [p for name, p in named if "bias" in name or "LayerNorm" in name]
    decayed = [p for name, p in named if not ("bias" in name or "LayerNorm" in name)]
    return [{"params": decayed, "weight_decay": _DECAY}, {"params": plain, "weight_decay": 0.0}]


def batches_of(tokens: Mapping[str, Any], size: int) -> Iterator[tuple[Rows, Any]]:
    """Rows and labels of each step, in the order of the file."""
    ends = np.cumsum(tokens["lengths"])[:-1]
    columns = (np.split(tokens[name], ends) for name in ("input_ids", "token_type_ids"))
    rows = list(zip(*columns))
    for start in range(0, len(rows), size):
        yield rows[start : start + size], tokens["labels"][start : start + size]


def padded(rows: Rows) -> dict[str, Any]:
    """The inputs of BERT: ``[rows, longest]`` int64."""
    shape = len(rows), max(len(ids) for ids, _ in rows)
    names = ("input_ids", "token_type_ids", "attention_mask")
    arrays = {name: np.zeros(shape, dtype=np.int64) for name in names}
    for number, (ids, types) in enumerate(rows):
        arrays["input_ids"][number, : len(ids)] = ids
        arrays["token_type_ids"][number, : len(ids)] = types
        arrays["attention_mask"][number, : len(ids)] = 1
    return arrays


if __name__ == "__main__":
    sys.exit(main())
