# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests with texts that the C++ service has to answer as the Pipeline does."""

from __future__ import annotations

import json
from typing import Any

from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES
from tests.pipeline.edges.http.test_rerank_documents import PAPERS

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])
BODY = {"query": QUERY, "documents": DOCUMENTS}
BARE = {"query": QUERY, "texts": DOCUMENTS}
ONE = {"query": "q", "documents": ["a"]}
LONG = SENTENCES[1] * 20
MARK = b"\xef\xbb\xbf"

OBJECTS: list[dict[str, Any]] = [
    {"rank_fields": ["title", "body"]},
    {"rank_fields": ["title", "tags", "id"]},
    {"rank_fields": ["title"]},
    {"rank_fields": ["title"], "return_documents": True},
    {"rank_fields": ["title", "body"], "return_documents": True, "raw_scores": False},
    {"rank_fields": ["title", "body"], "return_documents": True, "top_k": 2},
    {"rank_fields": ["title"], "documents": [PAPERS[0], *[{"body": "a"}] * 12]},
    {"documents": ["牙", {"title": "a"}, {"text": None, "title": "b", "x": [1.50, -0, 1e40]}]},
    {
        "documents": [{"text": "a", "n": [1.5, 1e-7, 12345678901234567890, True, None, "\x7f\t"]}],
        "return_documents": True,
    },
    {
        "documents": [{"text": "", "title": "b"}, {"title": "t", "text": None}],
        "return_documents": True,
    },
]

EXTRA_FIELDS: list[dict[str, Any]] = [
    {"raw_scores": True},
    {"raw_scores": "TRUE", "return_text": True},
    {"return_documents": "true", "return_text": "False"},
    {"return_documents": 1},
    {"return_documents": "yes"},
    {"top_n": 2},
    {"top_n": 0},
    {"top_n": -3},
    {"top_n": 1.0},
    {"top_k": 3},
    {"top_k": None},
    {"top_k": None, "truncation": True},
    {"top_k": 2, "top_n": 2},
    {"top_n": 10**31},
    {"top_n": 10**32},
    {"return_len": True},
    {"max_tokens_per_doc": 0},
    {"max_tokens_per_doc": 0.0},
    {"max_tokens_per_doc": 3},
    {"max_tokens_per_doc": -1},
    {"max_chunks_per_doc": 1024},
    {"max_chunks_per_doc": 0},
    {"max_chunks_per_doc": [1, {"a": 'it\'s "so"'}]},
    {"truncate": False, "truncation": False},
    {"truncation_direction": "RIGHT"},
    {"truncation_direction": "Left"},
    {"truncation_direction": 5},
    {"model": "ranker"},
    {"model": "rocketqa"},
    {"model": "cross_encoder"},
    {"model": "pairwise"},
    {"model": "default/not-specified"},
    {"model": "模型'\n\x7f\u200b😀"},
    {"model": "m" * 300},
    {"request_id": "mine"},
    {"request_id": ""},
    {"request_id": "a b"},
    {"request_id": 7},
    {"unit_id": "u", "user_id": "v"},
    {"unit_id": "a\u0007"},
    {"unit_id": "\u0378"},
    {"unit_id": "\U0001fbcf\u0377"},
    {"model": "\u0378\u0377"},
    {"user_id": ""},
    {"user": "u", "priority": 1, "unheeded": 1, "kwargs": "{}", "empty": [], "q": {}, "": 0},
    {"max_tokens_per_query": 0, "max_tokens_per_query2": 0},
    {f"未知{i}": i + 1 for i in range(30)},
]

LENGTHS: list[dict[str, Any]] = [
    {},
    {"max_chunks_per_doc": 3},
    {"max_chunks_per_doc": 64},
    {"max_tokens_per_doc": 5, "max_chunks_per_doc": 4},
    {"max_tokens_per_doc": 7},
    {"truncation": False},
    {"truncate": False},
    {"return_documents": True},
]

TEXTS: list[tuple[str, list[str]]] = [
    (QUERY, [LONG, "a", LONG, ""]),
    (LONG, [LONG, "a", "", "\u200b"]),
    (LONG, ["a"]),
    ("\u200b \u00ad", ["a"]),
    (QUERY, ["a", "a"]),
    (QUERY, ["", "\u200b", " "]),
    (" \u3000\u2028\x1c", ["a"]),
]

