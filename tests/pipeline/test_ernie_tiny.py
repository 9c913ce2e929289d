# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service with a tokenizer of ERNIE-tiny's kind, in threads and in op processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.graphs import OPENVINO
from contract.rankers import PAIRWISE
from export.engines.openvino_inference import run_graph
from tests.bundles import SENTENCES, strip_manifest
from tests.conftest import REPOSITORY
from tests.pipeline.calls import rank
from tests.pipeline.launch import Launched
from tests.tiny_tokenizer import TINY_TOKENIZER, as_paddlenlp


@pytest.fixture
def tiny(config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """One ranker of upstream's kind, with the tokenizer beside it."""
    bundle = strip_manifest(REPOSITORY / "serving_models" / PAIRWISE, tmp_path / "upstream")
    local = {"model_config": str(bundle / "serving_server")}
    config["op"] = {
        "ernie": {
            "engine": "openvino",
            "tokenizer": str(TINY_TOKENIZER),
            "max_seq_length": 64,
            "local_service_conf": local,
        }
    }
    config["default_ranker"] = None
    return config


@pytest.mark.parametrize("threads", [True, False])
def test_titles_are_scored_by_its_tokens(
    threads: bool, tiny: dict[str, Any], tmp_path: Path
) -> None:
    tiny["dag"] = {"is_thread_op": threads}
    tiny["op"]["tokenize"] = {"tokenizer_threads": 2}
    with Launched(tiny, tmp_path) as service:
        service.wait_ready()
        url = f"http://127.0.0.1:{tiny['http_port']}"
        answer = rank(url, query=SENTENCES[0], documents=list(SENTENCES))
        assert answer.err_no == 0, answer.err_msg
        scores = np.array(answer.decoded("predict")).reshape(-1)
        assert "sentencepiece" in service.stdout
    bundle = Bundle.adopt(
        tiny["op"]["ernie"]["local_service_conf"]["model_config"],
        ranker=PAIRWISE,
        tokenizer_dir=TINY_TOKENIZER,
        max_seq_length=64,
        score_function="identity",
    )
    encoder = bundle.encoder()
    run = run_graph(bundle.graph(OPENVINO).model, bundle.manifest.fetches[0].name, 1)
    wanted = run(encoder.pad(encoder.encode(SENTENCES[0], SENTENCES)))
    np.testing.assert_allclose(scores, wanted.reshape(-1), atol=1e-5)


def test_a_directory_with_a_pickle_is_refused_at_start(
    tiny: dict[str, Any], tmp_path: Path
) -> None:
    tiny["op"]["ernie"]["tokenizer"] = str(as_paddlenlp(tmp_path / "tokenizer"))
    with Launched(tiny, tmp_path) as service:
        assert service.wait_end(60) != 0
        assert "export.export_to_serving --bundle" in service.stderr
