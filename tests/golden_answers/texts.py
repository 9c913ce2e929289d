# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts that the recorded requests send, and short ways to write one down."""

from __future__ import annotations

import json
from typing import Any, Union

from tests.bundles import FIXTURES as BUNDLES
from tests.golden_answers.calls import Http, Rpc

QUERY = "中西方语言与文化的差异"
DOCUMENTS = [
    "第二语言习得的一大障碍就是文化差异。",
    "感冒了应该吃什么药?",
    "感冒时可以吃感冒灵颗粒,多喝水,注意休息。",
    "劳动合同到期后公司不续签怎么办",
    "it's a \"quoted\" title with 'apostrophes' & <tags>",
]
# more than a row of the bundles takes
LONG = DOCUMENTS[0] * 8
ASK = {"query": QUERY, "documents": DOCUMENTS, "request_id": "golden-1"}
PREDICT = "/ranker/prediction"

Headers = Union[dict[str, str], None]


def bundle_version(seed: int, ranker: str) -> str:
    """Of a kept bundle."""
    manifest = BUNDLES / str(seed) / ranker / "manifest.json"
    version: str = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return version


def encoded(body: Any) -> bytes:
    """Bytes as they are, anything else as JSON."""
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


def post(path: str, name: str, body: Any, headers: Headers = None, **options: Any) -> Http:
    """A POST of JSON."""
    return Http(name, "POST", path, encoded(body), tuple((headers or {}).items()), **options)


def get(path: str, name: str = "as it is", headers: Headers = None, **options: Any) -> Http:
    """A GET."""
    return Http(name, "GET", path, None, tuple((headers or {}).items()), **options)


def wire(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as string keys and values; what is no text becomes JSON."""
    values = [
        v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in fields.values()
    ]
    return {"key": list(fields), "value": values}


def rpc(name: str, fields: dict[str, Any], service: str = "", **parts: Any) -> Rpc:
    """A call of a service by name; ``metadata`` among the parts is the call's."""
    metadata = tuple(parts.pop("metadata", {}).items())
    return Rpc(name, {**wire(fields), "name": service, "method": "prediction", **parts}, metadata)


def pairs(count: int) -> dict[str, str]:
    """Upstream's numbered pairs, as its clients write them: by turns JSON and str(dict)."""
    made = ({"query": QUERY, "title": title} for title in DOCUMENTS[:count])
    return {str(i): str(p) if i % 2 else json.dumps(p) for i, p in enumerate(made)}