HEADERS: list[dict[str, str]] = [
    {"x-request-id": "mine-1"},
    {"x-request-id": "not mine"},
    {"x-request-id": "x" * 129},
    {"x-ranker": "cross_encoder"},
    {"x-ranker": "pairwise"},
    {"x-ranker": "both"},
    {"x-ranker": "gpt"},
    {"x-ranker": "\xe9\xff"},
    {"x-timeout-ms": "\xe9"},
    {"x-timeout-ms": "5e3"},
    {"x-timeout-ms": "+60_000.5"},
    *(
        {"x-timeout-ms": value}
        for value in ("soon", "0", "-5", "nan", "1e99", "inf", "1__0", "+-5", "")
    ),
    {"x-dry-run": "TRUE"},
    {"x-dry-run": "maybe"},
    {"x-timeout-ms": "0", "x-request-id": "a b"},
    {"content-type": "text/plain"},
    {"content-type": "application/proto"},
]

NEARLY_JSON: list[bytes] = [
    b"",
    b" ",
    b"{}",
    b"[]",
    b"null",
    b"{",
    b"}",
    b'{"a"',
    b'{"a":',
    b'{"a":1',
    b'{"a":1,',
    b'{"a":1,}',
    b"{'a':1}",
    b'{"a":1}x',
    b'{"a":1} {',
    b'{"a" 1}',
    b'{"a":}',
    b'{"a":tru}',
    b'{"a":01}',
    b'{"a":-}',
    b'{"a":1.}',
    b'{"a":.5}',
    b'{"a":1e}',
    b'{"a":+1}',
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":Infinity}',
    b'{"a":[1,]}',
    b'{"a":[',
    b'{"a":[1 2]}',
    b'{"a":"',
    b'{"a":"\\',
    b'{"a":"\\x"}',
    b'{"a":"\\u12"}',
    b'{"a":"\\u12g4"}',
    b'{"a":"\\ud800\\u"}',
    b'{"a":"\\ud800\\uzzzz"}',
    b'{"a":"\n"}',
    b'{"a":"\x00"}',
    b'{"\xe4\xb8\xad":1,\n "\xe4\xb8\xad": }',
    b'{"a":1,"a":2}',
    b'{"a\\"\'\\ud800":1,"a\\"\'\\ud800":2}',
    b'{"a":' + b"1" * 33 + b"}",
    b'{"a":-' + b"1" * 32 + b"}",
    b'{"a":' + b"1" * 5000 + b"}",
    b'{"a": "\xff"}',
    b'\xe4\xb8{"a"',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xc0\x80"}',
    b'{"a":"\xf4\x90\x80\x80"}',
    MARK + json.dumps(ONE).encode(),
    MARK + MARK + b"{}",
    b"[" * 3000,
    b'{"a":' * 3000,
    b'{"a":[' * 3000,
    b'\t\r\n{"query":"a",\r\n"documents":["b"],"\\ud800":1}',
    b'{"query":"a","documents":["\\ud83d\\ude00"]}',
    b'{"query":"\\ud800","documents":["b"]}',
    b'{"query":"a","documents":[1.0,true,null]}',
]


def wire(**fields: Any) -> dict[str, Any]:
    """In the shape of Paddle Serving's gateway."""
    return {"key": list(fields), "value": list(fields.values())}


PAIR = '{"query": "感冒", "title": "多喝水"}'

