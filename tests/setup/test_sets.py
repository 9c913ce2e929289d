# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two sets of packages agree: the same bundles, token ids and scores."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from child_services.running_service import RunningService
from clients.rpc_client import RpcRankerClient
from contract.bundle.files import GOLDEN_FILE, MANIFEST_FILE
from contract.bundle.golden import read_golden
from contract.rankers import PAIRWISE
from contract.text.rules import OF_OLDER_FILES
from tests.bundles import FIXTURES, KEPT, SENTENCES, built
from tests.services import small_config
from tests.sets import ON_CARD, card_only, modern_only

# of a manifest, what depends on the bytes of a graph or on the packages that wrote it; and the
# schema, which is 1 in the kept ones, as in users' older bundles: they name no rules for texts
_MAY_DIFFER = ("files", "source", "version", "schema")
KEPT_BUNDLES = [(seed, ranker) for seed, rankers in KEPT.items() for ranker in rankers]


def manifest(bundle: Path) -> Mapping[str, Any]:
    fields: dict[str, Any] = json.loads((bundle / MANIFEST_FILE).read_text(encoding="utf-8"))
    stated = {**OF_OLDER_FILES._asdict(), **fields}
    return {name: value for name, value in stated.items() if name not in _MAY_DIFFER}


@card_only
@pytest.mark.parametrize(("seed", "ranker"), KEPT_BUNDLES)
def test_the_kept_bundles_are_what_export_makes_now(seed: int, ranker: str) -> None:
    """Where this fails, ``.venv-card/bin/python -m tests.bundles`` writes them anew."""
    kept, made = FIXTURES / str(seed) / ranker, built(seed) / "bundles" / ranker
    assert manifest(kept) == manifest(made)
    for old, new in zip(read_golden(kept / GOLDEN_FILE), read_golden(made / GOLDEN_FILE)):
        assert (old.query, old.title, old.input_ids) == (new.query, new.title, new.input_ids)
        np.testing.assert_allclose(old.logits, new.logits, atol=1e-5)


def test_the_set_under_test_is_the_one_of_its_python() -> None:
    assert (sys.version_info < (3, 10)) == ON_CARD


@modern_only
def test_the_newest_python_that_modern_takes_serves_the_same(
    bundles: Path, repository: Path, tmp_path: Path
) -> None:
    python = repository / ".venv-serving-3.13" / "bin" / "python"
    if not python.exists():
        pytest.skip("no Python 3.13 on this machine, or make setup-newer was not run")
    scores = []
    for number, runs in enumerate((Path(sys.executable), python)):
        directory = tmp_path / str(number)
        directory.mkdir()
        with RunningService(small_config(bundles), directory, runs) as service:
            assert "golden pairs agree" in service.described(PAIRWISE)
            with RpcRankerClient(service.endpoint) as client:
                scores.append(client.rank(SENTENCES[0], SENTENCES[1:], ranker="both").scores)
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


@modern_only
def test_upstreams_server_is_imported_without_its_client_or_pytest(
    repository: Path, tmp_path: Path
) -> None:
    program = (
        "import sys, pipeline.dag.paddle_serving as upstream\n"
        "request = upstream.pipeline_service_pb2.Request(key=['a'], value=['b'], logid=7)\n"
        "again = upstream.pipeline_service_pb2.Request.FromString(request.SerializeToString())\n"
        "assert (list(again.key), again.logid) == (['a'], 7)\n"
        "assert not {'pytest', 'cv2', 'paddle'} & set(sys.modules)\n"
        "import paddle_serving_client\n"
        "try:\n"
        "    paddle_serving_client.Client()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-B", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(repository), "PYTHONPYCACHEPREFIX": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("use Python 3.9 (make SET=card)\n")
    assert done.stderr == ""
