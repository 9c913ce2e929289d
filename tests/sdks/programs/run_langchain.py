# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""LangChain's document compressors of Cohere, Jina and Infinity."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from infinity_client.client import Client
from langchain_cohere import CohereRerank
from langchain_community.document_compressors import InfinityRerank
from langchain_community.document_compressors.jina_rerank import JinaRerank
from langchain_core.documents import Document
from requests.adapters import HTTPAdapter
from task import DOCUMENTS, KEY, MODEL, QUERY, URL, raised, show

documents = [Document(text, metadata={"at": at}) for at, text in enumerate(DOCUMENTS)]


class ToService(HTTPAdapter):
    """JinaRerank has Jina's URL in its code, and a session of requests in a public field."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = urlunsplit((*urlsplit(URL)[:2], *urlsplit(request.url)[2:]))
        return super().send(request, *args, **kwargs)


def pairs(compressed: Any) -> list[Any]:
    return [(d.metadata["at"], d.metadata["relevance_score"]) for d in compressed]


def jina(model: str) -> JinaRerank:
    made = JinaRerank(jina_api_key=KEY, model=model, top_n=2)
    made.session.mount("https://", ToService())
    return made


cohere = CohereRerank(cohere_api_key=KEY, base_url=URL, model=MODEL, top_n=2)
infinity = InfinityRerank(client=Client(base_url=URL), model=MODEL, top_n=2)
show(
    cohere=pairs(cohere.compress_documents(documents, QUERY)),
    jina=pairs(jina(MODEL).compress_documents(documents, QUERY)),
    infinity=pairs(infinity.compress_documents(documents, QUERY)),
    jina_unknown_model=raised(lambda: jina("gpt").compress_documents(documents, QUERY)),
    jina_empty_query=raised(lambda: jina(MODEL).compress_documents(documents, "")),
)
