# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the bodies of other re-rankers' clients.

Two shapes, told apart by the body. ``documents``: that of Cohere, which Jina, Infinity, vLLM and
Voyage share with additions. ``texts``: that of Text Embeddings Inference.

Where those of the first disagree on the answer, a field that only one of them sends decides:
``top_k`` is Voyage's, ``raw_scores`` is Infinity's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from contract.errors import InvalidField, MalformedRequest, RequestTooLarge
from contract.wire.request import MAX_CHUNKS, Limits, RankRequest
from contract.wire.response import RankResponse
from contract.wire.values import check_bool, check_choice, check_text, check_whole
from pipeline.request.call import WholeTexts

_DOCUMENT_FIELDS = ("text", "title")
# fmt: off
_COHERE_FIELDS = frozenset(
    (
        "model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc",
        "max_chunks_per_doc", "rank_fields", "raw_scores", "request_id", "unit_id", "user_id",
        "top_k", "truncation",
    )
)
# of those clients; they mean nothing for these rankers
_COHERE_IGNORED = frozenset(
    (
        "user", "priority", "truncate_prompt_tokens", "normalize", "overlap_tokens",
    )
)
_TEI_FIELDS = frozenset(
    (
        "query", "texts", "raw_scores", "truncate", "truncation_direction", "return_text",
        "unit_id", "user_id",
    )
)
# fmt: on
# what Infinity's client calls the model when its user names none
_UNNAMED_MODEL = "default/not-specified"
# a float's sigmoid is 1.0 from here on
_MOST_LOGIT = 36.0


@dataclass(frozen=True)
class Rerank:
    """One request, understood.

    Attributes:
        model: name of what shall answer, or empty.
        fields: of :meth:`RankRequest.from_fields`, all documents kept.
        bare: whether the answer is Text Embeddings Inference's bare list.
        with_texts: whether results carry the texts.
        raw_scores: logits in place of scores.
        may_cut: whether documents that are too long may be cut.
        plain_texts: results carry a text as a string, not as an object.
        list_name: of the results in the answer.
    """

    model: str
    fields: Mapping[str, Any]
    bare: bool = False
    with_texts: bool = False
    raw_scores: bool = False
    may_cut: bool = True
    plain_texts: bool = False
    list_name: str = "results"

    def request(self, limits: Limits) -> RankRequest:
        """The request, checked.

        Raises:
            RequestError: which field, and what is wrong with it.
        """
        try:
            return RankRequest.from_fields(self.fields, limits)
        except (InvalidField, RequestTooLarge) as error:
            if self.bare and error.field and error.field.startswith("documents"):
                error.field = "texts" + error.field[len("documents") :]
            raise

    @property
    def whole_texts(self) -> Optional[WholeTexts]:
        """That nothing may be cut, when its caller says so."""
        if self.may_cut:
            return None
        return (
            WholeTexts("texts", "truncate") if self.bare else WholeTexts("documents", "truncation")
        )


def is_bare(body: Mapping[str, Any]) -> bool:
    """Whether a body is in Text Embeddings Inference's shape."""
    return "texts" in body and "documents" not in body


def shape_of(body: Mapping[str, Any]) -> Rerank:
    """What decides the shape of a refusal, before the rest has been read."""
    return Rerank("", {}, bare=is_bare(body), list_name="data" if _is_voyage(body) else "results")


def read_rerank(body: Mapping[str, Any]) -> Rerank:
    """Tell the shape, and read it.

    Raises:
        RequestError: neither shape, or a field that it has not.
    """
    if "texts" in body and "documents" in body:
        raise MalformedRequest("send documents or texts, not both", field="texts")
    return _read_texts(body) if is_bare(body) else _read_documents(body)


def _read_documents(body: Mapping[str, Any]) -> Rerank:
    _refuse_unknown(body, _COHERE_FIELDS | _COHERE_IGNORED)
    fields = {k: v for k, v in body.items() if k in _COHERE_FIELDS}
    model = fields.pop("model", None)
    fields.pop("rank_fields", None)
    with_texts = check_bool(fields.pop("return_documents", None), "return_documents")
    infinity, voyage = "raw_scores" in fields, _is_voyage(fields)
    raw_scores = check_bool(fields.pop("raw_scores", None), "raw_scores")
    may_cut = check_bool(_or_default(fields.pop("truncation", None), True), "truncation")
    _take_top_k(fields)
    _limit_chunks(fields)
    documents = fields.get("documents")
    if isinstance(documents, list):
        fields["documents"] = [_text(d, f"documents[{i}]") for i, d in enumerate(documents)]
    name = "" if model is None else check_text(model, "model", 256, empty=True)
    return Rerank(
        "" if name == _UNNAMED_MODEL else name,
        fields,
        with_texts=with_texts,
        raw_scores=raw_scores,
        may_cut=may_cut,
        plain_texts=infinity or voyage,
        list_name="data" if voyage else "results",
    )


