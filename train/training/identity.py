# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What makes a run this run and no other: what must be the same for it to be resumed.

It is every option by name but those that change nothing of the weights, and the contents of every
file that an option names.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract.encoding import VOCAB_FILE
from contract.errors import SetUpError
from contract.text.rules import OF_OLDER_FILES
from train.model.checkpoint import sha256

# options that change nothing of the weights, or whose part in them another entry states
HARMLESS = frozenset(
    {
        "command_line",
        # where things are, and what computes
        "save_dir",
        "cache_dir",
        "device",
        "cpu_threads",
        "tokenizer_threads",
        "gradient_checkpointing",
        # what is said, measured and kept on the way, and when to stop early
        "logging_steps",
        "valid_steps",
        "eval_step",
        "save_steps",
        "save_total_limit",
        "early_stopping",
        # weights and configuration are the checkpoint's
        "init_from_ckpt",
        "model_name_or_path",
        "init",
        # stated by rows, steps, tokenizer
        "max_bad_rows",
        "epochs",
        "max_steps",
    }
)
# what checkpoints had before they stated it
_UNSTATED: Mapping[str, Any] = {
    **OF_OLDER_FILES._asdict(),
    **dict.fromkeys(("loss", "list_size", "joint_layers", "state_size", "state_type")),
}
_DIGEST = "sha256 "
_SHOWN_DIGITS = 12


def identity_of(
    options: argparse.Namespace, tokenizer_dir: Path, derived: Mapping[str, Any]
) -> dict[str, Any]:
    """The identity of a run as plain values.

    Args:
        options: of a training command.
        tokenizer_dir: holds the vocabulary in use.
        derived: what takes the place of options, or is none: the ranker, rows, steps, batch_size of
            all processes, the rules for texts.
    """
    named = {name: value for name, value in vars(options).items() if name not in HARMLESS}
    identity = {name: content_of(value) for name, value in named.items()}
    vocabulary = tokenizer_dir / VOCAB_FILE
    identity["tokenizer"] = content_of(str(vocabulary)) if vocabulary.is_file() else None
    return {**identity, **derived}


def content_of(value: Any) -> Any:
    """A value as JSON holds it; the name of a file or directory becomes a digest of its contents.

    A file that was moved is still the same, and one that was changed in its place is not.
    """
    if isinstance(value, (list, tuple)):
        return [content_of(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    path = Path(text)
    if path.is_file():
        return _DIGEST + sha256(path)
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(path.rglob("*")):
            if file.is_file():
                digest.update(f"{file.relative_to(path)}\0{sha256(file)}\n".encode())
        return _DIGEST + digest.hexdigest()
    # a pipe has another name each time, and can be read once only
    return "a pipe" if path.exists() else text


def check_identity(saved: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Compare a checkpoint's identity with this run's.

    Returns:
        Names that the checkpoint does not state, as those of older releases do not.

    Raises:
        SetUpError: they differ.
    """
    stated = {**{name: _UNSTATED[name] for name in _UNSTATED if name in own}, **saved}
    for name in sorted(own):
        if name in stated and name not in HARMLESS and stated[name] != own[name]:
            what = f"contents of {name}" if _is_digest(own[name]) else name
            raise SetUpError(
                f"the checkpoint has {what} {_shown(stated[name])}, this run has "
                f"{_shown(own[name])}; to start again from its weights, give the checkpoint as "
                "--model_name_or_path",
                field="init_from_ckpt",
            )
    return sorted(set(own) - set(stated))


def _shown(value: Any) -> Any:
    """A value, or enough of a digest to tell it from others."""
    return value[: len(_DIGEST) + _SHOWN_DIGITS] if _is_digest(value) else value


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_DIGEST)


def digests_in(identity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names of options that name files, and what their contents are."""
    for name, value in identity.items():
        for item in value if isinstance(value, list) else [value]:
            if _is_digest(item):
                yield name, item[len(_DIGEST) :]
