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

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.errors import InvalidField, RankingError
from contract.wire.request import BOTH, Limits
from contract.wire.response import RankResponse
from pipeline.door.services import DEFAULT_SERVICE, RANKER_HEADER
from pipeline.edges.http.described_route import post
from pipeline.edges.http.errors import json_response
from pipeline.edges.http.json_body import parse_object
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi.ranking import rerank as described
from pipeline.edges.http.routes.rerank_bodies import read_rerank, shape_of
from pipeline.edges.http.routes.rerank_errors import rerank_error
from pipeline.edges.http.routes.rerank_shapes import Rerank, doubted, write_rerank
from pipeline.edges.http.runner import Runner, off_loop
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome

# the version that Cohere's clients are told by meta.api_version
_VERSION_OF = {"/": "2", "/rerank": "2", "/v1/rerank": "1", "/v2/rerank": "2"}
PATHS = tuple(_VERSION_OF)
# who answered, or would have; a bare list has no other place for it
ROUTE_HEADERS = ("x-ranker", "x-bundle", "x-experiment", "x-variant")
# what makes the answer doubtful, percent-encoded; of a bare list alone
WARNINGS_HEADER = "x-warnings"
_VISIBLE_ASCII = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


class _Rerank:
    """One request of these shapes, see :class:`pipeline.edges.http.runner.RouteCall`.

    Attributes:
        asked: the request as it came; of what could not be read only the shape, if that.
    """

    def __init__(self, models: Models, limits: Limits, version: str) -> None:
        self.asked = Rerank("", {})
        self._models = models
        self._limits = limits
        self._version = version
        self._named = models.unnamed
        self._ranker = ""

    def parse(self, body: bytes, header: str) -> None:
        """Read what decides how even a refusal is written: the shape, and the model's name.

        Args:
            body: as received.
            header: value of ``x-ranker``; a model that names a ranker wins.

        Raises:
            RequestError: it is none of the shapes.
            UnknownService: no model of that name.
            InvalidField: the header asks for what this answer has no place for.
        """
        fields = parse_object(body)
        self.asked = shape_of(fields)
        self.asked = read_rerank(fields)
        self._named = named = (
            self._models.find(self.asked.model) if self.asked.model else self._models.unnamed
        )
        self._ranker = named.ranker or ("" if named.experiment else header)
        if self._ranker == BOTH:
            raise InvalidField(
                "both rankers make no one list; name one, or POST /ranker/prediction",
                field=RANKER_HEADER,
            )

    def read(self, arrival: Arrival) -> Call:
        """See RouteCall."""
        request = self.asked.request(self._limits).identified(arrival.request_id)
        experiment, whole_texts = self._named.experiment, self.asked.whole_texts
        return Call(request, arrival, self._ranker, experiment, whole_texts)

    def write(self, outcome: Outcome, call: Optional[Call]) -> Response:
        """The answer or the problem, and in headers who answered."""
        result, request_id = outcome.result, call.request.request_id if call is not None else ""
        if isinstance(result, RankingError) or call is None:
            assert isinstance(result, RankingError)
            response = rerank_error(result, request_id, asked=self.asked)
        else:
            result = doubted(self.asked, result)
            answer = write_rerank(self.asked, call.request, result, self._version)
            response = json_response(answer, 200, request_id)
            if self.asked.bare and result.warnings:
                response.headers[WARNINGS_HEADER] = _header_text("; ".join(result.warnings))
        response.headers.update(_route_headers(outcome))
        return response


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
    rankers, bundles = [",".join(values) for values in zip(*targets)]
    values = [_header_text(value) for value in (rankers, bundles, *names)]
    return {name: value for name, value in zip(ROUTE_HEADERS, values) if value}


def _header_text(text: str) -> str:
    """Text of any script, as a header may hold it."""
    return quote(text, safe=_VISIBLE_ASCII)


def rerank_routes(runner: Runner, models: Models) -> list[BaseRoute]:
    """The routes."""

    async def rerank(request: Request) -> Response:
        route = _Rerank(models, runner.limits, _VERSION_OF[request.scope["path"]])
        try:
            caller = runner.look(request)
            body = await caller.body.whole(runner.max_body_bytes)
            header = request.headers.get(RANKER_HEADER, "")
            await off_loop(body, partial(route.parse, body, header))
            # it may be large, and is not needed while the request waits and is ranked
            del body
            return await runner.run(request, DEFAULT_SERVICE, caller, route)
        except RankingError as error:
            return rerank_error(error, asked=route.asked)

    return [post(path, rerank, described(path)) for path in PATHS]
