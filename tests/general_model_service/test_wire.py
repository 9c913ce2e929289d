# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The clients people have: the README's curl line, HttpClient in its modes, brpc's own bytes."""

from __future__ import annotations

import collections
import collections.abc
import gzip
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from paddle_serving_app.proto import general_model_service_pb2 as messages

from child_services.tensor_process import TensorProcess
from contract.wire.tensor_codec import SERVICE
from tests.general_model_service import wire
from tests.sets import skip_unless_card
from tests.tensor_service import StartTensorService

CLIENT_CONF = "serving_models/pairwise/serving_client"
ROWS = [wire.ROW, ([1, 30, 31, 32, 2, 30, 33, 2], [0, 0, 0, 0, 0, 1, 1, 1])]


def expected(service: TensorProcess) -> list[float]:
    values: list[float] = wire.post(service.port, wire.json_request(ROWS)).json["outputs"][0][
        "tensor"
    ][0]["float_data"]
    return values


def test_curl(pairwise: TensorProcess) -> None:
    done = subprocess.run(
        ["curl", "-sS", f"{pairwise.url}{wire.PATH}", "-d", wire.json_request(log_id=77)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    answer = json.loads(done.stdout)
    assert (answer["err_no"], answer["log_id"]) == (0, 77)
    output = answer["outputs"][0]
    assert output["engine_name"] == "general_infer_0"
    (tensor,) = output["tensor"]
    assert (tensor["alias_name"], tensor["shape"], tensor["elem_type"]) == ("predict", [1, 1], 1)
    assert 0 < tensor["float_data"][0] < 1


def http_client(service: TensorProcess, repository: Path) -> Any:
    skip_unless_card()
    # removed in Python 3.10, which upstream's client cannot do without
    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
    from paddle_serving_client.httpclient import HttpClient

    client = HttpClient()
    client.load_client_config(str(repository / CLIENT_CONF))
    client.connect([f"127.0.0.1:{service.port}"])
    return client


def rows_feed() -> dict[str, Any]:
    return {
        "input_ids": np.array([row[0] for row in ROWS]),
        "token_type_ids": np.array([row[1] for row in ROWS]),
    }


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("mode", ["proto", "json", "grpc"])
def test_paddle_servings_http_client(
    pairwise: TensorProcess, repository: Path, mode: str, compressed: bool
) -> None:
    client = http_client(pairwise, repository)
    client.set_http_proto(mode != "json")
    client.set_use_grpc_client(mode == "grpc")
    client.set_request_compress(compressed)
    client.set_response_compress(compressed)
    client.connect([f"127.0.0.1:{pairwise.port}"])
    feed = rows_feed()
    if compressed:  # the client compresses from 512 bytes on
        feed = {name: np.repeat(rows, 30, axis=0) for name, rows in feed.items()}
    result = client.predict(feed=feed, fetch=["predict"], batch=True, log_id=5)
    if mode == "json":
        assert result["log_id"] == 5
        values = result["outputs"][0]["tensor"][0]["float_data"]
    else:
        assert result.log_id == 5
        values = list(result.outputs[0].tensor[0].float_data)
    wanted = expected(pairwise)
    if compressed:
        wanted = list(np.repeat(wanted, 30))
    assert values == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("batch", [False, True])
def test_paddle_servings_http_client_with_lists(
    pairwise: TensorProcess, repository: Path, batch: bool
) -> None:
    client = http_client(pairwise, repository)
    rows = ROWS if batch else ROWS[:1]
    feed = {
        name: [row[part] for row in rows] if batch else rows[0][part]
        for part, name in enumerate(("input_ids", "token_type_ids"))
    }
    result = client.predict(feed=feed, fetch=["predict"], batch=batch)
    values = list(result.outputs[0].tensor[0].float_data)
    assert values == pytest.approx(expected(pairwise)[: len(rows)], abs=1e-6)


def test_brpc_request_byte_for_byte(pairwise: TensorProcess, repository: Path) -> None:
    path = repository.parent / "shared" / "wire" / "brpc_request.bin"
    if not path.is_file():
        pytest.skip(f"the recorded exchange is not at {path}")
    recorded = wire.fields_of(path.read_bytes()[12 : 12 + 0x59])
    with socket.create_connection(("127.0.0.1", pairwise.port), timeout=30) as connection:
        for _ in range(2):
            connection.sendall(path.read_bytes())
            meta, payload = wire.read_baidu_std(connection)
            fields = wire.fields_of(meta)
            assert fields[4] == recorded[4], "the correlation id"
            assert wire.fields_of(fields[2]).get(1, 0) == 0
            response = messages.Response.FromString(payload)
            assert response.err_no == 0
            assert response.outputs[0].tensor[0].alias_name == "predict"
            assert list(response.outputs[0].tensor[0].shape) == [1, 1]


def test_baidu_std_refuses_another_service(pairwise: TensorProcess) -> None:
    # RpcMeta{request{service_name: "a", method_name: "b"}, correlation_id: 9}
    meta = b"\x0a\x06\x0a\x01a\x12\x01b\x20\x09"
    message = b"PRPC" + len(meta).to_bytes(4, "big") * 2 + meta
    with socket.create_connection(("127.0.0.1", pairwise.port), timeout=30) as connection:
        connection.sendall(message)
        fields = wire.fields_of(wire.read_baidu_std(connection)[0])
    assert fields[4] == 9
    assert wire.fields_of(fields[2])[1] == 1002


def method(service: TensorProcess, name: str = "inference") -> Any:
    """A method of upstream's generated stub, whose module imports on Python 3.9 only."""
    return grpc.insecure_channel(f"127.0.0.1:{service.port}").unary_unary(
        f"/{SERVICE}/{name}",
        request_serializer=messages.Request.SerializeToString,
        response_deserializer=messages.Response.FromString,
    )


def message(rows: list[tuple[list[int], list[int]]]) -> Any:
    request = messages.Request(fetch_var_names=["predict"], log_id=11)
    for part, name in enumerate(("input_ids", "token_type_ids")):
        tensor = request.tensor.add(alias_name=name, shape=[len(rows), len(rows[0][part])])
        tensor.int64_data.extend(number for row in rows for number in row[part])
    return request


def test_grpc_many_streams_of_one_connection(pairwise: TensorProcess) -> None:
    inference = method(pairwise)
    calls = [inference.future(message(ROWS), timeout=30) for _ in range(50)]
    wanted = expected(pairwise)
    for call in calls:
        assert list(call.result().outputs[0].tensor[0].float_data) == pytest.approx(
            wanted, abs=1e-6
        )
        assert call.result().log_id == 11


def test_grpc_statuses(pairwise: TensorProcess) -> None:
    request = message(ROWS)
    request.fetch_var_names[:] = ["typo"]
    with pytest.raises(grpc.RpcError) as caught:
        method(pairwise)(request, timeout=30)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "predict, logits" in caught.value.details()


def test_grpc_gzip(pairwise: TensorProcess) -> None:
    answer = method(pairwise)(message(ROWS * 40), timeout=30, compression=grpc.Compression.Gzip)
    assert len(answer.outputs[0].tensor[0].float_data) == 80


def test_debug_brings_times(pairwise: TensorProcess) -> None:
    answer = method(pairwise, "debug")(message(ROWS), timeout=30)
    assert len(answer.profile_time) == 6
    assert list(answer.profile_time) == sorted(answer.profile_time)


@pytest.mark.parametrize(
    ("change", "status", "err_no", "words"),
    [
        ({"fetch_var_names": ["scores"]}, 400, -5100, "its outputs are predict, logits"),
        (
            {"fetch_var_names": ["logits", "sigmoid_2.tmp_0"]},
            400,
            -5100,
            "'sigmoid_2.tmp_0' is not",
        ),
        ({"tensor": []}, 400, -5100, "input_ids: missing"),
    ],
)
def test_errors_in_band(
    pairwise: TensorProcess, change: dict[str, Any], status: int, err_no: int, words: str
) -> None:
    answer = wire.post(pairwise.port, wire.json_request(log_id=3, **change))
    assert (answer.status, answer.json["err_no"], answer.json["log_id"]) == (status, err_no, 3)
    assert words in answer.json["err_msg"]


def test_a_name_of_upstreams_graph_means_the_scores(
    tensor_service: StartTensorService, repository: Path
) -> None:
    """So upstream's page on its tensor service asks, and its clients do."""
    bundle = repository / "serving_models" / "pairwise" / "serving_server"
    service = tensor_service(bundle)
    for _ in range(3):
        answer = wire.post(service.port, wire.json_request(fetch_var_names=["sigmoid_2.tmp_0"]))
        (tensor,) = answer.json["outputs"][0]["tensor"]
        assert (answer.status, tensor["alias_name"]) == (200, "predict")
        named = wire.post(service.port, wire.json_request(fetch_var_names=["predict"]))
        (expected,) = named.json["outputs"][0]["tensor"]
        assert tensor["float_data"] == expected["float_data"]
    told = "'sigmoid_2.tmp_0' is no output of this bundle and is taken for its scores, 'predict'"
    assert service.log().count(told) == 1


def test_upstreams_first_output_behind_a_flag(
    tensor_service: StartTensorService, repository: Path
) -> None:
    bundle = repository / "serving_models" / "pairwise" / "serving_server"
    service = tensor_service(bundle, "--first_output")
    answer = wire.post(service.port, wire.json_request(fetch_var_names=["scores"]))
    assert answer.json["outputs"][0]["tensor"][0]["alias_name"] == "predict"


def test_no_fetch_names_bring_all(pairwise: TensorProcess) -> None:
    answer = wire.post(pairwise.port, wire.json_request(fetch_var_names=[]))
    names = [tensor["alias_name"] for tensor in answer.json["outputs"][0]["tensor"]]
    assert names == ["predict", "logits"]


def test_http_compression_both_ways(pairwise: TensorProcess) -> None:
    body = gzip.compress(wire.json_request(ROWS * 100).encode())
    answer = wire.post(
        pairwise.port,
        body,
        Content_Type="application/json",
        Content_Encoding="gzip",
        Accept_Encoding="gzip",
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    values = json.loads(gzip.decompress(answer.body))["outputs"][0]["tensor"][0]["float_data"]
    assert len(values) == 200


def test_what_the_service_says_of_itself(pairwise: TensorProcess) -> None:
    about = wire.get(pairwise.port, "/").json
    assert about["ranker"] == "pairwise"
    assert [tensor["alias_name"] for tensor in about["inputs"]] == ["input_ids", "token_type_ids"]
    assert wire.get(pairwise.port, "/health").status == 200
    assert wire.get(pairwise.port, "/ready").status == 200
    assert wire.get(pairwise.port, "/nothing").status == 404
    assert wire.get(pairwise.port, wire.PATH).status == 405


def test_metrics_split_a_request(pairwise: TensorProcess) -> None:
    before = wire.metric(pairwise.port, 'tensor_service_requests_total{status="ok"}')
    parts = [
        f'tensor_service_stage_seconds_count{{stage="{stage}"}}'
        for stage in ("parse", "queue", "compute")
    ]
    counts = [wire.metric(pairwise.port, part) for part in parts]
    assert wire.alive(pairwise.port)
    assert wire.metric(pairwise.port, 'tensor_service_requests_total{status="ok"}') == before + 1
    assert [wire.metric(pairwise.port, part) for part in parts] == [n + 1 for n in counts]


def test_metrics_count_what_the_protocol_refuses(pairwise: TensorProcess) -> None:
    names = [f'tensor_service_requests_total{{status="{s}"}}' for s in ("unsupported", "not_found")]
    before = [wire.metric(pairwise.port, name) for name in names]
    assert wire.post(pairwise.port, wire.json_request(), Content_Type="text/csv").status == 415
    assert wire.get(pairwise.port, "/nothing").status == 404
    assert [wire.metric(pairwise.port, name) for name in names] == [n + 1 for n in before]


def test_metrics_of_a_port_of_their_own(
    tensor_service: StartTensorService, repository: Path
) -> None:
    from child_services.child import free_port

    port = free_port()
    tensor_service(
        repository / "serving_models" / "pairwise",
        "--enable_prometheus",
        "--prometheus_port",
        str(port),
    )
    assert wire.metric(port, "pd_query_request_success_total") >= 0
    assert wire.post(port, wire.json_request()).status == 405
