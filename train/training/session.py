# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run one training command, from its options to its last checkpoint."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Callable, Optional

import paddle

from contract.cuts import Cuts, counted
from contract.encoding import PairEncoder
from contract.errors import SetUpError
from contract.text.rules import NEW_RULES, TextRules
from train.data.batches import BatchPlan
from train.data.dataset import read_labelled_pairs
from train.evaluation.dev_set import DevSet
from train.model import device
from train.model.backbone import find_backbone
from train.model.checkpoint import (
    RANKER_FILE,
    STATE_FILE,
    find_config,
    find_parameters,
    read_json,
    read_parameters,
)
from train.model.parameters import load_parameters
from train.model.ranker import (
    SCORE_FUNCTION_OF,
    build_model,
    initialise,
    load_ranker,
    make_encoder,
)
from train.options import named_rules
from train.training.loop import Settings, Trainer, steps_in
from train.training.objective import Objective, Teacher
from train.training.snapshot import Identity, Snapshots

MakeObjective = Callable[[PairEncoder, Optional[Teacher]], Objective]


def train(options: argparse.Namespace, ranker: str, make_objective: MakeObjective) -> None:
    """Run a training command.

    Raises:
        SetUpError: an option, a file or a checkpoint is not what it must be.
    """
    kind = device.set_device(options.device, options.cpu_threads)
    device.mixed_precision(options.use_amp, kind)
    device.join_processes(kind)
    paddle.seed(options.seed)
    parameters_file = find_parameters(options.init_from_ckpt) if options.init_from_ckpt else None
    backbone = find_backbone(*_backbone_source(options, parameters_file))
    rules = _rules(options, parameters_file)
    encoder = make_encoder(backbone, options.max_seq_length, rules)
    _check_rules(options, encoder)
    model = build_model(ranker, backbone)
    if parameters_file is None:
        _say(initialise(model, backbone, options.init, options.seed))
    else:
        _say(f"{parameters_file}: {load_parameters(model, read_parameters(parameters_file))}")

    started = time.perf_counter()
    objective = make_objective(encoder, _teacher(options))
    dev_pairs = read_labelled_pairs(options.test_file, options.max_bad_rows)
    dev_set = DevSet(dev_pairs, encoder, SCORE_FUNCTION_OF[ranker], options.batch_size)
    together = options.batch_size * device.world_size()
    plan = BatchPlan(objective.lengths, together, options.seed, options.length_bucketing)
    rows = len(objective.lengths)
    _say(
        f"{rows} training rows and {len(dev_pairs.labels)} dev rows "
        f"ready in {time.perf_counter() - started:.1f} s, {len(plan)} batches an epoch"
    )
    _say_cut("training", objective.cuts, objective.pairs)
    _say_cut("dev", dev_set.cuts, len(dev_pairs.labels))
    identity = Identity(
        ranker,
        options.model_name_or_path,
        options.seed,
        rows,
        together,
        options.max_seq_length,
        options.length_bucketing,
        **encoder.rules._asdict(),
    )
    snapshots = Snapshots(Path(options.save_dir), identity, backbone)
    settings = _settings(options, kind, steps_in(plan, options.epochs, options.max_steps))
    trainer = Trainer(model, objective, plan, dev_set, snapshots, settings)
    if parameters_file is not None:
        _resume(trainer, parameters_file.parent)
    trainer.run()


def _backbone_source(options: argparse.Namespace, parameters_file: Optional[Path]) -> Any:
    """A checkpoint of ours brings its own configuration and vocabulary."""
    if parameters_file is not None and find_config(parameters_file.parent):
        return str(parameters_file.parent), options.tokenizer
    return options.model_name_or_path, options.tokenizer


def _rules(options: argparse.Namespace, parameters_file: Optional[Path]) -> TextRules:
    """A run that is resumed goes on with those that it began with."""
    rules = NEW_RULES
    if parameters_file is not None and (parameters_file.parent / RANKER_FILE).is_file():
        about = parameters_file.parent / RANKER_FILE
        rules = TextRules.stated(read_json(about), str(about))
    return rules.but(named_rules(options))


def _check_rules(options: argparse.Namespace, encoder: PairEncoder) -> None:
    """Refuse a rule that was asked for and that the backbone's tokenizer has no place for."""
    for name, asked in named_rules(options).items():
        has = getattr(encoder.rules, name)
        if asked is not None and asked != has:
            raise SetUpError(
                f"{asked} cannot be had with this tokenizer, which has its own: leave it out, or "
                f"name {has}",
                field=name,
            )


def _teacher(options: argparse.Namespace) -> Optional[Teacher]:
    if options.teacher_ckpt is None:
        return None
    teacher = load_ranker(options.teacher_ckpt)
    _say(f"learning from {options.teacher_ckpt} ({teacher.ranker})")
    return Teacher(teacher, options.distill_weight, options.batch_size)


def _settings(options: argparse.Namespace, kind: str, total_steps: int) -> Settings:
    return Settings(
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        warmup_proportion=options.warmup_proportion,
        total_steps=total_steps,
        eval_step=options.eval_step,
        save_steps=options.save_steps,
        logging_steps=options.logging_steps,
        seed=options.seed,
        device=kind,
        valid_steps=getattr(options, "valid_steps", None),
        use_amp=options.use_amp,
        scale_loss=options.scale_loss,
    )


def _resume(trainer: Trainer, directory: Path) -> None:
    if (directory / STATE_FILE).is_file():
        trainer.resume(directory)
    else:
        _say(f"{directory} holds no {STATE_FILE}: training starts at step 0")


def _say_cut(which: str, cuts: Cuts, pairs: int) -> None:
    line = counted(cuts, pairs)
    if line:
        _say(f"{which} rows, {line}; --max_seq_length allows longer ones")


def _say(line: str) -> None:
    if device.rank() == 0:
        print(line, flush=True)
