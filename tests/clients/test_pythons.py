# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``clients/`` on every Python from 3.9 on, with the newest grpcio and protobuf each of them has.

``make setup-clients`` makes the environments, of the Pythons that the machine has.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.rankers import PAIRWISE
from tests.bundles import SENTENCES
from tests.tensor_service import StartTensorService

PROGRAM = Path(__file__).resolve().parent / "programs" / "call_all.py"
QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_every_client_gets_the_scores_of_the_service(
    version: str,
    service: RunningService,
    bundles: Path,
    tensor_service: StartTensorService,
    repository: Path,
) -> None:
    python = repository / f".venv-clients-{version}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no Python {version} on this machine, or make setup-clients was not run")
    tensors = tensor_service(bundles / PAIRWISE, "--pad_dynamic")
    task = {
        "url": service.url,
        "endpoint": service.endpoint,
        "tensor_endpoint": f"127.0.0.1:{tensors.port}",
        "bundle": str(bundles / PAIRWISE),
        "query": QUERY,
        "documents": DOCUMENTS,
    }
    done = subprocess.run(
        [python, PROGRAM],
        input=json.dumps(task),
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown.pop("python").startswith(f"{version}.")
    assert PAIRWISE in shown.pop("models")
    assert shown.pop("refused").startswith("query: ")
    with HttpRankerClient(service.url) as client:
        wanted = list(client.rank(QUERY, DOCUMENTS).scores)
    assert len(shown) == 7
    for name, scores in shown.items():
        assert scores == pytest.approx(wanted, abs=1e-5), name
