# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds a real service to its OpenAPI document: schemathesis asks what that allows and forbids.

``python -m tests.pipeline.edges.http.openapi_fuzz --seconds 600`` goes on with new seeds until the
time is over, or until an answer is not as documented.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

from child_services.running_service import RunningService, service_config
from contract.rankers import RANKERS

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# a deadline of a millisecond passes, and a service may be stopping; a 500 is a defect, though what
# one looks like is documented too. A text that is too long is refused with 413
_CONFIG = """[checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", "503", "504"]
negative_data_rejection.expected-statuses = ["4xx", "503", "504"]
"""
_CASES = re.compile(r"(\d[\d,]*) generated")


def fuzz(
    url: str,
    directory: Path,
    seed: int,
    examples: int,
    phases: str = "coverage,fuzzing",
    document: Optional[Path] = None,
) -> tuple[int, str]:
    """One round over all operations; its exit status and what it printed.

    Args:
        url: of the service.
        directory: gets a configuration.
        seed: of the round.
        examples: of each operation.
        phases: of schemathesis.
        document: which the service is held to; ``None``: its own.
    """
    held_to = [f"{url}/openapi.json"] if document is None else [str(document), "--url", url]
    (directory / "schemathesis.toml").write_text(_CONFIG, encoding="utf-8")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", *held_to,
            "--phases", phases, "--checks", ",".join(_CHECKS),
            "--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none",
            "--suppress-health-check", "all", "--warnings", "off", "--no-color",
        ],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def cases_of(output: str) -> int:
    """Requests that a round made."""
    found = _CASES.search(output)
    return int(found.group(1).replace(",", "")) if found else 0


def main() -> int:
    """Start a service and ask it until the time is over."""
    parser = argparse.ArgumentParser(prog="fuzz_http", description="Hold the service to OpenAPI.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--examples", type=int, default=50, help="of each operation in a round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bundles", type=Path, default=Path("serving_models"))
    options = parser.parse_args()
    config = service_config(options.bundles, RANKERS)
    start, cases, seed = time.monotonic(), 0, options.seed
    with tempfile.TemporaryDirectory() as directory:
        config["exposures"] = {"directory": f"{directory}/records"}
        with RunningService(config, Path(directory)) as service:
            start = time.monotonic()
            while time.monotonic() - start < options.seconds:
                status, output = fuzz(service.url, Path(directory), seed, options.examples)
                cases += cases_of(output)
                print(f"seed {seed}: {cases_of(output)} cases, status {status}", flush=True)
                if status:
                    print(output)
                    return 1
                seed += 1
    print(f"{cases} cases in {time.monotonic() - start:.0f} s, all as documented")
    return 0


if __name__ == "__main__":
    sys.exit(main())