def _or_default(value: Any, default: bool) -> Any:
    return default if value is None else value


def _is_voyage(body: Mapping[str, Any]) -> bool:
    return "top_k" in body


def _take_top_k(fields: dict[str, Any]) -> None:
    """Voyage's name of ``top_n``."""
    top_k = fields.pop("top_k", None)
    if top_k is None:
        return
    if fields.get("top_n") is not None:
        raise InvalidField("send top_n or top_k, not both", field="top_k")
    fields["top_n"] = check_whole(top_k, "top_k")


def _limit_chunks(fields: dict[str, Any]) -> None:
    """A client whose default is over ours means: as many as there are."""
    chunks = fields.get("max_chunks_per_doc")
    if isinstance(chunks, int) and not isinstance(chunks, bool) and chunks > MAX_CHUNKS:
        fields["max_chunks_per_doc"] = MAX_CHUNKS


def _read_texts(body: Mapping[str, Any]) -> Rerank:
    _refuse_unknown(body, _TEI_FIELDS)
    direction = body.get("truncation_direction")
    if isinstance(direction, str):
        check_choice(direction.lower(), "truncation_direction", ["right"])
    elif direction is not None:
        raise InvalidField("must be Right", field="truncation_direction")
    fields = {k: v for k, v in body.items() if k in ("query", "unit_id", "user_id")}
    return Rerank(
        "",
        {**fields, "documents": body["texts"]},
        bare=True,
        with_texts=check_bool(body.get("return_text"), "return_text"),
        raw_scores=check_bool(body.get("raw_scores"), "raw_scores"),
        may_cut=body.get("truncate") is None or check_bool(body["truncate"], "truncate"),
    )


def _refuse_unknown(body: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise InvalidField(f"unknown; known are {', '.join(sorted(known))}", field=name)


def _text(document: Any, name: str) -> Any:
    """A string, or the text of an object; anything else is left for the check of texts."""
    if not isinstance(document, dict):
        return document
    for key in _DOCUMENT_FIELDS:
        if key in document:
            return document[key]
    raise InvalidField("must be a string, or an object with text", field=name)


def write_rerank(
    asked: Rerank, request: RankRequest, response: RankResponse, version: str = "2"
) -> Any:
    """The answer in the shape of the request.

    Args:
        asked: the request as it came.
        request: the same, checked.
        response: what to write.
        version: of Cohere's API, by the path.
    """
    results = _comparable(response)
    if asked.bare:
        return [_bare_result(asked, request, result) for result in results]
    first = response.rankings[0]
    answer: dict[str, Any] = {
        "id": response.request_id,
        "object": "list" if asked.list_name == "data" else "rerank",
        "model": asked.model or first.ranker,
        asked.list_name: [_result(asked, request, result) for result in results],
        "usage": {
            "prompt_tokens": response.tokens,
            "total_tokens": response.tokens,
            "truncated_documents": len(response.truncated),
            "truncated": list(response.truncated),
        },
        # Cohere's clients read these
        "meta": {
            "api_version": {"version": version},
            "billed_units": {"search_units": 1},
            "tokens": {"input_tokens": response.tokens},
        },
        "ranker": first.ranker,
        "bundle": first.bundle,
        "experiment": response.experiment,
        "variant": response.variant,
        "timings_ms": {k: round(v, 3) for k, v in response.timings_ms.items()},
    }
    if response.warnings:
        answer["warnings"] = answer["meta"]["warnings"] = list(response.warnings)
    return answer


def _comparable(response: RankResponse) -> list[dict[str, Any]]:
    """Results whose scores fall from first to last, also when two rankers' orders are drafted."""
    results = response.results()
    if response.draft is None:
        return results
    count = len(response.draft.order)
    return [
        {**result, "score": 1.0 - place / count, "team_score": result["score"]}
        for place, result in enumerate(results)
    ]


def _score(asked: Rerank, score: float) -> float:
    if not asked.raw_scores:
        return score
    if score <= 0.0 or score >= 1.0:
        return math.copysign(_MOST_LOGIT, score - 0.5)
    return max(-_MOST_LOGIT, min(_MOST_LOGIT, math.log(score) - math.log1p(-score)))


def _result(asked: Rerank, request: RankRequest, result: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"index": result["index"], "relevance_score": _score(asked, result["score"])}
    if asked.with_texts:
        text = request.pairs[result["index"]][1]
        shown["document"] = text if asked.plain_texts else {"text": text}
    if "team" in result:
        shown["team"] = result["team"]
        shown["team_score"] = result["team_score"]
    return shown


def _bare_result(asked: Rerank, request: RankRequest, result: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"index": result["index"], "score": _score(asked, result["score"])}
    if asked.with_texts:
        shown["text"] = request.pairs[result["index"]][1]
    return shown
