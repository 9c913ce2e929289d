# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""RankerClient and AsyncRankerClient against a real service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from child_services.running_service import RunningService
from clients import AsyncRankerClient, RankerClient
from contract.errors import InvalidField, RequestTooLarge, UnknownService
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])


def test_a_model_and_a_ranker_of_one_name_answer_alike(service: RunningService) -> None:
    with RankerClient(service.url) as client:
        by_ranker = client.rank(QUERY, DOCUMENTS, ranker=CROSS_ENCODER, top_n=2)
        by_model = client.rank(
            QUERY, DOCUMENTS, model=CROSS_ENCODER, top_n=2, return_documents=True
        )
    assert by_model.scores == pytest.approx(by_ranker.scores, abs=1e-6)
    assert [d.index for d in by_model.results] == [d.index for d in by_ranker.results]
    assert (by_model.ranker, by_model.bundle) == (CROSS_ENCODER, by_ranker.bundle)
    assert by_model.tokens == by_ranker.tokens
    assert [d.document for d in by_model.results] == [DOCUMENTS[d.index] for d in by_model.results]


@pytest.mark.parametrize("name", ["ranker", "model"])
def test_options_reach_the_service(service: RunningService, name: str) -> None:
    long = (SENTENCES[1] * 50)[:900]
    with RankerClient(service.url) as client:
        options: dict[str, Any] = {name: PAIRWISE, "request_id": "mine-7"}
        cut = client.rank(QUERY, [long, "a"], **options)
        divided = client.rank(QUERY, [long, "a"], max_chunks_per_doc=64, **options)
        short = client.rank(QUERY, [long, "a"], max_tokens_per_doc=4, **options)
        with pytest.raises(InvalidField, match="top_n"):
            client.rank(QUERY, ["a"], top_n=0, **options)
    assert (cut.request_id, cut.truncated, divided.truncated) == ("mine-7", (0,), ())
    assert short.tokens < cut.tokens < divided.tokens


def test_many_tasks_share_one_client(service: RunningService) -> None:
    async def ask() -> list[Any]:
        async with AsyncRankerClient(service.url, timeout_s=60) as client:
            assert await client.ready()
            assert [model.name for model in await client.models()] == [PAIRWISE, CROSS_ENCODER]
            calls = [client.rank(QUERY, DOCUMENTS[i:], ranker="both") for i in range(4)]
            return await asyncio.gather(*calls)

    results = asyncio.run(ask())
    assert [len(result.scores) for result in results] == [len(DOCUMENTS) - i for i in range(4)]
    assert list(results[0].rankings) == [PAIRWISE, CROSS_ENCODER]


def test_errors_are_the_contracts(service: RunningService) -> None:
    with RankerClient(service.url) as client:
        with pytest.raises(UnknownService, match="model: no model 'gpt'"):
            client.rank(QUERY, DOCUMENTS, model="gpt")
        with pytest.raises(InvalidField, match="not both"):
            client.rank(QUERY, DOCUMENTS, model=PAIRWISE, ranker=PAIRWISE)
        for model in (None, PAIRWISE):
            with pytest.raises(RequestTooLarge, match="documents: 51 documents"):
                client.rank(QUERY, ["a"] * 51, model=model)
            with pytest.raises(InvalidField, match="query: must not be empty"):
                client.rank("", ["a"], model=model)
            with pytest.raises(InvalidField, match="surrogate"):
                client.rank("\ud800", ["a"], model=model)
        with pytest.raises(TypeError):
            client.rank(QUERY, "one string")
        with pytest.raises(InvalidField, match="exposures"):
            client.feedback("r-1", clicks=[0])
