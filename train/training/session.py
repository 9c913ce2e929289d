# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run one training command, from its options to its last checkpoint."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

import paddle

from contract.cuts import Cuts, counted
from contract.encoding import PairEncoder
from contract.errors import RankingError, SetUpError
from contract.text.rules import NEW_RULES, TextRules
from train.data.dataset import read_labelled_pairs
from train.data.lists import Batching, TrainingLists
from train.evaluation.dev_set import DevSet
from train.loss_options import LossChoice
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
from train.model.family import Backbone
from train.model.layers import build_model
from train.model.parameters import load_parameters
from train.model.ranker import (
    SCORE_FUNCTION_OF,
    initialise,
    load_ranker,
    make_encoder,
)
from train.model.split.settings import JOINT_LAYERS, SplitSettings, set_split
from train.options import named_rules
from train.training.disk import too_little_room, written
from train.training.identity import identity_of
from train.training.loop import Trainer, steps_in
from train.training.objective import ListObjective
from train.training.run_record import FAILED, FINISHED, RUN_FILE, STOPPED, RunRecord, run_facts
from train.training.run_settings import (
    check_early_stopping,
    learning_rate,
    plain_rate,
    rates_of,
    schedule_of,
    step_settings_of,
)
from train.training.snapshot import About, Snapshots
from train.training.teacher import Teacher, check_teachers
from train.training.update import Learner


class Start(NamedTuple):
    """What a run begins with.

    Attributes:
        kind: of the device.
        backbone: where the model comes from.
        encoder: of its texts.
        model: the ranker, with its first weights.
        checkpoint: the parameter file that is resumed from, or ``None``.
    """

    kind: str
    backbone: Backbone
    encoder: PairEncoder
    model: Any
    checkpoint: Optional[Path]


def train(
    options: argparse.Namespace, ranker: str, choice: LossChoice, lists: TrainingLists
) -> None:
    """Run a training command with the losses that its options chose.

    Raises:
        SetUpError: an option, a file or a checkpoint is not what it must be, training diverged, or
            the disk is full.
    """
    choice = check_teachers(options, choice, lists)
    start = _begin(options, ranker)
    started = time.perf_counter()
    objective = ListObjective(lists, start.encoder, choice, _teacher(options))
    dev_pairs = read_labelled_pairs(options.test_file, options.max_bad_rows)
    dev_set = DevSet(dev_pairs, start.encoder, SCORE_FUNCTION_OF[ranker], options.batch_size)
    check_early_stopping(options, dev_set)
    processes = device.world_size()
    plan = objective.plan(
        Batching(options.batch_size, processes, options.seed, options.length_bucketing)
    )
    _say(
        f"{lists.count} training rows and {len(dev_pairs.labels)} dev rows "
        f"ready in {time.perf_counter() - started:.1f} s, {len(plan)} batches an epoch"
    )
    _say_lists(lists, choice)
    _say_cut("training", objective.cuts, objective.pairs)
    _say_cut("dev", dev_set.cuts, len(dev_pairs.labels))
    for doubt in dev_set.doubts:
        _say(f"dev rows: {doubt}")
    options.learning_rate = _learning_rate(options, start)
    steps = steps_in(plan, options.epochs, options.max_steps, options.gradient_accumulation_steps)
    derived = {
        "ranker": ranker,
        "rows": lists.count,
        "steps": steps,
        "batch_size": options.batch_size * processes,
        "loss": choice.named,
        "list_size": choice.list_size,
    }
    identity = _identity(options, start, derived)
    learner = Learner(
        start.model, objective, rates_of(options), step_settings_of(options, start.kind), steps
    )
    record = RunRecord(
        Path(options.save_dir),
        run_facts(options, identity, start.kind),
        writes=device.rank() == 0,
    )
    snapshots = Snapshots(
        Path(options.save_dir), identity, _about(options, start, ranker), start.backbone
    )
    schedule = schedule_of(options, steps)
    _run(Trainer(learner, plan, dev_set, snapshots, record, schedule), learner, record, start)


