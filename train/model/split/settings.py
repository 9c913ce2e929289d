# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How many layers of a ranker see query and document together, as its ``config.json`` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from contract.bundle.split import FP32, STATE_TYPES
from contract.errors import SetUpError

# keys of a model's configuration
JOINT_LAYERS, STATE_SIZE, STATE_TYPE = "joint_layers", "state_size", "state_type"
_SPLIT_FAMILY = "ernie"


@dataclass(frozen=True)
class SplitSettings:
    """Where a ranker is cut.

    Attributes:
        lower_layers: that see one of the two texts each.
        state_size: numbers of a token between lower and upper layers, or ``None`` for as many as
            the model's hidden size.
        state_type: one of :data:`contract.bundle.split.STATE_TYPES`, that can hold these numbers.
    """

    lower_layers: int
    state_size: Optional[int] = None
    state_type: str = FP32

    @classmethod
    def of_config(cls, config: Any) -> Optional[SplitSettings]:
        """Those of a configuration, or ``None`` where all layers see both texts.

        Raises:
            SetUpError: a number makes no sense for the model.
        """
        joint, size = getattr(config, JOINT_LAYERS, None), getattr(config, STATE_SIZE, None)
        layers, width = int(config.num_hidden_layers), int(config.hidden_size)
        if joint is not None and not _within(joint, layers):
            raise SetUpError(
                f"{joint} is not possible with the {layers} layers of this model; use 1 to "
                f"{layers}, of which {layers} splits nothing",
                field=JOINT_LAYERS,
            )
        split = joint is not None and joint < layers
        if size is not None and not split:
            raise SetUpError(
                f"is for a split ranker only; name {JOINT_LAYERS} below {layers}, or leave it out",
                field=STATE_SIZE,
            )
        if size is not None and not _within(size, width):
            raise SetUpError(
                f"{size} is not possible with a hidden size of {width}; use 1 to {width}",
                field=STATE_SIZE,
            )
        kind = getattr(config, STATE_TYPE, None)
        if kind is not None and not split:
            raise SetUpError(
                f"is for a split ranker only; name {JOINT_LAYERS} below {layers}, or leave it out",
                field=STATE_TYPE,
            )
        if kind is not None and kind not in STATE_TYPES:
            raise SetUpError(f"{kind!r} is not one of {', '.join(STATE_TYPES)}", field=STATE_TYPE)
        return cls(layers - joint, size, kind or FP32) if joint is not None and split else None


def _within(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def set_split(
    config: Any,
    joint_layers: Optional[int],
    state_size: Optional[int] = None,
    state_type: Optional[str] = None,
    *,
    weights: bool = True,
) -> None:
    """Write what a training command was told into a model's configuration.

    What it was not told stays as the configuration has it, so that a split ranker stays one when it
    is trained on. Where nothing is split, the configuration says nothing of a split.

    Args:
        config: of the model, changed in place.
        joint_layers: as told, or ``None``.
        state_size: the same.
        state_type: the same.
        weights: whether the model has weights, which are of the configuration's state size.

    Raises:
        SetUpError: as :meth:`SplitSettings.of_config` says, or the weights are of another state
            size.
    """
    told = {JOINT_LAYERS: joint_layers, STATE_SIZE: state_size, STATE_TYPE: state_type}
    whole = joint_layers == config.num_hidden_layers
    trained = getattr(config, STATE_SIZE, None)
    if weights and not whole and None not in (trained, state_size) and trained != state_size:
        raise SetUpError(
            f"{state_size} is not the {trained} that the model was trained with; leave it out, or "
            "start from a whole ranker",
            field=STATE_SIZE,
        )
    for name, value in told.items():
        # nothing is kept of a ranker that is made whole again
        if value is not None or whole:
            setattr(config, name, value)
    if SplitSettings.of_config(config) is None:
        for name in told:
            if hasattr(config, name):
                delattr(config, name)


def described(config: Any) -> str:
    """One sentence on a split ranker's layers for people; empty for any other."""
    settings = SplitSettings.of_config(config)
    if settings is None:
        return ""
    layers, joint = config.num_hidden_layers, config.num_hidden_layers - settings.lower_layers
    size = settings.state_size or config.hidden_size
    kind = f" of {settings.state_type}" if settings.state_type != FP32 else ""
    return (
        f"It is a split ranker: of its {layers} layers the upper {joint} see query and title "
        f"together, those below one of them each, as {size} numbers{kind} for each token."
    )


def check_family(family: str) -> None:
    """Refuse to split layers that are not ERNIE's.

    Raises:
        SetUpError: they are of another family of :data:`train.model.family.FAMILIES`.
    """
    if family != _SPLIT_FAMILY:
        raise SetUpError(
            f"layers of {family} cannot be split, only those of {_SPLIT_FAMILY}; leave it out",
            field=JOINT_LAYERS,
        )


def check_rows(config: Any, token_types: int) -> None:
    """Refuse a split ranker whose rows do not tell the query from the document.

    Args:
        config: of the model.
        token_types: that the tokenizer's rows have.

    Raises:
        SetUpError: they have one token type only, as those of XLM-RoBERTa.
    """
    if token_types < 2 and SplitSettings.of_config(config) is not None:
        raise SetUpError(
            "rows of this tokenizer have no token types, by which query and document are told "
            "apart; leave it out",
            field=JOINT_LAYERS,
        )