OF_THE_GATEWAY: list[dict[str, Any]] = [
    BODY,
    {**BODY, "return_documents": True, "top_n": 2, "ranker": CROSS_ENCODER, "request_id": "r"},
    {**BODY, "ranker": PAIRWISE},
    {**BODY, "ranker": "both"},
    {**BODY, "ranker": ["both"]},
    {**BODY, "topn": 1},
    {**BODY, "top_n": 0},
    {**BODY, "return_documents": "true"},
    {**BODY, "top_n": None, "query": None},
    {"documents": ["a"]},
    {**BODY, "max_chunks_per_doc": 65},
    {"query": QUERY, "documents": [LONG, ""], "max_chunks_per_doc": 2},
    wire(query=QUERY, documents=json.dumps(DOCUMENTS, ensure_ascii=False)),
    wire(query=QUERY, documents=str(DOCUMENTS), top_n="2", return_documents="True"),
    wire(query="array(['感冒'], dtype='<U2')", documents="array(['a', 'b'],\n dtype='<U1')"),
    wire(query="array(['a', 'b'], dtype='<U1')", documents='["a"]'),
    wire(query="array([1, 2])", documents='["a"]'),
    wire(query="array([1, 2], dtype=int64)", documents='["a"]'),
    wire(query="array([1], dtype=a, b)", documents='["a"]'),
    wire(query="array([1], dtype=a, dtype=b)", documents='["a"]'),
    wire(query="array([1],\u3000dtype=(a, dtype=b)", documents='["a"]'),
    wire(query="array([1] , dtype=a)", documents='["a"]'),
    wire(query="array([1], dtype=(a))", documents='["a"]'),
    wire(query="array([dtype=dtype=)", documents='["a"]'),
    wire(query="q", documents="\u3000['a']\xa0"),
    wire(query="q", documents="[\t'a' ,\f'b']"),
    wire(query="q", documents="{'a': 'b', 'c': 'd', 'a': 'e'}"),
    wire(query="q", documents='["a"]', top_n="-" + "1" * 4300),
    wire(query="q", documents='["a"]', top_n="-" + "1" * 4301),
    wire(**{"1\uff11": PAIR}),
    wire(**{"\u0660": PAIR}),
    wire(**{"\u00b2": PAIR}),
    wire(**{"0": "{'query': 'a', 'title': 'b', 'query': 'c'}"}),
    wire(query="q", documents="1+1"),
    wire(query="q", documents="{'a': 'b'}"),
    wire(query="q", documents="['a\\x41\\101\\u4e2d\\n\\q', \"it's\",]"),
    wire(query="q", documents='["a"]', ranker="gpt"),
    wire(query="q", documents='["a"]', nothing="1"),
    wire(query="q", documents='["a"]', top_n="many"),
    wire(query="q", documents='["a"]', top_n="NaN"),
    wire(query="q", documents='["a"]', unit_id="u", user_id="v", request_id="mine"),
    wire(**{"0": PAIR}),
    wire(**{"0": PAIR, "1": "{'query': 'x', 'title': \"it's\"}", "top_n": "1"}),
    wire(**{"1": PAIR}),
    wire(**{"0": PAIR, "00": PAIR}),
    wire(**{"0": PAIR, "query": "q"}),
    wire(**{"0": PAIR, "other": "q"}),
    wire(**{"0": "[]"}),
    wire(**{"0": '{"query": "q"}'}),
    wire(**{"0": '{"query": "", "title": "t"}'}),
    wire(**{"0": '{"query": "a", "query": "b", "title": 7}'}),
    wire(**{"0": '{"query": "\u200b", "title": "t"}', "pipeline.profile": "0"}),
    wire(**{"pipeline.profile": "0"}),
    {"key": ["query"], "value": []},
    {"key": ["a", "a"], "value": ["1", "2"]},
    {"key": "query", "value": []},
    {"key": None, "value": 0, "tensors": {}},
    {"key": ["query"], "value": [1]},
    {"key": [], "value": [], "extra": 1},
    {**wire(query="q", documents='["a"]'), "name": "ranker", "method": "prediction", "logid": 3},
    {**wire(query="q", documents='["a"]'), "name": "other"},
    {**wire(query="q", documents='["a"]'), "method": None},
    {
        "tensors": [
            {"name": "query", "elem_type": 12, "str_data": ["a", "b"]},
            {"name": "documents", "elem_type": 12, "str_data": ['["a"]'], "shape": [1]},
        ]
    },
    {"tensors": [{"name": "query", "elem_type": 1, "str_data": ["a"]}]},
    {"tensors": [{"name": "query"}]},
    {"tensors": [{"name": 1}]},
    {"tensors": [{"other": 1}]},
    {"tensors": "x"},
]
