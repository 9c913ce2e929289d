# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""infinity_client, voyageai, and Text Embeddings Inference's API by huggingface_hub's session."""

from __future__ import annotations

import asyncio
from typing import Any

import voyageai
from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status
from infinity_client import Client
from infinity_client.api.default import rerank
from infinity_client.models import RerankInput
from task import DOCUMENTS, KEY, MODEL, QUERY, URL, raised, show


def infinity(query: str = QUERY, **options: Any) -> Any:
    with Client(base_url=URL) as client:
        body = RerankInput(query=query, documents=DOCUMENTS, **options)
        return rerank.sync(client=client, body=body)


def pairs(results: Any) -> list[Any]:
    return [(result.index, result.relevance_score) for result in results]


def tei(path: str, **fields: Any) -> Any:
    response = get_session().post(
        f"{URL}{path}", json={"query": QUERY, "texts": DOCUMENTS, **fields}
    )
    hf_raise_for_status(response)
    return response.json()


async def voyage_later() -> Any:
    client = voyageai.AsyncClient(api_key=KEY, base_url=URL)
    return await client.rerank(QUERY, DOCUMENTS, model=MODEL)


voyage = voyageai.Client(api_key=KEY, base_url=URL)
named = infinity(model=MODEL, top_n=2, return_documents=True)
refused = infinity("", model=MODEL)
show(
    infinity=pairs(named.results),
    infinity_documents=[result.document for result in named.results],
    infinity_unnamed=pairs(infinity().results),
    infinity_all=pairs(infinity(model=MODEL, top_n=0).results),
    infinity_refused=[type(refused).__name__, refused.detail[0].loc, refused.detail[0].msg],
    voyage=pairs(voyage.rerank(QUERY, DOCUMENTS, model=MODEL, top_k=2).results),
    voyage_all=pairs(voyage.rerank(QUERY, DOCUMENTS, model=MODEL, truncation=False).results),
    voyage_async=pairs(asyncio.run(voyage_later()).results),
    voyage_too_long=raised(
        lambda: voyage.rerank(QUERY, [DOCUMENTS[0] * 200], model=MODEL, truncation=False)
    ),
    voyage_empty_query=raised(lambda: voyage.rerank("", DOCUMENTS, model=MODEL)),
    tei=[(item["index"], item["score"]) for item in tei("/rerank", truncate=True)],
    tei_root=[(item["index"], item["score"]) for item in tei("/", return_text=True)],
    tei_refused=raised(lambda: tei("/rerank", truncation_direction="Left")),
)
