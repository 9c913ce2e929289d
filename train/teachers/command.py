# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A command as a teacher: whatever reads pairs and prints numbers, in any language.

It gets ``query<TAB>title`` lines in UTF-8 on stdin, and prints one number a line: a logit, where
the number is to be distilled.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contract.errors import SetUpError
from train.teachers.teacher import FloatArray, Pair, Teacher

# each call starts the command anew, which may load a model first
_AT_ONCE = 50_000
_SHOWN_CHARACTERS = 200


class CommandTeacher(Teacher):
    """Runs a command for every 50,000 pairs."""

    at_once = _AT_ONCE

    def __init__(self, name: str, line: str) -> None:
        """Split the command line as a shell would; no shell runs it.

        The digest covers the words, and the contents of those that name files.

        Raises:
            SetUpError: the line is empty, or a quotation mark is missing.
        """
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise SetUpError(f"is no command line ({error})", field=name) from error
        if not self._words:
            raise SetUpError("names no command: command:PROGRAM ARGUMENTS", field="teacher")
        self.name = name
        digest = hashlib.sha256()
        for word in self._words:
            digest.update(word.encode("utf-8", "surrogateescape") + b"\0")
            if Path(word).is_file():
                digest.update(hashlib.sha256(Path(word).read_bytes()).digest())
        self.digest = digest.hexdigest()

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """The numbers that the command prints.

        Raises:
            SetUpError: it cannot be started, fails, or prints something else than one finite
                number for each pair.
        """
        text = "".join(f"{_one_line(query)}\t{_one_line(title)}\n" for query, title in pairs)
        try:
            done = subprocess.run(
                self._words,
                input=text.encode("utf-8", "surrogatepass"),
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise SetUpError(f"cannot be started ({error.strerror})", field=self.name) from error
        if done.returncode:
            raise SetUpError(
                f"ended with status {done.returncode}: {_last_line(done.stderr)}", field=self.name
            )
        return self._numbers(done.stdout.decode("utf-8", "replace").split("\n"), len(pairs))

    def _numbers(self, lines: list[str], wanted: int) -> FloatArray:
        if lines and not lines[-1].strip():
            lines.pop()
        if len(lines) != wanted:
            raise SetUpError(
                f"printed {len(lines)} lines for {wanted} pairs; it must print one number for each",
                field=self.name,
            )
        values = np.empty(wanted, dtype=np.float32)
        for i, line in enumerate(lines):
            values[i] = _number(line)
            if not np.isfinite(values[i]):
                raise SetUpError(
                    f"printed {line.strip()[:40]!r} for pair {i + 1}, which is no finite number",
                    field=self.name,
                )
        return values


def _number(line: str) -> np.float32:
    try:
        with np.errstate(over="ignore"):
            return np.float32(float(line))
    except ValueError:
        return np.float32(np.nan)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _last_line(raw: bytes) -> str:
    lines = raw.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-_SHOWN_CHARACTERS:] if lines else "it said nothing on stderr"
