# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes that clients of other re-rankers call.

POST /rerank, /v1/rerank, /v2/rerank    Cohere's, Jina's, Infinity's and vLLM's shape, and that of
                                        Text Embeddings Inference
"""

from __future__ import annotations

from typing import Optional

from fastapi import FastAPI, Request, Response

from contract.errors import RankingError
from contract.request import RankRequest
from contract.response import RankResponse
from pipeline.exchange import Ask, Done, Reading
from pipeline.front_door import DEFAULT_SERVICE, RANKER_HEADER
from pipeline.http_edge.body import parse_object
from pipeline.http_edge.keys import Caller
from pipeline.http_edge.models import Models
from pipeline.http_edge.problems import json_response, problem_response
from pipeline.http_edge.receive import receive
from pipeline.http_edge.rerank_bodies import Rerank, read_rerank, write_rerank
from pipeline.http_edge.work import Work, off_loop

PATHS = ("/rerank", "/v1/rerank", "/v2/rerank")


class _Exchange:
    """One request, from its bytes to its answer; read in the request's thread."""

    def __init__(self, body: bytes, models: Models, work: Work, caller: Caller) -> None:
        # parsed here: the model's name decides what is asked
        self._asked: Rerank = read_rerank(parse_object(body))
        self._named = models.find(self._asked.model)
        self._caller = caller
        self._limits = work.front_door.limits
        self._request: Optional[RankRequest] = None

    def ask(self, header: str) -> Ask:
        """What the front door is asked; a ranker in the body wins over one in a header."""
        ranker = self._named.ranker or ("" if self._named.experiment else header)
        return Ask(DEFAULT_SERVICE, self._read, ranker=ranker, experiment=self._named.experiment)

    def _read(self) -> Reading:
        self._request = self._asked.request(self._limits)
        self._caller.take_documents(len(self._request.pairs))
        return Reading(self._request)

    def respond(self, done: Done) -> Response:
        """The answer or the problem."""
        result = done.outcome.result
        try:
            if isinstance(result, RankResponse) and self._request is not None:
                answer = write_rerank(self._asked, self._request, result)
                return json_response(answer, 200, done.request_id)
            assert isinstance(result, RankingError)
            return problem_response(result, done.request_id)
        except RankingError as error:
            return problem_response(error, done.request_id)


def add_rerank_routes(app: FastAPI, work: Work, models: Models, max_body_bytes: int) -> None:
    """Bind the routes."""

    async def rerank(request: Request) -> Response:
        try:
            caller = work.admit(request)
            body = await receive(request, max_body_bytes)
            exchange = await off_loop(body, lambda: _Exchange(body, models, work, caller))
            ask = exchange.ask(request.headers.get(RANKER_HEADER, ""))
            return await work.run(request, ask, exchange.respond)
        except RankingError as error:
            return problem_response(error)

    for path in PATHS:
        app.post(path)(rerank)
