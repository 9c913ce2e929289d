# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes that clients of other re-rankers call.

POST /rerank, /v1/rerank, /v2/rerank    Cohere's, Jina's, Infinity's, vLLM's and Voyage's shape, and
                                        that of Text Embeddings Inference
POST /                                  the same; Text Embeddings Inference has it there too
"""

from __future__ import annotations

from functools import partial
from typing import Optional
from urllib.parse import quote

from fastapi import FastAPI, Request, Response

from contract.errors import InvalidField, RankingError
from contract.request import BOTH, RankRequest
from contract.response import RankResponse
from pipeline.dag.paddle_op import Outcome
from pipeline.door.front_door import DEFAULT_SERVICE, RANKER_HEADER
from pipeline.edges.http.api_keys import Caller
from pipeline.edges.http.errors import json_response
from pipeline.edges.http.headers import receive
from pipeline.edges.http.json_body import parse_object
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi.ranking import rerank as described
from pipeline.edges.http.routes.rerank_errors import rerank_problem
from pipeline.edges.http.routes.rerank_shapes import (
    Rerank,
    check_cut,
    read_rerank,
    shape_of,
    write_rerank,
)
from pipeline.edges.http.work import Work, off_loop
from pipeline.request.exchange import Ask, Done, Reading

# the version that Cohere's clients are told by meta.api_version
_VERSION_OF = {"/": "2", "/rerank": "2", "/v1/rerank": "1", "/v2/rerank": "2"}
PATHS = tuple(_VERSION_OF)
# who answered, or would have; a bare list has no other place for it
ROUTE_HEADERS = ("x-ranker", "x-bundle", "x-experiment", "x-variant")
_VISIBLE_ASCII = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


class _Exchange:
    """One request, from its bytes to its answer.

    Attributes:
        asked: the request as it came; of what could not be read only the shape, if that.
    """

    def __init__(self, models: Models, work: Work, caller: Caller, version: str) -> None:
        self.asked = Rerank("", {})
        self._models = models
        self._caller = caller
        self._limits = work.front_door.limits
        self._version = version
        self._request: Optional[RankRequest] = None

    def read(self, body: bytes) -> None:
        """Read the body, since the model's name in it decides what is asked.

        Raises:
            RequestError: it is none of the shapes.
        """
        fields = parse_object(body)
        self.asked = shape_of(fields)
        self.asked = read_rerank(fields)

    def ask(self, header: str) -> Ask:
        """What the front door is asked; a ranker in the body wins over one in a header.

        Raises:
            UnknownService: no model of that name.
            InvalidField: the header asks for what this answer has no place for.
        """
        named = self._models.find(self.asked.model)
        ranker = named.ranker or ("" if named.experiment else header)
        if ranker == BOTH:
            raise InvalidField(
                "both rankers make no one list; name one, or POST /ranker/prediction",
                field=RANKER_HEADER,
            )
        return Ask(
            DEFAULT_SERVICE,
            self._read,
            ranker=ranker,
            experiment=named.experiment,
            accept=self._accept,
        )

    def _read(self) -> Reading:
        self._request = self.asked.request(self._limits)
        self._caller.take_documents(len(self._request.pairs))
        return Reading(self._request)

    def _accept(self, response: RankResponse) -> None:
        check_cut(self.asked, response)

    def respond(self, done: Done) -> Response:
        """The answer or the problem, and in headers who answered."""
        response = self._respond(done)
        response.headers.update(_route_headers(done.outcome))
        return response

    def _respond(self, done: Done) -> Response:
        result = done.outcome.result
        if isinstance(result, RankResponse) and self._request is not None:
            answer = write_rerank(self.asked, self._request, result, self._version)
            return json_response(answer, 200, done.request_id)
        assert isinstance(result, RankingError)
        return rerank_problem(result, done.request_id, asked=self.asked)


def _route_headers(outcome: Outcome) -> dict[str, str]:
    """Of two rankers, whose orders are interleaved, both; nothing where nobody was asked."""
    result, route = outcome.result, outcome.route
    if isinstance(result, RankResponse):
        targets = [(ranking.ranker, ranking.bundle) for ranking in result.rankings]
        names = (result.experiment, result.variant)
    elif route is not None:
        targets = [(target.ranker, target.bundle) for target in route.targets]
        names = (route.experiment, route.variant)
    else:
        return {}
    rankers, bundles = (",".join(values) for values in zip(*targets))
    values = (rankers, bundles, *names)
    # names may be of any script, a header not
    pairs = zip(ROUTE_HEADERS, (quote(value, safe=_VISIBLE_ASCII) for value in values))
    return {name: value for name, value in pairs if value}


def add_rerank_routes(app: FastAPI, work: Work, models: Models, max_body_bytes: int) -> None:
    """Bind the routes."""

    async def rerank(request: Request) -> Response:
        exchange = None
        try:
            caller = work.admit(request)
            body = await receive(request, max_body_bytes)
            exchange = _Exchange(models, work, caller, _VERSION_OF[request.scope["path"]])
            await off_loop(body, partial(exchange.read, body))
            ask = exchange.ask(request.headers.get(RANKER_HEADER, ""))
            return await work.run(request, ask, exchange.respond)
        except RankingError as error:
            return rerank_problem(error, asked=exchange and exchange.asked)

    for path in PATHS:
        app.post(path, openapi_extra=described(path))(rerank)
