# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of a service with experiments: a split, an interleaving, a shadow, and a holdout."""

from __future__ import annotations

from typing import Any

from contract.rankers import PAIRWISE
from tests.golden_answers.texts import DOCUMENTS, PREDICT, QUERY, bundle_version, get, post, rpc

_VARIANTS = [{"name": "a", "ranker": "pairwise"}, {"name": "b", "ranker": "cross_encoder"}]
_UNITS = [f"用户{i}" for i in range(16)]
# of the pair-wise ranker
VERSION, OTHER_VERSION = (bundle_version(seed, PAIRWISE) for seed in (0, 1))
CONFIG: dict[str, Any] = {
    "experiments": [
        {
            "name": "ab",
            "variants": _VARIANTS,
            "namespace": {"name": "all", "start": 0.0, "end": 0.5},
            "allow_list": {"tester": "b"},
            "fallback": "pairwise",
        },
        {
            "name": "mixed",
            "mode": "interleave",
            "variants": _VARIANTS,
            "namespace": {"name": "all", "start": 0.5, "end": 0.8},
        },
        {
            "name": "quiet",
            "mode": "shadow",
            "variants": _VARIANTS,
            "namespace": {"name": "all", "start": 0.8, "end": 1.0},
        },
        {
            "name": "versions",
            "variants": [
                {"name": "new", "ranker": "pairwise", "bundle": OTHER_VERSION},
                {"name": "old", "ranker": "pairwise"},
            ],
            "coverage": 0,
            "allow_list": {"tester": "new", _UNITS[0]: "old"},
        },
        {"name": "later", "variants": _VARIANTS, "start": "2999-01-01T00:00:00Z"},
    ],
    "holdout": {"share": 0.2},
    "exposures": {"directory": "records", "max_positions": 3},
}
_INFERENCE = {
    "id": "i-1",
    "inputs": [
        {"name": "query", "datatype": "BYTES", "shape": [1], "data": [QUERY]},
        {"name": "title", "datatype": "BYTES", "shape": [1], "data": ["a"]},
    ],
}
_ASK = {"query": QUERY, "documents": DOCUMENTS}
_ASSIGN, _DRAFT, _V1 = "/v1/assignments", "/v1/interleave", "/v1/rerank"


def calls() -> list[Any]:
    """All of them."""
    return [*_ranking(), *_rpc(), *_feedback(), *_assignments(), *_drafts(), *_state()]


def _ranking() -> list[Any]:
    asked = {
        unit: {**_ASK, "unit_id": unit, "request_id": f"r-{i}"} for i, unit in enumerate(_UNITS)
    }
    one = {**_ASK, "unit_id": _UNITS[0]}
    return [
        # before the first shadow: rows of theirs would join its rows, or not
        post(PREDICT, "no time at all", {**one, "request_id": "e-1"}, {"x-timeout-ms": "0.001"}),
        post(_V1, "no time at all", {**one, "request_id": "e-2"}, {"x-timeout-ms": "0.001"}),
        *(post(PREDICT, f"unit {unit}", body) for unit, body in asked.items()),
        *(post(_V1, f"unit {unit}", body) for unit, body in asked.items()),
        *(
            post("/rerank", f"tei: unit {u}", {"query": QUERY, "texts": DOCUMENTS, "unit_id": u},
                 {"x-request-id": f"t-{i}"})
            for i, u in enumerate(_UNITS[:8])
        ),
        post(PREDICT, "user", {**_ASK, "user_id": "读者", "request_id": "u-1"}),
        post(PREDICT, "query as unit", {**_ASK, "request_id": "q-1"}),
        post(PREDICT, "allow list", {**_ASK, "unit_id": "tester", "request_id": "l-1"}),
        post(PREDICT, "named ranker", {**one, "ranker": "pairwise", "request_id": "n-1"}),
        post(PREDICT, "ranker by header", {**one, "request_id": "n-2"}, {"x-ranker": "both"}),
        post(PREDICT, "dry run", {**one, "request_id": "d-1"}, {"x-dry-run": "true"}),
        post("/ernie/prediction", "no experiment", {**one, "request_id": "s-1"}),
        *(
            post(_V1, f"model {name}, {unit}",
                 {**_ASK, "model": name, "unit_id": unit, "request_id": f"m-{name}", "top_n": 2})
            for name in ("ab", "mixed", "quiet", "versions", "later")
            for unit in ("tester", *_UNITS[:4])
        ),
        post(_V1, "voyage, interleaved or not",
             {**_ASK, "unit_id": _UNITS[1], "top_k": 3, "request_id": "v-1"}),
        post(_V1, "ranker by header", {**one, "request_id": "n-3"}, {"x-ranker": "pairwise"}),
        post(_V1, "cut though forbidden",
             {**one, "documents": [DOCUMENTS[0] * 8], "truncation": False, "request_id": "c-1"}),
        *(
            post(f"/v2/models/pairwise{version}/infer", "no experiment", _INFERENCE)
            for version in ("", f"/versions/{VERSION}", f"/versions/{OTHER_VERSION}")
        ),
    ]  # fmt: skip


