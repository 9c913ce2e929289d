# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Callers of PipelineService on the C++ service: clients, crowds, and those who mean harm."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from child_services.tensor_process import TensorProcess
from clients.ranker.pipeline_wire import encode_request
from clients.rpc_client import RpcRankerClient, main
from contract.errors import RequestError, UnknownService
from contract.rankers import CROSS_ENCODER
from tests.general_model_service import wire
from tests.general_model_service.rpc_twins import RpcTwins, fields_of, told
from tests.general_model_service.test_rpc import DOCUMENTS, GOOD, QUERY, check
from tests.golden_answers.messages import INFERENCE, PbRequest, PbResponse
from tests.pipeline.edges.http2_frames import (
    END_HEADERS,
    Connection,
    begun,
    message,
    reset,
)
from tests.pipeline.edges.rpc_abuse import ATTACKS, Attack, send
from tests.waiting import wait_until

# of what `make abuse` sends
SHARE = 100
BODY_BYTES = 1024 * 1024


@pytest.fixture(scope="module")
def narrow(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TensorProcess]:
    """A service that takes a body of 1 MiB, and two of them at once."""
    flags = ("--max_body_size", str(BODY_BYTES), "--max_bytes_in_flight", str(3 * BODY_BYTES))
    directory = tmp_path_factory.mktemp("narrow")
    with TensorProcess(bundles / CROSS_ENCODER, directory, "--pad_dynamic", *flags) as service:
        yield service


def test_our_client_and_its_command(rpc_both: RpcTwins, capsys: pytest.CaptureFixture[str]) -> None:
    results = []
    for endpoint in rpc_both.endpoints:
        with RpcRankerClient(endpoint) as client:
            pairs = client.rank_pairs([(QUERY, d) for d in DOCUMENTS], log_id=7)
            results.append(client.rank(QUERY, DOCUMENTS, return_documents=True, top_n=3))
            assert pairs.scores == pytest.approx(results[-1].scores, abs=1e-5)
            with pytest.raises(RequestError, match="top_n: must be a whole number"):
                client.rank(QUERY, DOCUMENTS, top_n=0)
        with RpcRankerClient(endpoint, service="nobody") as client, pytest.raises(UnknownService):
            client.rank(QUERY, DOCUMENTS)
    one, other = results
    assert [r.index for r in one.results] == [r.index for r in other.results]
    assert [r.document for r in one.results] == [r.document for r in other.results]
    assert other.scores == pytest.approx(one.scores, abs=1e-5)
    assert (other.tokens, other.truncated, other.bundle) == (one.tokens, one.truncated, one.bundle)
    words = ["--endpoint", rpc_both.endpoints[1], "--query", "q", "--title", "a", "--json"]
    assert main(words) == 0
    assert '"ranker": "cross_encoder"' in capsys.readouterr().out


def test_many_threads_on_one_connection(rpc_both: RpcTwins) -> None:
    with RpcRankerClient(rpc_both.endpoints[1]) as client:
        expected = {d: client.rank(QUERY, [d]).scores[0] for d in DOCUMENTS}

        def rank(number: int) -> None:
            document = DOCUMENTS[number % len(DOCUMENTS)]
            result = client.rank(QUERY, [document], request_id=f"n{number}")
            assert result.request_id == f"n{number}"
            assert result.scores[0] == pytest.approx(expected[document], abs=1e-5)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(rank, range(80)))


def test_upstreams_own_client(rpc_both: RpcTwins, repository: Path) -> None:
    """In a process of its own, as it prints and keeps handlers of its own."""
    program = (
        "import sys\n"
        "import pipeline.dag.paddle_serving\n"
        "from tests.pipeline.calls import upstream_predict\n"
        "import numpy as np\n"
        "answer = upstream_predict(sys.argv[1], {'0': str({'query': 'a', 'title': 'b'})})\n"
        "assert answer.err_no == 0, answer.err_msg\n"
        "assert list(answer.key)[0] == 'predict'\n"
        "assert np.array(eval(answer.value[0])).shape == (1,)\n"
        "both = upstream_predict(sys.argv[1], "
        "{'query': 'q', 'documents': np.array(['a', 'it\\'s'])})\n"
        "assert both.err_no == 0, both.err_msg\n"
        "assert np.array(eval(both.value[0])).shape == (2,)\n"
    )
    for endpoint in rpc_both.endpoints:
        command = [sys.executable, "-c", program, endpoint]
        subprocess.run(command, check=True, cwd=repository, timeout=120)


