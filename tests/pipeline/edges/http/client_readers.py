# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads an answer of /rerank by the fields that one client reads, and fails as it would.

In: the answer, and the request as the client sent it (``client_requests/NAME.json``, whose
``reader`` names a function here). Out: (index, score) of each document, in the order of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Ranked = list[tuple[int, float]]


def relevance_scores(answer: Any, _: Mapping[str, Any]) -> Ranked:
    return [(one["index"], one["relevance_score"]) for one in answer["results"]]


def ragflow_tokens(answer: Any, request: Mapping[str, Any]) -> Ranked:
    tokens = answer["meta"]["tokens"]
    assert tokens["input_tokens"] + tokens["output_tokens"] == answer["usage"]["total_tokens"]
    return relevance_scores(answer, request)


def ragflow_jina(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["usage"]["total_tokens"] > 0
    return relevance_scores(answer, request)


def xinference(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["id"]
    for one in answer["results"]:
        assert one["document"]["text"] == request["documents"][one["index"]]
    assert answer["meta"]["tokens"]["output_tokens"] == 0
    return relevance_scores(answer, request)


def cohere_objects(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["meta"]["api_version"]["version"] and answer["meta"]["billed_units"]
    for one in answer["results"]:
        assert isinstance(one["document"]["text"], str)
        assert one["document"]["url"] == request["documents"][one["index"]]["url"]
    return relevance_scores(answer, request)


def dify(answer: Any, request: Mapping[str, Any]) -> Ranked:
    for one in answer["results"]:
        document = one.get("document", {})
        text = document.get("text") if isinstance(document, dict) else document
        assert text == request["documents"][one["index"]]
    return relevance_scores(answer, request)


def fastgpt(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["meta"]["tokens"]["input_tokens"] > 0
    return relevance_scores(answer, request)


def open_webui(answer: Any, request: Mapping[str, Any]) -> Ranked:
    scores = [one["relevance_score"] for one in sorted(answer["results"], key=lambda x: x["index"])]
    assert len(scores) == len(request["documents"])
    return sorted(enumerate(scores), key=lambda pair: -pair[1])


def litellm_vllm(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["meta"]["tokens"]["input_tokens"] > 0
    for one in answer["results"]:
        document = one.get("document", {})
        if document:
            assert document.get("text") == request["documents"][one["index"]]
    return [(int(one["index"]), float(one["relevance_score"])) for one in answer["results"]]


def bare_scores(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert isinstance(answer, list)
    return [(one["index"], float(one["score"])) for one in answer]


def litellm_huggingface(answer: Any, request: Mapping[str, Any]) -> Ranked:
    for one in answer:
        assert one.get("text", "") == request["texts"][one["index"]]
    return [(one.get("index"), one.get("score")) for one in answer]


def haystack_tei(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert not (isinstance(answer, dict) and "error" in answer)
    return bare_scores(answer, request)


def new_api(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["usage"]["total_tokens"] >= answer["usage"]["prompt_tokens"] > 0
    for one in answer["results"]:
        assert one["document"]["text"] == request["documents"][one["index"]]
    return relevance_scores(answer, request)


def voyage(answer: Any, request: Mapping[str, Any]) -> Ranked:
    assert answer["usage"]["total_tokens"] > 0
    return [(one["index"], one["relevance_score"]) for one in answer["data"]]


READERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Ranked]] = {
    reader.__name__: reader
    for reader in (
        relevance_scores, ragflow_tokens, ragflow_jina, xinference, cohere_objects, dify, fastgpt,
        open_webui, litellm_vllm, bare_scores, litellm_huggingface, haystack_tei, new_api, voyage,
    )
}  # fmt: skip
