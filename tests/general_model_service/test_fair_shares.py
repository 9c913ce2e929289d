# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A flood of requests for one ranker neither refuses nor starves those for the other."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from child_services.rank_process import RankProcess
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES
from tests.general_model_service.twins import openvino_config

FLOOD_THREADS = 8
ASKED = 60
DOCUMENTS = 200


def test_a_flood_for_one_ranker(tensor_program: Path, bundles: Path, tmp_path: Path) -> None:
    config = openvino_config(bundles, (PAIRWISE, CROSS_ENCODER))
    config["limits"]["max_documents"] = DOCUMENTS
    config["scheduler"]["max_queue_rows"] = DOCUMENTS
    large = {"query": SENTENCES[0], "documents": [SENTENCES[1]] * DOCUMENTS, "model": PAIRWISE}
    small = {"query": SENTENCES[0], "documents": [SENTENCES[1]], "model": CROSS_ENCODER}
    flooded: list[int] = []
    over = threading.Event()
    refused = threading.Event()

    with RankProcess(config, tmp_path) as service:

        def flood() -> None:
            with httpx.Client(base_url=service.url, timeout=60) as client:
                while not over.is_set():
                    status = client.post("/rerank", json=large).status_code
                    flooded.append(status)
                    if status == 429:
                        refused.set()

        threads = [threading.Thread(target=flood) for _ in range(FLOOD_THREADS)]
        for thread in threads:
            thread.start()
        try:
            assert refused.wait(60), "no flood: nothing was refused"
            with httpx.Client(base_url=service.url, timeout=60) as client:
                answers = [client.post("/rerank", json=small).status_code for _ in range(ASKED)]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert answers == [200] * ASKED
    assert {200, 429} == set(flooded)
