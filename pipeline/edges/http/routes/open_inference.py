# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol v2 of KServe and Triton, for texts and for token rows.

GET  /v2, /v2/health/live, /v2/health/ready
GET  /v2/models/{name}[/versions/{version}], and .../ready
POST /v2/models/{name}[/versions/{version}]/infer

A model is a ranker or an alias of one, a version is that of a bundle. Inputs are ``query`` and
``title`` (or ``documents``), or ``input_ids`` and ``token_type_ids``; the output is ``score``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import InvalidField, RankingError, UnknownService
from contract.wire.request import Limits, RankRequest
from contract.wire.response import RankResponse
from contract.wire.token_rows import TokenRows
from contract.wire.values import check_count, check_request_id, check_text
from pipeline.door.readiness import Readiness
from pipeline.door.services import DEFAULT_SERVICE
from pipeline.edges.http.described_route import DescribedRoute, get, post
from pipeline.edges.http.errors import dump, json_response, problem, problem_response
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.models import OWNER, Models
from pipeline.edges.http.openapi import inference
from pipeline.edges.http.routes.inference_tensors import (
    BYTES,
    FP32,
    INT64,
    LENGTH_HEADER,
    Inference,
    Tensor,
    Wanted,
    read_inference,
    write_outputs,
)
from pipeline.edges.http.runner import Runner
from pipeline.process.version import VERSION
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target

_QUERY, _TITLE, _DOCUMENTS = "query", "title", "documents"
# the second is upstream's name of the same
OUTPUTS = ("score", "predict")
_TEXT_FIELDS = frozenset((_QUERY, _TITLE, _DOCUMENTS))
_TOKEN_FIELDS = frozenset((INPUT_IDS, TOKEN_TYPE_IDS))


class _Infer:
    """One inference, see :class:`pipeline.edges.http.runner.RouteCall`."""

    def __init__(
        self, name: str, target: Target, limits: Limits, body: bytes, header_length: Optional[str]
    ) -> None:
        self._name = name
        self._target = target
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
        scores = np.array(response.rankings[0].scores, dtype=np.float32)
        wanted = asked.outputs or (Wanted(OUTPUTS[0], asked.binary),)
        outputs, rest = write_outputs([(one, scores) for one in wanted])
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
                **({"warnings": "; ".join(response.warnings)} if response.warnings else {}),
            },
            "outputs": outputs,
        }
        if not any(one.binary for one in wanted):
            return json_response(body, 200, request_id)
        text = dump(body)
        headers = {LENGTH_HEADER: str(len(text)), REQUEST_ID_HEADER: request_id}
        return Response(text + rest, 200, headers, media_type="application/octet-stream")


def read_request(asked: Inference, limits: Limits) -> RankRequest:
    """Inputs to a request.

    Raises:
        RequestError: which input, and what is wrong with it.
    """
    names = frozenset(asked.inputs)
    request_id = check_request_id(asked.id)
    if names == _TOKEN_FIELDS:
        return RankRequest((), request_id=request_id, tokens=_tokens(asked.inputs, limits))
    if _QUERY in names and len(names) == 2 and names <= _TEXT_FIELDS:
        several = len(asked.inputs[_QUERY].values) > 1
        named = f"{_QUERY}[{{}}]" if several else f"{_QUERY}[0]"
        pairs = _pairs(asked.inputs, limits)
        return RankRequest(pairs, request_id=request_id, query_field=named)
    raise InvalidField(
        f"must be {_QUERY} and {_TITLE} (or {_DOCUMENTS}), or {INPUT_IDS} and {TOKEN_TYPE_IDS}; "
        f"got {', '.join(sorted(names)) or 'none':.200}",
        field="inputs",
    )


def _tokens(inputs: Mapping[str, Tensor], limits: Limits) -> TokenRows:
    ids, types = inputs[INPUT_IDS], inputs[TOKEN_TYPE_IDS]
    for name, tensor in ((INPUT_IDS, ids), (TOKEN_TYPE_IDS, types)):
        _check_kind(tensor, name, INT64)
        if len(tensor.shape) != 2:
            raise InvalidField("must have the shape [rows, length]", field=name)
    if ids.shape != types.shape:
        raise InvalidField(
            f"has the shape {list(types.shape)}, and {INPUT_IDS} {list(ids.shape)}",
            field=TOKEN_TYPE_IDS,
        )
    check_count(ids.shape[0], INPUT_IDS, limits.max_documents)
    return TokenRows(ids.values, types.values)


def _pairs(inputs: Mapping[str, Tensor], limits: Limits) -> tuple[tuple[str, str], ...]:
    name = _TITLE if _TITLE in inputs else _DOCUMENTS
    queries, titles = _texts(inputs[_QUERY], _QUERY), _texts(inputs[name], name)
    check_count(len(titles), name, limits.max_documents)
    if len(queries) not in (1, len(titles)):
        raise InvalidField(f"must hold one text, or {len(titles)} as {name} does", field=_QUERY)
    for i, query in enumerate(queries):
        check_text(query, f"{_QUERY}[{i}]", limits.max_query_chars)
    for i, title in enumerate(titles):
        check_text(title, f"{name}[{i}]", limits.max_document_chars, empty=True)
    if len(queries) == 1:
        queries = queries * len(titles)
    return tuple(zip(queries, titles))


def _texts(tensor: Tensor, name: str) -> list[str]:
    _check_kind(tensor, name, BYTES)
    if len(tensor.shape) == 2 and tensor.shape[1] != 1:
        raise InvalidField("must have the shape [texts] or [texts, 1]", field=name)
    texts: list[str] = tensor.values
    return texts


def _check_kind(tensor: Tensor, name: str, datatype: str) -> None:
    if tensor.datatype != datatype:
        raise InvalidField(f"must be {datatype}, got {tensor.datatype}", field=name)


def _check_outputs(asked: Inference) -> None:
    for one in asked.outputs:
        if one.name not in OUTPUTS:
            raise InvalidField(
                f"no output {one.name!r:.80}; there is {OUTPUTS[0]}", field="outputs"
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
            route = _Infer(name, target, runner.limits, body, length)
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
            reason = readiness.of_target(models.target(name, version))
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
    return {
        "name": name,
        "versions": [version] if version else models.versions(target.ranker),
        "platform": "paddle_ranker",
        "inputs": [
            {"name": _QUERY, "datatype": BYTES, "shape": [-1]},
            {"name": _TITLE, "datatype": BYTES, "shape": [-1]},
            {"name": INPUT_IDS, "datatype": INT64, "shape": [-1, -1]},
            {"name": TOKEN_TYPE_IDS, "datatype": INT64, "shape": [-1, -1]},
        ],
        "outputs": [{"name": OUTPUTS[0], "datatype": FP32, "shape": [-1]}],
    }
