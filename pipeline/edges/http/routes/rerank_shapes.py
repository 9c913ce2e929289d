# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A request of another re-ranker's client, understood, and its answer in the shape it reads.

Two shapes. Cohere's, which Jina, Infinity, vLLM, Xinference and Voyage share with additions, is an
object; that of Text Embeddings Inference a bare list. .rerank_bodies tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from contract.errors import InvalidField, RequestTooLarge
from contract.scoring import log_odds
from contract.wire.request import Limits, RankRequest
from contract.wire.response import Ranking, RankResponse
from pipeline.edges.http.routes.rerank_documents import shown_document
from pipeline.request.call import WholeTexts


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
        with_output_tokens: whether the answer counts them too; a ranker writes none.
        given: documents as they came, when results carry them as objects.
        doubts: what of the request the answer does not heed, a sentence each.
    """

    model: str
    fields: Mapping[str, Any]
    bare: bool = False
    with_texts: bool = False
    raw_scores: bool = False
    may_cut: bool = True
    plain_texts: bool = False
    list_name: str = "results"
    with_output_tokens: bool = False
    given: Sequence[Any] = ()
    doubts: tuple[str, ...] = ()

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
    results = _comparable(asked, response)
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
    if asked.with_output_tokens:
        answer["meta"]["tokens"]["output_tokens"] = 0
    if response.stages:
        answer["stages"] = [run.to_wire() for run in response.stages]
    if response.warnings:
        answer["warnings"] = answer["meta"]["warnings"] = list(response.warnings)
    return answer


def doubted(asked: Rerank, response: RankResponse) -> RankResponse:
    """The answer with what its request makes doubtful, such as logits that a bundle has not."""
    doubts = (*response.doubts, *asked.doubts)
    without = [ranking.bundle for ranking in response.rankings if not ranking.logits]
    if asked.raw_scores and without:
        doubts += (
            f"the graph of bundle {' and '.join(without)} returns scores and no logits: raw_scores "
            "are computed from scores, and are equal where scores are 1.0; export the checkpoint "
            "again",
        )
    return replace(response, doubts=doubts) if doubts != response.doubts else response


def _comparable(asked: Rerank, response: RankResponse) -> list[dict[str, Any]]:
    """Results whose scores fall from first to last, also when two rankers' orders are drafted.

    So do those of a cascade: a score of an earlier stage is put below those of the later one, and
    the stage's own stands beside it.
    """
    draft = response.draft
    shown = []
    scores = [_scores(asked, ranking) for ranking in response.rankings]
    for place, result in enumerate(response.results()):
        number = draft.pickers[place] if draft else 0
        ranking, score = response.rankings[number], scores[number][result["index"]]
        if draft is not None:
            # logits of two rankers do not compare either
            fallen = 1.0 - place / len(draft.order)
            shown.append({**result, "score": fallen, "team_score": score})
        elif ranking.staged is not None:
            own = ranking.logits or ranking.scores if asked.raw_scores else ranking.scores
            shown.append({**result, "score": score, "stage_score": own[result["index"]]})
        else:
            shown.append({**result, "score": score})
    return shown


def _scores(asked: Rerank, ranking: Ranking) -> Sequence[float]:
    if not asked.raw_scores:
        return ranking.falling_scores
    if ranking.logits:
        return ranking.falling_logits
    computed = log_odds(ranking.scores).tolist()
    return computed if ranking.staged is None else ranking.staged.falling_logits(computed)


def _result(asked: Rerank, request: RankRequest, result: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"index": result["index"], "relevance_score": result["score"]}
    if asked.with_texts:
        index = result["index"]
        text = request.pairs[index][1]
        shown["document"] = text if asked.plain_texts else shown_document(asked.given[index], text)
    if "team" in result:
        shown["team"] = result["team"]
        shown["team_score"] = result["team_score"]
    shown.update(_stage(result))
    return shown


def _stage(result: Mapping[str, Any]) -> dict[str, Any]:
    """Of a cascade alone."""
    names = ("stage", "stage_index", "stage_score")
    return {name: result[name] for name in names if name in result}


def _bare_result(asked: Rerank, request: RankRequest, result: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"index": result["index"], "score": result["score"]}
    if asked.with_texts:
        shown["text"] = request.pairs[result["index"]][1]
    shown.update(_stage(result))
    return shown
