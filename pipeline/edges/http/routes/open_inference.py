# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol v2 of KServe and Triton, for texts and for token rows.

GET  /v2, /v2/health/live, /v2/health/ready
GET  /v2/models/{name}[/versions/{version}], and .../ready
POST /v2/models/{name}[/versions/{version}]/infer

A model is a ranker or an alias of one, a version is that of a bundle. Inputs are ``query`` and
``title`` (or ``documents``), or ``input_ids`` and ``token_type_ids``; the output is ``score``, and
``logit`` where it is asked for: FP32 scores are 1.0 from a logit of about 17 on.
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import InvalidField, RankingError, UnknownService
from contract.rankers import CASCADE
from contract.wire.request import Limits
from contract.wire.response import Ranking, RankResponse
from pipeline.door.readiness import Readiness
from pipeline.door.services import DEFAULT_SERVICE
from pipeline.edges.http.described_route import DescribedRoute, get, post
from pipeline.edges.http.errors import dump, json_response, problem, problem_response
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.models import OWNER, Models
from pipeline.edges.http.openapi import inference
from pipeline.edges.http.routes.inference_inputs import QUERY, TITLE, read_request
from pipeline.edges.http.routes.inference_tensors import (
    BYTES,
    FP32,
    INT64,
    LENGTH_HEADER,
    Inference,
    Wanted,
    read_inference,
    write_outputs,
)
from pipeline.edges.http.runner import Runner
from pipeline.process.version import VERSION
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target

# the second is upstream's name of the same
SCORE, PREDICT, LOGIT = OUTPUTS = ("score", "predict", "logit")
_TOKENS = [
    {"name": INPUT_IDS, "datatype": INT64, "shape": [-1, -1]},
    {"name": TOKEN_TYPE_IDS, "datatype": INT64, "shape": [-1, -1]},
]


class Infer:
    """One inference, see :class:`pipeline.edges.http.runner.RouteCall`."""

    def __init__(
        self,
        name: str,
        target: Target,
        has_logits: bool,
        limits: Limits,
        body: bytes,
        header_length: Optional[str],
    ) -> None:
        self._name = name
        self._target = target
        self._has_logits = has_logits
        self._limits = limits
        self._body = body
        self._header_length = header_length
        self._asked: Optional[Inference] = None

    def read(self, arrival: Arrival) -> Call:
        """See RouteCall."""
        # the body may be large, and is not needed while the request waits and is ranked
        body, self._body = self._body, b""
        self._asked = asked = read_inference(body, self._header_length)
        _check_outputs(asked)
        if not self._has_logits and any(one.name == LOGIT for one in asked.outputs):
            raise InvalidField(_no_logits(self._target), field="outputs")
        request = read_request(asked, self._limits).identified(arrival.request_id)
        return Call(request, arrival, route=Route((self._target,)))

    def write(self, outcome: Outcome, call: Optional[Call]) -> Response:
        """See RouteCall."""
        result, request_id = outcome.result, call.request.request_id if call is not None else ""
        if isinstance(result, RankingError) or self._asked is None:
            assert isinstance(result, RankingError)
            return error_response(result, request_id)
        return self._answer(self._asked, result, request_id)

    def _answer(self, asked: Inference, response: RankResponse, request_id: str) -> Response:
        ranking = response.rankings[0]
        scores = np.array(ranking.falling_scores, dtype=np.float32)
        logits = np.array(ranking.logits, dtype=np.float32)
        wanted = asked.outputs or (Wanted(SCORE, asked.binary),)
        outputs, rest = write_outputs(
            [(one, logits if one.name == LOGIT else scores) for one in wanted]
        )
        warnings = list(response.warnings)
        stages = [run.to_wire() for run in response.stages]
        if not any(one.name == LOGIT for one in wanted):
            warnings += _rounded_to_one(scores, ranking)
        body = {
            "model_name": self._name,
            "model_version": self._target.bundle,
            "id": request_id,
            "parameters": {
                "ranker": self._target.ranker,
                "tokens": response.tokens,
                "truncated_documents": len(response.truncated),
                **{f"{k}_ms": round(v, 3) for k, v in response.timings_ms.items()},
                # parameters are plain values, not lists
                **({"stages": dump(stages).decode()} if stages else {}),
                **({"warnings": "; ".join(warnings)} if warnings else {}),
            },
            "outputs": outputs,
        }
        if not any(one.binary for one in wanted):
            return json_response(body, 200, request_id)
        text = dump(body)
        headers = {LENGTH_HEADER: str(len(text)), REQUEST_ID_HEADER: request_id}
        return Response(text + rest, 200, headers, media_type="application/octet-stream")


def _no_logits(target: Target) -> str:
    if target.ranker == CASCADE:
        return f"no output {LOGIT!r}: logits of two stages do not compare; ask for {SCORE}"
    return (
        f"no output {LOGIT!r}: the graph of bundle {target.bundle} returns scores and no logits; "
        f"ask for {SCORE}, or export the checkpoint again"
    )


