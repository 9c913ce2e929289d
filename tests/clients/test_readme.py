# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The README's calls, taken from the README and run against a service as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import RunningService


def blocks(repository: Path, language: str) -> list[str]:
    """Code blocks of the section that shows how to call."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Call") : text.index("### Names and fields")]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def run(command: list[str], service: RunningService, repository: Path) -> str:
    """Run a block with the address of the service under test and the interpreter of the tests."""
    python = ".venv/bin/python -m clients."
    for written, used in (
        ("http://127.0.0.1:8088", service.url),
        ("127.0.0.1:8089", service.endpoint),
        (f"{python}http_client", f"{sys.executable} -m clients.http_client --url {service.url}"),
        (
            f"{python}rpc_client",
            f"{sys.executable} -m clients.rpc_client --endpoint {service.endpoint}",
        ),
    ):
        command = [part.replace(written, used) for part in command]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_curl_lines_answer(service: RunningService, repository: Path) -> None:
    fuller, clients, upstream = blocks(repository, "sh")
    answer = json.loads(run(["sh", "-c", fuller], service, repository))
    fields = dict(zip(answer["key"], answer["value"]))
    assert answer["err_no"] == 0
    assert len(json.loads(fields["results"])) == 2
    assert len(json.loads(fields["predict"])) == 3
    answer = json.loads(run(["sh", "-c", upstream], service, repository))
    assert answer["err_no"] == 0
    assert len(json.loads(answer["value"][0])) == 1
    assert "clients.rpc_client" in clients


def test_the_client_commands_print_tables(service: RunningService, repository: Path) -> None:
    printed = run(["sh", "-c", blocks(repository, "sh")[1]], service, repository)
    assert printed.count("怎样预防感冒") >= 2
    assert "cross_encoder" in printed


def test_the_python_example_prints_scores(service: RunningService, repository: Path) -> None:
    (program,) = blocks(repository, "python")
    printed = run([sys.executable, "-c", program], service, repository)
    assert re.match(r"[01] \(0\.\d+, 0\.\d+\)", printed)


@pytest.mark.parametrize("target", ["serve", "test", "setup-train", "models", "bench", "help"])
def test_the_make_targets_it_names_exist(repository: Path, target: str) -> None:
    assert f"make {target}" in (repository / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", (repository / "Makefile").read_text(), re.MULTILINE)