def test_another_method_is_none(rpc_both: RpcTwins) -> None:
    path = INFERENCE.replace("inference", "predict")
    for channel in (rpc_both.pipeline, rpc_both.program):
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(path, bytes, bytes)(b"", timeout=30)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_bundle_without_texts_says_so(
    tensor_program: Path, bundles: Path, tmp_path: Path
) -> None:
    bundle = bundles / CROSS_ENCODER / "serving_server"
    copy = tmp_path / "bare"
    copy.mkdir()
    for file in bundle.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with (
        TensorProcess(copy, tmp_path) as service,
        grpc.insecure_channel(f"127.0.0.1:{service.port}") as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        channel.unary_unary(INFERENCE, bytes, bytes)(b"", timeout=30)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "texts are not answered" in caught.value.details()


def test_a_message_over_the_limit_is_told_in_paddles_words(narrow: TensorProcess) -> None:
    fields = {"query": "a", "documents": "[" + " " * (BODY_BYTES + 10)}
    with grpc.insecure_channel(
        f"127.0.0.1:{narrow.port}", [("grpc.max_send_message_length", -1)]
    ) as channel:
        for compression in (None, grpc.Compression.Gzip):
            answer = told(channel, encode_request(fields, "", 0), compression=compression)
            assert (answer.status, answer.err_no) == ("OK", RequestError.err_no)
            assert answer.err_msg.startswith("request: ")
            assert str(BODY_BYTES) in answer.err_msg


def test_messages_of_all_calls_are_bounded_together(narrow: TensorProcess) -> None:
    texts = json.dumps(["a" * 90_000] * 10)
    data = encode_request({"query": "a", "documents": texts}, "ranker", 0)
    assert len(data) > BODY_BYTES * 3 // 4

    def call(_: int) -> int:
        options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{narrow.port}", options) as channel:
            return told(channel, data).err_no

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(call, range(20)))
    assert answers <= {0, 51, RequestError.err_no}
    with RpcRankerClient(f"127.0.0.1:{narrow.port}") as client:
        assert client.rank("感冒", ["感冒灵"]).ranker


def address_of(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.rpartition(":")
    return host, int(port)


def test_a_deadline_that_has_passed_is_told(rpc_both: RpcTwins) -> None:
    data = PbRequest(**GOOD).SerializeToString()
    with Connection(address_of(rpc_both.endpoints[1])) as connection:
        connection.send(begun(1, END_HEADERS, (b"grpc-timeout", b"1n")) + message(1, data))
        wait_until(lambda: b"did not answer within the time allowed" in connection.data, "that")


def test_a_caller_that_cancels_leaves_others_their_answers(rpc_both: RpcTwins) -> None:
    fields = fields_of({"query": "q", "documents": json.dumps(["a b c " * 100] * 500)})
    data = PbRequest(**fields).SerializeToString()
    with Connection(address_of(rpc_both.endpoints[1])) as connection:
        for stream in range(1, 41, 2):
            connection.send(begun(stream) + message(stream, data) + reset(stream))
        start = time.monotonic()
        assert check(rpc_both, GOOD).err_no == 0
        assert time.monotonic() - start < 30


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_honest_caller_is_answered_meanwhile(rpc_both: RpcTwins, attack: Attack) -> None:
    endpoint = rpc_both.endpoints[1]
    with Connection(address_of(endpoint)) as connection:
        send(connection, attack(ATTACKS[attack] // SHARE), 20)
        with RpcRankerClient(endpoint) as client:
            assert client.rank("感冒", ["感冒灵"]).ranker


def test_baidu_std_carries_it_too(rpc_both: RpcTwins) -> None:
    """The protocol of brpc's clients, with the same message; an error is in its err_no too."""
    _, port = address_of(rpc_both.endpoints[1])
    for request, err_no in ((GOOD, 0), ({**GOOD, "name": "nobody"}, UnknownService.err_no)):
        data = PbRequest(**request).SerializeToString()
        service = INFERENCE.split("/")[1]
        code, response = wire.call_baidu_std(port, data, service=service, response=PbResponse)
        assert (code, response.err_no) == (0, err_no)