def _rounded_to_one(scores: NDArray[np.float32], ranking: Ranking) -> list[str]:
    """Says so when FP32 hides the order of documents whose scores differ, or whose logits do."""
    ones = {ranking.ordered_by[i] for i in np.flatnonzero(scores == 1.0)}
    if len(ones) < 2:
        return []
    return [
        f"{np.count_nonzero(scores == 1.0)} documents have the score 1 in FP32, and their logits "
        f"differ; the output {LOGIT} has them"
    ]


def _check_outputs(asked: Inference) -> None:
    for one in asked.outputs:
        if one.name not in OUTPUTS:
            raise InvalidField(
                f"no output {one.name!r:.80}; there are {SCORE} and {LOGIT}", field="outputs"
            )
    if len({one.name for one in asked.outputs}) < len(asked.outputs):
        raise InvalidField("an output stands twice", field="outputs")


def error_response(error: RankingError, request_id: str = "") -> Response:
    """``{"error": "..."}``, as the protocol has it, with the status."""
    shown = problem(error)["error"]
    text = f"{shown['field']}: {shown['message']}" if shown["field"] else shown["message"]
    return problem_response(error, request_id, {"error": text})


def open_inference_routes(runner: Runner, models: Models, readiness: Readiness) -> list[BaseRoute]:
    """The routes; any other path below /v2/models is answered in the protocol's shape, too."""

    async def infer(request: Request) -> Response:
        try:
            name, version = _named(request)
            caller = runner.look(request)
            target = models.target(name, version)
            if request.headers.get("content-encoding", "identity") != "identity":
                raise InvalidField(
                    "not supported; send the body as it is", field="content-encoding"
                )
            body = await caller.body.whole(runner.max_body_bytes)
            length = request.headers.get(LENGTH_HEADER)
            route = Infer(name, target, models.has_logits(target), runner.limits, body, length)
            del body
            return await runner.run(request, DEFAULT_SERVICE, caller, route)
        except RankingError as error:
            return error_response(error)

    async def metadata(request: Request) -> Response:
        try:
            return json_response(_metadata(*_named(request), models))
        except RankingError as error:
            return error_response(error)

    async def model_ready(request: Request) -> Response:
        try:
            name, version = _named(request)
            parts = models.parts(models.target(name, version))
            reason = next(filter(None, map(readiness.of_target, parts)), "")
        except RankingError as error:
            return error_response(error)
        if reason:
            return json_response({"error": reason, "name": name, "ready": False}, 503)
        return json_response({"name": name, "ready": True})

    async def unknown(request: Request) -> Response:
        rest = request.path_params["rest"]
        return error_response(UnknownService(f"no such path /v2/models/{rest:.200}"))

    routes: list[BaseRoute] = []
    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        routes += [
            get(path, metadata, inference.metadata(path)),
            get(f"{path}/ready", model_ready, inference.model_ready(path)),
            post(f"{path}/infer", infer, inference.infer(path)),
        ]
    routes.append(DescribedRoute("/v2/models/{rest:path}", unknown, ("GET", "HEAD", "POST")))
    return [*routes, *_server_routes(readiness)]


def _named(request: Request) -> tuple[str, str]:
    """Model and version of the path; an empty version is the default's."""
    return request.path_params["name"], request.path_params.get("version", "")


def _server_routes(readiness: Readiness) -> list[BaseRoute]:
    async def server(_: Request) -> Response:
        extensions = ["binary_tensor_data"]
        return json_response({"name": OWNER, "version": VERSION, "extensions": extensions})

    async def live(_: Request) -> Response:
        hanging = readiness.hanging()
        if hanging:
            return json_response({"error": hanging, "live": False}, 503)
        return json_response({"live": True})

    async def ready(_: Request) -> Response:
        state = readiness.state()
        if state.ready:
            return json_response({"ready": True})
        return json_response({"error": state.reason, "ready": False}, 503)

    return [
        get("/v2", server, inference.server()),
        get("/v2/health/live", live, inference.live()),
        get("/v2/health/ready", ready, inference.ready()),
    ]


def _metadata(name: str, version: str, models: Models) -> dict[str, Any]:
    target = models.target(name, version)
    outputs = (SCORE, LOGIT) if models.has_logits(target) else (SCORE,)
    return {
        "name": name,
        "versions": [version] if version else models.versions(target.ranker),
        "platform": "paddle_ranker",
        "inputs": [
            {"name": QUERY, "datatype": BYTES, "shape": [-1]},
            {"name": TITLE, "datatype": BYTES, "shape": [-1]},
            *([] if target.ranker == CASCADE else _TOKENS),
        ],
        "outputs": [{"name": output, "datatype": FP32, "shape": [-1]} for output in outputs],
    }
