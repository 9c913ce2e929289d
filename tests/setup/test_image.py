# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Dockerfile does what the Makefile does, and what an orchestrator expects of it.

hadolint's rules are checked by ``make lint``; here is what they do not cover.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from general_model_service.program import INSTALLED
from pipeline.settings.service import ENGINE_CACHE

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), comments gone and lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pairs = [line.split(None, 1) for line in lines if line.strip()]
    return [(name, arguments) for name, arguments in pairs]


def final_stage() -> list[tuple[str, str]]:
    steps = instructions()
    last = max(i for i, (name, _) in enumerate(steps) if name == "FROM")
    return steps[last:]


def only(name: str) -> str:
    (arguments,) = [value for key, value in final_stage() if key == name]
    return arguments


def recipe(target: str) -> list[str]:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found is not None, target
    return [line.lstrip("\t@") for line in found.group(1).splitlines()]


def test_environment_and_program_are_made_by_the_makefile_s_commands() -> None:
    runs = [arguments for name, arguments in instructions() if name == "RUN"]
    environment, build = [run for run in runs if not run.startswith(("apt-get ", "useradd "))]
    assert [environment] == recipe("setup-serving")
    assert recipe("build-tensor-service") == ["$(BUILD_TENSOR_SERVICE)"]
    (script,) = re.findall(r"^BUILD_TENSOR_SERVICE = .* (\S+)$", MAKEFILE, re.MULTILINE)
    assert build == f"{script} install {INSTALLED.parent}"


def test_the_tensor_service_lies_where_its_launcher_looks() -> None:
    copied = [value.split() for name, value in final_stage() if name == "COPY"]
    folder = str(INSTALLED.parent)
    assert ["--from=tensor-service", folder, folder] in copied
    launcher = "/build/general_model_service/*.py"
    assert ["--from=tensor-service", launcher, "general_model_service/"] in copied


def test_the_image_starts_what_make_serve_starts() -> None:
    (line,) = recipe("serve")
    assert line.split()[:2] == ["exec", "$(PYTHON)"]
    assert json.loads(only("CMD")) == ["python", *line.split()[2:]]


def test_the_image_does_not_run_as_root() -> None:
    steps = [name for name, _ in final_stage()]
    assert int(only("USER")) > 0
    assert "RUN" not in steps[steps.index("USER") :]


def test_the_engine_cache_lies_in_a_home_that_can_be_written_to() -> None:
    (made,) = [value for name, value in final_stage() if name == "RUN" and "useradd" in value]
    assert "--create-home" in made
    home = re.search(r"HOME=(\S+)", " ".join(v for k, v in final_stage() if k == "ENV"))
    assert home is not None
    assert home[1] == "/home/ranker"
    assert ENGINE_CACHE.startswith("~/")


def test_the_base_can_be_pinned_by_its_digest() -> None:
    arguments = dict(v.split("=", 1) for k, v in instructions() if k == "ARG" and "=" in v)
    assert arguments["PYTHON_IMAGE"].startswith("python:3.12-slim")
    assert ("FROM", "${PYTHON_IMAGE} AS base-cpu") in instructions()


def test_the_health_check_asks_the_http_edge_without_a_shell() -> None:
    options, _, command = only("HEALTHCHECK").partition(" CMD ")
    assert "--start-period=" in options
    python, flag, code = json.loads(command)
    assert (python, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    port = only("EXPOSE").split()[0]
    assert f"http://127.0.0.1:{port}/health" in code


def test_no_downloaded_file_stays_in_a_layer() -> None:
    for name, arguments in instructions():
        if name == "RUN" and "apt-get update" in arguments:
            assert arguments.endswith("rm -rf /var/lib/apt/lists/*")
    environment = [arguments for name, arguments in instructions() if name == "ENV"]
    assert any("UV_NO_CACHE=1" in arguments for arguments in environment)


def test_the_build_context_holds_what_is_copied() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    for name, arguments in instructions():
        if name == "COPY" and not arguments.startswith("--from="):
            for source in arguments.split()[:-1]:
                assert f"!{source}" in ignore, source
