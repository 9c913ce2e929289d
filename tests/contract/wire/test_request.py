# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The codec of requests and answers: both shapes, what existing clients send, bad input."""

from __future__ import annotations

import ast
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from contract.errors import InvalidField, MalformedRequest, RequestError, RequestTooLarge
from contract.wire.request import Limits, RankRequest, wire_fields
from contract.wire.response import Ranking, RankResponse
from contract.wire.values import _is_numpy_print

LIMITS = Limits(max_documents=5, max_query_chars=50, max_document_chars=100)
PAIR = {"query": "中西方语言与文化的差异", "title": "第二语言习得的一大障碍就是文化差异。"}


@pytest.mark.parametrize("encode", [json.dumps, str])
@pytest.mark.parametrize(
    "title",
    ["it's", 'say "hi"', "both ' and \"", "back\\slash", "line\nbreak", "\u3000", "", "é\x00"],
)
def test_a_title_survives_upstreams_shape(encode: object, title: str) -> None:
    value = encode({"query": "q", "title": title})  # type: ignore[operator]
    assert RankRequest.from_wire({"0": value}, LIMITS).pairs == (("q", title),)


def test_numbered_pairs_come_in_the_order_of_their_numbers() -> None:
    fields = {str(i): json.dumps({"query": f"q{i}", "title": f"t{i}"}) for i in (2, 0, 1)}
    assert [q for q, _ in RankRequest.from_wire(fields, LIMITS).pairs] == ["q0", "q1", "q2"]


def test_the_fuller_shape() -> None:
    request = RankRequest.from_wire(
        {
            "query": "问",
            "documents": '["甲", "乙"]',
            "top_n": "1",
            "return_documents": "true",
            "ranker": "both",
            "request_id": "r-1",
        },
        LIMITS,
    )
    assert request == RankRequest((("问", "甲"), ("问", "乙")), "both", 1, True, "r-1")


def test_documents_may_be_cut_and_divided() -> None:
    fields = {"query": "q", "documents": '["a"]', "max_tokens_per_doc": "7"}
    request = RankRequest.from_wire({**fields, "max_chunks_per_doc": "3"}, LIMITS)
    assert (request.max_tokens_per_doc, request.max_chunks_per_doc) == (7, 3)
    assert RankRequest.from_wire(fields, LIMITS).max_chunks_per_doc == 1
    for wrong in ("0", "65", "true", "1.5", "-1"):
        with pytest.raises(InvalidField, match="max_chunks_per_doc: must be a whole number from 1"):
            RankRequest.from_wire({**fields, "max_chunks_per_doc": wrong}, LIMITS)


def test_a_list_as_the_pipeline_client_packs_it() -> None:
    documents = ["it's", 'x"y', "多行\n文字", "a, b"]
    packed = repr(np.array(documents))
    request = RankRequest.from_wire({"query": "q", "documents": packed}, LIMITS)
    assert [title for _, title in request.pairs] == documents


def test_a_query_that_looks_like_json_stays_text() -> None:
    assert (
        RankRequest.from_wire({"query": "123", "documents": '["a"]'}, LIMITS).pairs[0][0] == "123"
    )


@pytest.mark.parametrize(
    ("fields", "error", "named"),
    [
        ({}, MalformedRequest, "key"),
        ({"0": json.dumps({**PAIR, "query": ""})}, InvalidField, "0.query"),
        ({"0": json.dumps({**PAIR, "query": " \u3000"})}, InvalidField, "0.query"),
        ({"0": json.dumps({"query": "q"})}, InvalidField, "0.title"),
        ({"0": json.dumps({"title": "q"})}, InvalidField, "0.query"),
        ({"0": json.dumps({"query": "q", "title": 3})}, InvalidField, "0.title"),
        ({"0": '{"query": "q", "title": "\\ud800"}'}, InvalidField, "0.title"),
        ({"0": json.dumps({"query": "q", "title": "x" * 101})}, RequestTooLarge, "0.title"),
        ({"0": json.dumps({"query": "x" * 51, "title": "t"})}, RequestTooLarge, "0.query"),
        ({"0": "[]"}, MalformedRequest, "0"),
        ({"0": "query"}, MalformedRequest, "0"),
        ({"0": "{'query': __import__('os')}"}, MalformedRequest, "0"),
        ({"0": '{"query": "q", "title": NaN}'}, MalformedRequest, "0"),
        ({"1": json.dumps(PAIR)}, MalformedRequest, "key"),
        ({"٣": json.dumps(PAIR)}, MalformedRequest, "key"),
        ({"0": json.dumps(PAIR), "query": "q"}, InvalidField, "query"),
        ({str(i): json.dumps(PAIR) for i in range(6)}, RequestTooLarge, "key"),
        ({"query": "q"}, InvalidField, "documents"),
        ({"documents": '["a"]'}, InvalidField, "query"),
        ({"query": "q", "documents": "[]"}, InvalidField, "documents"),
        ({"query": "q", "documents": '"a"'}, InvalidField, "documents"),
        ({"query": "q", "documents": '["a", 1]'}, InvalidField, "documents[1]"),
        ({"query": "q", "documents": json.dumps(["a"] * 6)}, RequestTooLarge, "documents"),
        ({"query": "q", "documents": '["a"]', "top_n": "0"}, InvalidField, "top_n"),
        ({"query": "q", "documents": '["a"]', "top_n": "-1"}, InvalidField, "top_n"),
        ({"query": "q", "documents": '["a"]', "top_n": "true"}, InvalidField, "top_n"),
        ({"query": "q", "documents": '["a"]', "top_n": "1.5"}, InvalidField, "top_n"),
        ({"query": "q", "documents": '["a"]', "ranker": "bm25"}, InvalidField, "ranker"),
        (
            {"query": "q", "documents": '["a"]', "return_documents": "1"},
            InvalidField,
            "return_documents",
        ),
        ({"query": "q", "documents": '["a"]', "request_id": "a b"}, InvalidField, "request_id"),
        ({"query": "q", "documents": '["a"]', "topn": "1"}, InvalidField, "topn"),
    ],
)
def test_bad_input_names_its_field(
    fields: dict[str, str], error: type[RequestError], named: str
) -> None:
    with pytest.raises(error) as caught:
        RankRequest.from_wire(fields, LIMITS)
    assert caught.value.field == named
    assert str(caught.value).startswith(named)