def _begin(options: argparse.Namespace, ranker: str) -> Start:
    """Choose the device, join the other processes, and make the model with its first weights."""
    kind = device.set_device(options.device, options.cpu_threads)
    device.mixed_precision(options.use_amp, kind)
    device.join_processes(kind)
    paddle.seed(options.seed)
    parameters_file = find_parameters(options.init_from_ckpt) if options.init_from_ckpt else None
    backbone = find_backbone(*_backbone_source(options, parameters_file))
    set_split(
        backbone.config,
        options.joint_layers,
        options.state_size,
        options.state_type,
        weights=parameters_file is not None or backbone.parameters is not None,
    )
    encoder = make_encoder(backbone, options.max_seq_length, _rules(options, parameters_file))
    _check_rules(options, encoder)
    model = build_model(ranker, backbone)
    if parameters_file is None:
        _say(initialise(model, backbone, options.init, options.seed))
    else:
        _say(f"{parameters_file}: {load_parameters(model, read_parameters(parameters_file))}")
    return Start(kind, backbone, encoder, model, parameters_file)


def _identity(
    options: argparse.Namespace, start: Start, derived: Mapping[str, Any]
) -> dict[str, Any]:
    rules = start.encoder.rules._asdict()
    # as many joint layers as the model has are the option left out
    whole = SplitSettings.of_config(start.backbone.config) is None
    split = {JOINT_LAYERS: None if whole else options.joint_layers}
    return identity_of(options, start.backbone.tokenizer_dir, {**derived, **rules, **split})


def _about(options: argparse.Namespace, start: Start, ranker: str) -> About:
    return About(
        ranker,
        options.model_name_or_path,
        options.max_seq_length,
        seed=options.seed,
        **start.encoder.rules._asdict(),
    )


def _run(trainer: Trainer, learner: Learner, record: RunRecord, start: Start) -> None:
    """Resume if asked to, train, and let the record say how it ended."""
    earlier = None
    if start.checkpoint is not None:
        _resume(trainer, start.checkpoint.parent)
        earlier = start.checkpoint.parent.parent / RUN_FILE
    if device.rank() == 0:
        _prepare(record.save_dir, learner)
    record.begin(trainer.step, earlier)
    try:
        stopped = trainer.run()
    except RankingError as error:
        record.end(FAILED, str(error))
        raise
    except KeyboardInterrupt:
        record.end(FAILED, "interrupted")
        raise
    record.end(STOPPED if stopped else FINISHED)


def _prepare(save_dir: Path, learner: Learner) -> None:
    """Make the place for checkpoints, and say what is wrong with it before hours are spent.

    Raises:
        SetUpError: nothing can be written there.
    """
    with written(save_dir / "last"):
        save_dir.mkdir(parents=True, exist_ok=True)
        parameters = sum(int(value.size) for value in learner.model.parameters())
        warning = too_little_room(save_dir, parameters, learner.average is not None)
    if warning:
        _say(warning)


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
    return Teacher(teacher, options.batch_size)


def _learning_rate(options: argparse.Namespace, start: Start) -> float:
    """The rate of the run, which is said where it was not asked for."""
    has_weights = start.checkpoint is not None or start.backbone.parameters is not None
    directory = start.checkpoint.parent if start.checkpoint else None
    rate, why = learning_rate(options.learning_rate, directory, has_weights)
    if why:
        _say(f"learning rate {plain_rate(rate)}, {why}")
    return rate


def _resume(trainer: Trainer, directory: Path) -> None:
    if (directory / STATE_FILE).is_file():
        unstated = trainer.resume(directory)
        if unstated:
            _say(
                f"{directory} does not state {', '.join(unstated)}, as older releases did not: "
                "they are taken to be those of this run"
            )
    else:
        _say(f"{directory} holds no {STATE_FILE}: training starts at step 0")


def _say_lists(lists: TrainingLists, choice: LossChoice) -> None:
    if lists.teacher_scores is not None:
        learned = "learned from" if choice.learns_from_teacher else "not used by --loss"
        _say(f"the training file's teacher_score is {learned}")
    if lists.left_out:
        needed = " or ".join(sorted(choice.needs))
        _say(f"{lists.left_out} lists are left out, as they lack {needed}")


def _say_cut(which: str, cuts: Cuts, pairs: int) -> None:
    line = counted(cuts, pairs)
    if line:
        _say(f"{which} rows, {line}; --max_seq_length allows longer ones")


def _say(line: str) -> None:
    if device.rank() == 0:
        print(line, flush=True)
