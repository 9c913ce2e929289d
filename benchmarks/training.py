# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Times a step of training beside a plain PyTorch loop, on the same rows from the same weights.

Run in the training environment as ``python -m benchmarks.training``; the other side needs
``make setup-peers``. Both sides take turns, each in a process of its own, and do all that a step
takes: padding, forward, backward, gradients clipped by their norm, AdamW.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Optional

import numpy as np

from benchmarks import machine
from benchmarks.environments import PEERS_PYTHON
from child_services.child import REPOSITORY
from contract.encoding import VOCAB_FILE, PairEncoder
from contract.environment.cpu import prepare_math_library
from contract.errors import SetUpError

OURS, PEER = "ours", "PyTorch"
CHECKPOINT_DIR, HUGGING_FACE_DIR, ROWS_FILE = "checkpoint", "hugging_face", "rows.tsv"
TOKENS_FILE = "tokens.npz"
_MODULES = {OURS: "benchmarks.training_steps", PEER: "benchmarks.peers.training_steps"}
_VOCABULARY = REPOSITORY / "serving_models" / "cross_encoder" / "tokenizer" / VOCAB_FILE
_LONGEST = 64
# the first steps of a process allocate
_WARM_STEPS = 4
# what rounding makes of a loss in so many steps
_SAME_LOSS = 1e-3


class Shape(NamedTuple):
    """A tower, and how it is trained.

    Attributes:
        config: what differs from ``train/configs/small.json``.
        vocab_size: rows of the embedding.
        batch: rows of a step.
    """

    config: dict[str, Any]
    vocab_size: int
    batch: int


def _ernie(layers: int, hidden: int) -> dict[str, Any]:
    """As PaddleNLP's ERNIE 3.0 of such a size, but for its 2,048 positions and its task types."""
    return {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "intermediate_size": 4 * hidden,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
    }


SHAPES = {
    "small": Shape({}, 8000, 64),
    "mini": Shape(_ernie(6, 384), 40000, 16),
    "medium": Shape(_ernie(6, 768), 40000, 8),
}


def prepare(shape: Shape, steps: int, folder: Path) -> None:
    """Write random weights for both sides, rows, and their tokens for the other side."""
    from benchmarks.shapes import write_checkpoint
    from export.to_huggingface import main as to_huggingface

    config = json.loads((REPOSITORY / "train/configs/small.json").read_text(encoding="utf-8"))
    config.update(shape.config)
    words = _VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n")
    more = [f"[unused-{number}]" for number in range(shape.vocab_size - len(words))]
    checkpoint, hugging_face = folder / CHECKPOINT_DIR, folder / HUGGING_FACE_DIR
    checkpoint.mkdir()
    write_checkpoint(checkpoint, "cross_encoder", config, words + more, _LONGEST)
    options = ["--params_path", str(checkpoint), "--output", str(hugging_face), "--num_labels", "2"]
    if to_huggingface(options):
        raise SetUpError("could not be written", field=str(hugging_face))
    _write_rows(PairEncoder.load(checkpoint, _LONGEST), words, steps * shape.batch, folder)


def _write_rows(encoder: PairEncoder, words: Sequence[str], count: int, folder: Path) -> None:
    draw = random.Random(7)
    characters = [word for word in words if len(word) == 1 and "\u4e00" <= word <= "\u9fff"]

    def text(shortest: int, longest: int) -> str:
        return "".join(draw.choices(characters, k=draw.randint(shortest, longest)))

    pairs = [(text(4, 16), text(8, _LONGEST - 19)) for _ in range(count)]
    labels = [draw.randrange(2) for _ in pairs]
    lines = [f"{query}\t{title}\t{label}\n" for (query, title), label in zip(pairs, labels)]
    (folder / ROWS_FILE).write_text("query\ttitle\tlabel\n" + "".join(lines), encoding="utf-8")
    rows = [(np.asarray(row.input_ids), row.token_type_ids) for row in encoder.encode_pairs(pairs)]
    np.savez(
        folder / TOKENS_FILE,
        input_ids=np.concatenate([ids for ids, _ in rows]),
        token_type_ids=np.concatenate([types for _, types in rows]),
        lengths=[len(ids) for ids, _ in rows],
        labels=labels,
    )


