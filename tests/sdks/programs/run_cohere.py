# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The cohere package, both versions of its API, blocking and not."""

from __future__ import annotations

import asyncio
from typing import Any

import cohere
from task import DOCUMENTS, KEY, MODEL, QUERY, URL, raised, show


def pairs(response: Any) -> list[Any]:
    return [(result.index, result.relevance_score) for result in response.results]


async def rerank(client: Any) -> Any:
    async with client:
        return await client.rerank(model=MODEL, query=QUERY, documents=DOCUMENTS)


v1, v2 = cohere.Client(KEY, base_url=URL), cohere.ClientV2(KEY, base_url=URL)
objects = [{"text": text} for text in DOCUMENTS]
first = v1.rerank(
    model=MODEL, query=QUERY, documents=objects, top_n=2, return_documents=True,
    rank_fields=["text"], max_chunks_per_doc=4,
)  # fmt: skip
second = v2.rerank(model=MODEL, query=QUERY, documents=DOCUMENTS, top_n=2, max_tokens_per_doc=4096)
long = v2.rerank(model=MODEL, query=QUERY, documents=[DOCUMENTS[0] * 200])
show(
    v1=pairs(first),
    v1_documents=[result.document.text for result in first.results],
    v1_version=first.meta.api_version.version,
    v2=pairs(second),
    v2_version=second.meta.api_version.version,
    v2_id=second.id,
    v2_billed=second.meta.billed_units.search_units,
    v2_warnings=long.meta.warnings,
    async_v1=pairs(asyncio.run(rerank(cohere.AsyncClient(KEY, base_url=URL)))),
    async_v2=pairs(asyncio.run(rerank(cohere.AsyncClientV2(KEY, base_url=URL)))),
    unknown_model=raised(lambda: v2.rerank(model="gpt", query=QUERY, documents=DOCUMENTS)),
    empty_query=raised(lambda: v1.rerank(model=MODEL, query="", documents=DOCUMENTS)),
)
