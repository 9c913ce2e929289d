# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ids and rows that the graph has no place for are refused, on every protocol of the port."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Callable, Optional

import grpc
import numpy as np
import pytest
from paddle_serving_app.proto import general_model_service_pb2 as messages

from child_services.tensor_process import TensorProcess
from contract.bundle import Bundle
from contract.errors import RequestError, SetUpError
from contract.wire.tensor_codec import SERVICE
from contract.wire.token_rows import TokenRows
from tests.bundles import relist
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService

IDS, TYPES = wire.ROW
SHIPPED = Path(__file__).resolve().parents[2] / "serving_models" / "pairwise"
VOCABULARY = len((SHIPPED / "tokenizer" / "vocab.txt").read_text(encoding="utf-8").splitlines())
Rows = list[tuple[list[int], list[int]]]
# status 0: a good answer; the words of the refusal
Refusal = tuple[int, str]


def with_id(value: int) -> Rows:
    """Two rows; the second has that id in its fourth place."""
    return [wire.ROW, ([*IDS[:3], value, *IDS[4:]], TYPES)]


def with_type(value: int) -> Rows:
    return [wire.ROW, (IDS, [*TYPES[:3], value, *TYPES[4:]])]


OUTSIDE: list[tuple[Rows, str]] = [
    *[
        (with_id(value), f"input_ids[1][3]: must be from 0 to {VOCABULARY - 1}, got {value}")
        for value in (99_999_999, -1, 2**63 - 1, 2**32 + 12, VOCABULARY)
    ],
    *[
        (with_type(value), f"token_type_ids[1][3]: must be from 0 to 1, got {value}")
        for value in (7, -1, 2)
    ],
    ([wire.ROW, ([0] * len(IDS), TYPES)], "input_ids[1]: the row is all padding"),
]


def proto_request(rows: Rows) -> bytes:
    request = messages.Request(fetch_var_names=["predict"])
    for part, name in enumerate(("input_ids", "token_type_ids")):
        tensor = request.tensor.add(alias_name=name, shape=[len(rows), len(rows[0][part])])
        tensor.int64_data.extend(number for row in rows for number in row[part])
    data: bytes = request.SerializeToString()
    return data


def by_json(service: TensorProcess, rows: Rows) -> Refusal:
    answer = wire.post(service.port, wire.json_request(rows))
    assert (answer.status == 400) == (answer.json.get("err_no", 0) == -5100)
    return answer.status, answer.json.get("err_msg", "")


def by_proto(service: TensorProcess, rows: Rows) -> Refusal:
    answer = wire.post(service.port, proto_request(rows))
    response = messages.Response.FromString(answer.body)
    assert (answer.status == 400) == (response.err_no == -5100)
    return answer.status, response.err_msg


def by_baidu_std(service: TensorProcess, rows: Rows) -> Refusal:
    error, response = wire.call_baidu_std(service.port, proto_request(rows))
    assert error == 0, "a bad tensor stands inside a good answer, as upstream has it"
    assert response.err_no in (0, -5100)
    return (400 if response.err_no else 200), response.err_msg


def by_grpc(service: TensorProcess, rows: Rows) -> Refusal:
    with grpc.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        try:
            channel.unary_unary(f"/{SERVICE}/inference")(proto_request(rows), timeout=30)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
            return 400, str(error.details())
    return 200, ""


PROTOCOLS = [by_json, by_proto, by_baidu_std, by_grpc]
Send = Callable[[TensorProcess, Rows], Refusal]


@pytest.mark.parametrize("send", PROTOCOLS)
def test_what_the_graph_has_no_place_for_is_refused(pairwise: TensorProcess, send: Send) -> None:
    assert send(pairwise, [wire.ROW, wire.ROW])[0] == 200
    for rows, words in OUTSIDE:
        status, said = send(pairwise, rows)
        assert status == 400, words
        assert said.startswith(words)
        assert "; " in said, "a remedy"


def refusal_of_python(bundle: Bundle, rows: Rows) -> Optional[str]:
    ids, types = (np.array([row[part] for row in rows], dtype=np.int64) for part in (0, 1))
    try:
        TokenRows(ids, types).rows(bundle.encoder())
    except RequestError as error:
        return str(error)
    return None


def test_the_words_are_those_of_the_python_service(pairwise: TensorProcess) -> None:
    bundle = Bundle.open(SHIPPED)
    assert bundle.encoder().vocab_size == VOCABULARY
    for rows, _ in OUTSIDE:
        said = refusal_of_python(bundle, rows)
        assert said is not None
        assert by_json(pairwise, rows)[1].startswith(said)


def test_the_last_of_each_is_taken(pairwise: TensorProcess) -> None:
    assert by_json(pairwise, with_id(VOCABULARY - 1))[0] == 200
    assert by_json(pairwise, with_type(1))[0] == 200
    padded = ([*IDS, 0, 0], [*TYPES, 0, 0])
    assert by_json(pairwise, [padded])[0] == 200


def upstreams(directory: Path) -> Path:
    """The serving_server directory alone, as upstream has it."""
    return Path(shutil.copytree(SHIPPED / "serving_server", directory / "serving_server"))


def test_upstreams_directory_is_bounded_by_its_graph(
    tensor_service: StartTensorService, tmp_path: Path
) -> None:
    service = tensor_service(upstreams(tmp_path))
    assert by_json(service, with_id(VOCABULARY - 1))[0] == 200
    for rows, words in OUTSIDE[:-1]:
        status, said = by_json(service, rows)
        assert (status, said.partition(";")[0]) == (400, words)
    long = ([5] * 513, [0] * 513)
    status, said = by_json(service, [long])
    assert status == 400
    assert said.startswith("input_ids[0]: 513 tokens, the graph has positions for 512; ")
    assert by_json(service, [([5] * 512, [0] * 512)])[0] == 200


def test_a_vocabulary_larger_than_the_graphs_is_refused_at_start(
    tensor_service: StartTensorService, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(SHIPPED, tmp_path / "bundle"))
    with (root / "tokenizer" / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("\none\nmore\n")
    relist(root)
    size = Bundle.open(root).encoder().vocab_size
    words = f"vocab.txt has {size} tokens, the graph's embedding of input_ids has {VOCABULARY} rows"
    with pytest.raises(SetUpError, match=re.escape(words)):
        tensor_service(root)


def test_a_graph_that_does_not_tell_says_so(
    tensor_service: StartTensorService, repository: Path
) -> None:
    fixtures = repository / "general_model_service" / "tests" / "fixtures"
    service = tensor_service(fixtures / "int64" / "serving_server")
    assert "does not tell how many values x may have" in service.log()
    tensor = {"alias_name": "x", "elem_type": 0, "shape": [1, 2], "int64_data": [1, 2**40]}
    answer = wire.post(service.port, wire.json_request(tensor=[tensor], fetch_var_names=[]))
    assert answer.status == 400
    said = f"x[0][1]: must be from {-(2**31)} to {2**31 - 1}, got {2**40}; "
    assert answer.json["err_msg"].startswith(said)
