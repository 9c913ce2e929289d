# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service answers PipelineService as the Pipeline's RPC port does.

Alike is every byte of the answer, but for times, ids and the last digits of scores, which batches
of another shape may change.
"""

from __future__ import annotations

import json
from typing import Any

import grpc
import httpx
import pytest

from clients.ranker.pipeline_wire import encode_request
from contract.errors import RequestError, UnknownService
from tests.bundles import SENTENCES
from tests.general_model_service.rpc_twins import (
    Metadata,
    Request,
    RpcTwins,
    Told,
    fields_of,
    told,
)
from tests.general_model_service.text_cases import LENGTHS, OF_THE_GATEWAY, PAIR, TEXTS
from tests.golden_answers.messages import PbRequest
from tests.pipeline.test_bad_input import BAD, PAIRS
from tests.pipeline.test_bad_input import wire as strings_of

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])


def check(rpc_both: RpcTwins, request: Request, metadata: Metadata = (), **options: Any) -> Told:
    pipeline, program = rpc_both.ask(request, metadata, **options)
    assert program._replace(numbers=()) == pipeline._replace(numbers=())
    assert program.numbers == pytest.approx(pipeline.numbers, abs=1e-5)
    assert program.status == "OK"
    return program


GOOD = fields_of({"query": QUERY, "documents": json.dumps(DOCUMENTS, ensure_ascii=False)})


def messages_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """A body of the gateway as fields of the message; none for one that no message can be."""
    try:
        PbRequest(**body)
    except (TypeError, ValueError, AttributeError):
        return []
    return [body]


@pytest.mark.parametrize("service", ["", "ranker", "rocketqa"])
@pytest.mark.parametrize(
    "body",
    [body for given in OF_THE_GATEWAY if "key" in given or "tensors" in given
     for body in messages_of({**given, "name": ""})],
)  # fmt: skip
def test_what_the_gateway_takes(rpc_both: RpcTwins, service: str, body: dict[str, Any]) -> None:
    check(rpc_both, {**body, "name": service})


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_the_pipeline_refuses_in_the_fuller_shape(rpc_both: RpcTwins, name: str) -> None:
    assert check(rpc_both, fields_of(strings_of(BAD[name].fields))).err_no == RequestError.err_no


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_what_the_pipeline_refuses_in_upstreams_shape(rpc_both: RpcTwins, name: str) -> None:
    assert check(rpc_both, fields_of(PAIRS[name][0])).err_no == RequestError.err_no


@pytest.mark.parametrize("extra", LENGTHS)
@pytest.mark.parametrize(("query", "texts"), TEXTS)
def test_texts_that_are_cut_or_empty(
    rpc_both: RpcTwins, query: str, texts: list[str], extra: dict[str, Any]
) -> None:
    fields = {"query": query, "documents": json.dumps(texts)}
    check(rpc_both, fields_of({**fields, **{k: json.dumps(v) for k, v in extra.items()}}))


@pytest.mark.parametrize(
    "name",
    ["ernie", "rocketqa", "ernix", "Ranker", "pipeline", " ", "rocketqa ", "名", "feedback2"],
)
def test_the_name_of_the_service(rpc_both: RpcTwins, name: str) -> None:
    check(rpc_both, {**GOOD, "name": name})
    check(rpc_both, {"key": ["query"], "value": ["a"], "name": name})


@pytest.mark.parametrize(
    "parts",
    [
        {"method": "other"},
        {"logid": 2**62, "clientip": "10.0.0.1"},
        {"logid": -1},
        {"tensors": [{"name": "documents", "elem_type": 12, "str_data": ["[]"]}]},
        {"tensors": [{"name": "ranker", "elem_type": 12, "str_data": ["cross_", "encoder"]}]},
        {"tensors": [{"name": "", "elem_type": 12, "str_data": ["a"]}]},
        {"tensors": [{"elem_type": 1, "int64_data": [1, 2, 3]}]},
        {"tensors": [{"name": "top_n", "elem_type": -7}]},
        {"tensors": [{"name": "top_n", "elem_type": 12, "int64_data": [1], "shape": [1]}]},
        {"tensors": [{"name": "top_n", "elem_type": 12, "str_data": ["2"]}]},
    ],
)
def test_what_may_stand_beside_keys_and_values(rpc_both: RpcTwins, parts: dict[str, Any]) -> None:
    check(rpc_both, {**GOOD, **parts})


@pytest.mark.parametrize("elem_type", [0, 1, 9, 11, 13, 99])
def test_tensors_that_are_no_strings(rpc_both: RpcTwins, elem_type: int) -> None:
    answer = check(
        rpc_both, {"tensors": [{"name": "0", "elem_type": elem_type, "int64_data": [1]}]}
    )
    assert answer.err_msg == (f"0: elem_type {elem_type} is not taken; send strings (elem_type 12)")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x12\x02\xff\xfe",
        b"\xff\xff\xff",
        b"\x0a\x7f",
        b"\x0a\x03\xed\xa0\x80",
        b"\x0b\x0c",
        b"\x0b",
        b"\x0c",
        b"\x08\x01",
        b"\x1a\x02\x0a\x05",
        b"\x1a\x04\xba\x01\x01\xff",
        b"\x22\x01\xff",
        b"\x9a\x06\x01\xff" + encode_request({"query": "a", "documents": '["b"]'}, "", 0),
        encode_request({"query": "a", "documents": '["b"]'}, "", 0) + b"\x22\x06ranker",
        encode_request({"query": "a", "documents": '["b"]'}, "ernie", 0) + b"\x22\x00",
        b"\x1a" * 3000,
        (b"\x1a\x00") * 70_000,
        (b"\x0a\x00") * 5000 + (b"\x12\x00") * 5000,
        (b"\x0a\x00") * 5001 + (b"\x12\x00") * 5000,
    ],
)
def test_bytes_that_are_no_request(rpc_both: RpcTwins, data: bytes) -> None:
    check(rpc_both, data)


@pytest.mark.parametrize(
    "metadata",
    [
        (("x-ranker", "cross_encoder"),),
        (("x-ranker", "pairwise"),),
        (("x-ranker", "both"),),
        (("x-ranker", "gpt'"),),
        (("x-ranker", ""),),
        (("x-ranker", "cross_encoder"), ("x-ranker", "gpt")),
        # what HTTP reads and RPC does not
        (("x-request-id", "a b"), ("x-timeout-ms", "0"), ("x-dry-run", "maybe")),
        (("traceparent", "00-11111111111111111111111111111111-2222222222222222-01"),),
        (("authorization", "Bearer anything"), ("x-api-key", "anything")),
        (("content-length", "7"),),
    ],
)
def test_metadata(rpc_both: RpcTwins, metadata: Metadata) -> None:
    check(rpc_both, {**GOOD, "name": "rocketqa"}, metadata)
    check(rpc_both, GOOD, metadata)
    named = {"query": "q", "documents": '["a"]', "ranker": "cross_encoder"}
    check(rpc_both, fields_of(named), metadata)
    check(rpc_both, fields_of({"query": "", "documents": '["a"]'}), metadata)


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_messages_that_are_compressed(rpc_both: RpcTwins, compression: grpc.Compression) -> None:
    assert check(rpc_both, GOOD, compression=compression).err_no == 0


def test_a_request_keeps_its_id_and_one_without_gets_one(rpc_both: RpcTwins) -> None:
    answer = check(
        rpc_both, {"key": [*GOOD["key"], "request_id"], "value": [*GOOD["value"], "mine"]}
    )
    assert dict(answer.fields)["request_id"] == "mine"
    assert dict(check(rpc_both, GOOD).fields)["request_id"] == "ID"


def test_what_is_not_carried_over_is_refused_by_name(rpc_both: RpcTwins) -> None:
    answer = told(rpc_both.program, PbRequest(name="feedback").SerializeToString())
    assert (answer.err_no, answer.err_msg) == (
        UnknownService.err_no,
        "feedback is kept by a service of config_nlp.yml; this one has a bundle alone",
    )
    fields = fields_of({"0": PAIR, "pipeline.profile": "1"})
    answer = told(rpc_both.program, PbRequest(**fields).SerializeToString())
    assert answer.err_no == RequestError.err_no
    assert answer.err_msg.startswith("pipeline.profile: no timeline")


def test_the_same_answer_as_over_http(rpc_both: RpcTwins) -> None:
    fields = fields_of({"0": PAIR, "1": PAIR, "request_id": "mine"})
    answer = httpx.post(f"http://{rpc_both.endpoints[1]}/ranker/prediction", json=fields).json()
    rpc = told(rpc_both.program, PbRequest(**fields).SerializeToString())
    assert [key for key, _ in rpc.fields] == answer["key"]
    assert answer["err_no"] == rpc.err_no == 0
    scores = json.loads(answer["value"][0])
    assert rpc.numbers[:2] == pytest.approx(scores, abs=1e-6)