def _rpc() -> list[Any]:
    return [
        *(
            rpc(f"unit {unit}", {**_ASK, "unit_id": unit, "request_id": f"g-{i}"})
            for i, unit in enumerate(_UNITS[:8])
        ),
        rpc("feedback", {"request_id": "g-1", "clicks": [0, 2]}, "feedback"),
        rpc("feedback: grades", {"request_id": "g-1", "grades": [[0, 1.5]]}, "feedback"),
        rpc("feedback: wrong", {"request_id": "g-1", "clicks": "x"}, "feedback"),
        rpc("feedback: nothing", {}, "feedback"),
    ]


def _feedback() -> list[Any]:
    good = {
        "clicks": {"clicks": [2, 0]},
        "no click": {"clicks": []},
        "grades": {"grades": [[0, 2], [1, 0.5]]},
        "both": {"clicks": [1], "grades": [[1, 3]]},
    }
    wrong = {
        "nothing": {},
        "unknown field": {"clicks": [0], "stars": 5},
        "clicks is a number": {"clicks": 1},
        "a click is a text": {"clicks": ["0"]},
        "a click over the limit": {"clicks": [20]},
        "too many clicks": {"clicks": [0] * 21},
        "a grade below 0": {"grades": [[0, -1]]},
        "a grade alone": {"grades": [0]},
        "request_id is a number": {"request_id": 1, "clicks": [0]},
    }
    bodies = {n: {"request_id": "r-1", **f} for n, f in (good | wrong).items()}
    return [
        *(post("/feedback", name, body) for name, body in bodies.items()),
        post("/feedback", "no JSON", b"clicks"),
        post("/feedback", "too large", b" " * 20_001),
        post("/feedback", "wire", {"key": ["request_id", "clicks"], "value": ["r-2", "[1]"]}),
        post("/feedback/prediction", "clicks", bodies["clicks"]),
        post("/feedback/prediction", "nothing", bodies["nothing"]),
        get("/feedback", "wrong method"),
    ]


def _assignments() -> list[Any]:
    wrong = {"nothing": {}, "unknown field": {"unit": "a"}, "unit_id is a number": {"unit_id": 1},
             "unknown experiment": {"unit_id": "a", "experiment": "zz"},
             "query too long": {"query": "文" * 201}}  # fmt: skip
    return [
        *(get(f"{_ASSIGN}?unit_id=u-{i}", f"unit u-{i}") for i in range(12)),
        get(f"{_ASSIGN}?unit_id=tester", "allow list"),
        get(f"{_ASSIGN}?user_id=u-1", "user"),
        get(f"{_ASSIGN}?unit_id=u-1&experiment=ab", "one experiment"),
        get(f"{_ASSIGN}?unit_id=u-1&experiment=zz", "unknown experiment"),
        get(f"{_ASSIGN}?unit=u-1", "unknown field"),
        get(_ASSIGN, "nothing"),
        *(post(_ASSIGN, f"unit {unit}", {"unit_id": unit}) for unit in _UNITS),
        post(_ASSIGN, "query", {"query": QUERY}),
        post(_ASSIGN, "no JSON", b"{"),
        *(post(_ASSIGN, name, body) for name, body in wrong.items()),
    ]


def _drafts() -> list[Any]:
    orders = [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3]]
    bodies: dict[str, Any] = {
        "two orders": {"orders": orders},
        "a seed": {"orders": orders, "seed": "种子"},
        "another seed": {"orders": orders, "seed": "ab/r-1"},
        "one order": {"orders": orders[:1]},
        "a number missing": {"orders": [[0, 2], [0, 1]]},
        "another length": {"orders": [[0, 1], [0]]},
        "a text": {"orders": [["0"], [0]]},
        "an empty order": {"orders": [[], []]},
        "unknown field": {"orders": orders, "x": 1},
        "seed is a number": {"orders": orders, "seed": 1},
        "no JSON": b"[",
    }
    return [post(_DRAFT, name, body) for name, body in bodies.items()]


def _state() -> list[Any]:
    return [
        get("/info", "with experiments"),
        get("/ready", "with experiments"),
        get("/v2/models/pairwise", "two versions"),
        get("/v1/models", "with experiments"),
        get("/metrics", "with experiments", names_only=True),
        get("/v1/traffic", "with experiments", after_s=1.0),
    ]