class Turn(NamedTuple):
    """What one side did.

    Attributes:
        losses: of all steps.
        wall_ms: of a step, a mean without the first ones.
        cpu_ms: of the thread that trains, alike; other work on the machine changes it less.
    """

    losses: list[float]
    wall_ms: float
    cpu_ms: float


def turn(python: str, side: str, shape: Shape, folder: Path, threads: int) -> Turn:
    """Have one side take all steps in a new process."""
    command = [python, "-m", _MODULES[side], str(folder), str(shape.batch), str(threads)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise SetUpError(f"could not train: {last}", field=side)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    wall, cpu = (1000 * float(np.mean(found[name][_WARM_STEPS:])) for name in ("seconds", "cpu"))
    return Turn(found["losses"], wall, cpu)


def measure(name: str, options: argparse.Namespace) -> str:
    """One line of the table: milliseconds of a step on either side, and how they compare."""
    shape = SHAPES[name]
    pythons = {OURS: sys.executable, PEER: options.peer_python}
    turns: dict[str, list[Turn]] = {OURS: [], PEER: []}
    with TemporaryDirectory(prefix="training-") as place:
        prepare(shape, _WARM_STEPS + options.steps, Path(place))
        for number in range(options.turns):
            for side in (OURS, PEER) if number % 2 else (PEER, OURS):
                found = turn(pythons[side], side, shape, Path(place), options.threads)
                turns[side].append(found)
    return line_of(name, turns[OURS], turns[PEER])


def line_of(name: str, ours: Sequence[Turn], peer: Sequence[Turn]) -> str:
    """Medians of both sides and of the ratios of turns that followed each other.

    Raises:
        SetUpError: the losses of a shape without dropout differ.
    """
    same = "-"
    if not SHAPES[name].config.get("hidden_dropout_prob"):
        difference = float(np.abs(np.subtract(ours[-1].losses, peer[-1].losses)).max())
        if not difference <= _SAME_LOSS:
            raise SetUpError(f"losses differ by {difference:.1e}, so they train apart", field=name)
        same = f"{difference:.0e}"
    cells = [name, str(SHAPES[name].batch)]
    for of_turn in (attrgetter("wall_ms"), attrgetter("cpu_ms")):
        columns = [of_turn(one) for one in ours], [of_turn(other) for other in peer]
        cells += [f"{median(column):.0f}" for column in columns]
        cells.append(f"{median(one / other for one, other in zip(*columns)):.2f}")
    return f"| {' | '.join([*cells, same])} |"


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="training", description="Time a step of training beside a plain PyTorch loop."
    )
    add = parser.add_argument
    add("--shape", nargs="+", choices=SHAPES, default=list(SHAPES), help="default: all")
    add("--threads", type=int, default=2, help="of both sides (default: %(default)s)")
    add("--steps", type=int, default=30, help="that a turn times (default: %(default)s)")
    add("--turns", type=int, default=5, help="of each side (default: %(default)s)")
    add("--peer_python", default=str(PEERS_PYTHON), help="that has torch (default: %(default)s)")
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    options = make_parser().parse_args(arguments)
    prepare_math_library()
    print(machine.line(machine.facts()))
    print(f"{options.threads} threads, {options.turns} turns of {options.steps} steps; ms a step\n")
    print("| shape | rows | ours | PyTorch | ratio | CPU, ours | PyTorch | ratio | losses apart |")
    print("|---|---|---|---|---|---|---|---|---|")
    try:
        for name in options.shape:
            print(measure(name, options), flush=True)
    except SetUpError as error:
        print(f"benchmarks.training: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
