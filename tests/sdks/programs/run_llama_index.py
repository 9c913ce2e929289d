# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""LlamaIndex's postprocessors of six re-rankers."""

from __future__ import annotations

from typing import Any

from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.postprocessor.cohere_rerank import CohereRerank
from llama_index.postprocessor.jinaai_rerank import JinaRerank
from llama_index.postprocessor.siliconflow_rerank import SiliconFlowRerank
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference
from llama_index.postprocessor.voyageai_rerank import VoyageAIRerank
from llama_index.postprocessor.xinference_rerank import XinferenceRerank
from task import DOCUMENTS, KEY, MODEL, QUERY, URL, raised, show


def rank(postprocessor: Any, query: str = QUERY) -> list[Any]:
    nodes = [NodeWithScore(node=TextNode(text=t, id_=str(i))) for i, t in enumerate(DOCUMENTS)]
    ranked = postprocessor.postprocess_nodes(nodes, QueryBundle(query))
    return [(int(node.node.node_id), node.score) for node in ranked]


def jina(model: str) -> JinaRerank:
    return JinaRerank(model=model, base_url=f"{URL}/v1", api_key=KEY, top_n=2)


# its constructor takes no URL; the client that it makes does
voyage = VoyageAIRerank(model=MODEL, api_key=KEY, top_n=2)
voyage._client._params["base_url"] = URL
show(
    cohere=rank(CohereRerank(model=MODEL, base_url=URL, api_key=KEY, top_n=2)),
    jina=rank(jina(MODEL)),
    siliconflow=rank(
        SiliconFlowRerank(model=MODEL, base_url=f"{URL}/v1/rerank", api_key=KEY, top_n=2)
    ),
    tei=rank(TextEmbeddingInference(base_url=URL, top_n=2, auth_token=f"Bearer {KEY}")),
    voyage=rank(voyage),
    xinference=rank(XinferenceRerank(model=MODEL, base_url=URL, top_n=2)),
    jina_empty_query=raised(lambda: rank(jina(MODEL), "")),
    jina_unknown_model=raised(lambda: rank(jina("gpt"))),
)