def test_hostile_literals_are_refused_without_ending_the_process(repository: Path) -> None:
    """ast.literal_eval of the first two overflows the C stack of Python 3.9."""
    program = """
from contract.wire.request import Limits, RankRequest
from contract.errors import MalformedRequest
for text in ("1+" * 200000 + "1", "a" + ".a" * 200000, "[" * 200000, "{'query':" * 100000,
             '{"a":' * 100000, "-" * 200000 + "1"):
    try:
        RankRequest.from_wire({"0": text}, Limits())
    except MalformedRequest:
        print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 6


def test_wire_lists_must_match() -> None:
    assert wire_fields(["0"], ["a"]) == {"0": "a"}
    with pytest.raises(MalformedRequest, match="1 keys but 2 values"):
        wire_fields(["0"], ["a", "b"])
    with pytest.raises(MalformedRequest, match="twice") as caught:
        wire_fields(["0", "0"], ["a", "b"])
    assert caught.value.field == "0"


def test_existing_clients_can_read_predict_with_a_python_literal_parser() -> None:
    pairwise = Ranking("pairwise", "v1", (0.25, 0.85112208), (1, 0))
    cross = Ranking("cross_encoder", "v2", (0.5, 0.5479064), (1, 0))
    first = RankResponse((pairwise,)).to_wire()
    assert next(iter(first)) == "predict"
    assert np.array(ast.literal_eval(first["predict"])).shape == (2, 1)
    second = RankResponse((cross,)).to_wire()
    assert np.array(ast.literal_eval(second["predict"])).shape == (2,)


def test_the_answer_for_both_holds_both_scores_and_orders() -> None:
    wire = RankResponse(
        (
            Ranking("cross_encoder", "v2", (0.5, 0.4), (0, 1)),
            Ranking("pairwise", "v1", (0.1, 0.9), (1, 0)),
        ),
        documents=("甲", "乙"),
        request_id="r",
        tokens=12,
        truncated=(1,),
    ).to_wire()
    assert all(isinstance(value, str) for value in wire.values())
    assert wire["ranker"] == "both"
    assert json.loads(wire["predict"]) == [0.5, 0.4]
    rankings = json.loads(wire["rankings"])
    assert rankings["pairwise"] == {"bundle": "v1", "scores": [0.1, 0.9], "order": [1, 0]}
    assert json.loads(wire["results"])[0] == {"index": 0, "score": 0.5, "document": "甲"}
    assert json.loads(wire["usage"]) == {"tokens": 12, "truncated": [1]}


@pytest.mark.parametrize("name", ["query", "ranker", "request_id", "unit_id", "user_id"])
def test_a_list_of_one_is_taken_for_text_as_upstreams_client_sends_it(name: str) -> None:
    """PipelineClient makes numpy's print of every list, also of one for a field that is text."""
    text = {"ranker": "pairwise", "query": "感冒", "request_id": "r-1"}.get(name, "it's")
    fields = {"query": "q", "documents": '["a"]', name: repr(np.array([text]))}
    request = RankRequest.from_wire(fields, LIMITS)
    assert (request.pairs[0][0] if name == "query" else getattr(request, name)) == text
    for other in ([text, text], [7], [7, 8]):
        with pytest.raises(RequestError) as caught:
            RankRequest.from_wire({**fields, name: repr(np.array(other))}, LIMITS)
        assert caught.value.field == name
    with pytest.raises(InvalidField, match=f"{name}: must be one text, got a list of 2"):
        RankRequest.from_wire({**fields, name: repr(np.array([text, text]))}, LIMITS)


def test_numpys_print_is_told_from_other_texts() -> None:
    """As by the pattern of the whole, which looks at a hostile text too often to be used."""
    pattern = re.compile(r"\s*array\(\[.*\](?:,\s*dtype=[^()]*)?\)\s*", re.DOTALL)
    parts = (
        "array(",
        "array([",
        "[",
        "]",
        ")",
        "(",
        ",",
        " ",
        "dtype=",
        "], dtype=",
        "x",
        "\u3000",
    )
    chance, found = random.Random(4), []
    for _ in range(20_000):
        text = "array([" * chance.randint(0, 1) + "".join(chance.choices(parts, k=6))
        text += chance.choice(("", ")", "])", "], dtype=x)", ") "))
        found.append(_is_numpy_print(text))
        assert found[-1] == bool(pattern.fullmatch(text)), text
    assert 1000 < sum(found) < 19_000


@pytest.mark.parametrize("part", ["],dtype=", "], dtype=(", "]", "dtype="])
def test_a_hostile_print_is_read_once(part: str) -> None:
    """A million of these would take a pattern of the whole for ever."""
    assert not _is_numpy_print("array([" + part * 1_000_000 + "(")
    assert not _is_numpy_print("array([" + part * 1_000_000 + "()")
