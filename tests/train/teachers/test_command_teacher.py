# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A command that scores: what it is given, and what it may not answer."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from contract.errors import SetUpError
from train.teachers.command import CommandTeacher


def teacher(code: str) -> CommandTeacher:
    line = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    return CommandTeacher(f"command:{line}", line)


def test_it_reads_pairs_and_prints_a_number_for_each() -> None:
    code = (
        "import sys\n"
        "for line in sys.stdin.buffer.read().decode().splitlines():\n"
        "    query, title = line.split('\\t')\n"
        "    print(len(query) - len(title) / 4)"
    )
    pairs = [("问题", "题"), ("a\tb\nc", "一二三四"), ("x", "y")]
    np.testing.assert_array_equal(teacher(code).scores(pairs), [1.75, 4.0, 0.75])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print(1)", "printed 1 lines for 2 pairs"),
        ("print('1\\n2\\n3')", "printed 3 lines for 2 pairs"),
        ("print('1\\nnan')", "'nan' for pair 2"),
        ("print('inf\\n1')", "'inf' for pair 1"),
        ("print('1e60\\n1')", "'1e60' for pair 1"),
        ("print('1\\nhigh')", "'high' for pair 2"),
        ("import sys; sys.exit('no model here')", "status 1: no model here"),
        ("import sys; sys.exit(3)", "status 3: it said nothing"),
    ],
)
def test_a_wrong_answer_is_one_line(code: str, message: str) -> None:
    with pytest.raises(SetUpError, match=message):
        teacher(code).scores([("a", "b"), ("c", "d")])


def test_a_command_that_is_not_there_is_one_line() -> None:
    with pytest.raises(SetUpError, match="cannot be started"):
        CommandTeacher("command:no-such-program", "no-such-program").scores([("a", "b")])
    with pytest.raises(SetUpError, match="names no command"):
        CommandTeacher("command:", "")
    with pytest.raises(SetUpError, match="no command line"):
        CommandTeacher("command:'a", "'a")


def test_the_digest_covers_the_files_that_the_line_names(tmp_path: Path) -> None:
    script = tmp_path / "score.py"
    script.write_text("print(1)")
    line = f"python {script}"
    before = CommandTeacher("x", line).digest
    assert CommandTeacher("x", line).digest == before
    assert CommandTeacher("x", f"{line} --fast").digest != before
    script.write_text("print(2)")
    assert CommandTeacher("x", line).digest != before
