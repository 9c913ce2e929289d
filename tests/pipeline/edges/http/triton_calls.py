# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls with the tritonclient package, unchanged; prints what came back as JSON.

Run by test_open_inference with the Python of an environment that has the package: it gets
host:port, and on standard input a query, titles and token rows.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException


def texts(name: str, values: list[str], *, binary: bool) -> Any:
    given = triton.InferInput(name, [len(values)], "BYTES")
    array = np.array([value.encode() for value in values], dtype=np.object_)
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def tokens(name: str, rows: list[list[int]], *, binary: bool) -> Any:
    given = triton.InferInput(name, [len(rows), len(rows[0])], "INT64")
    given.set_data_from_numpy(np.array(rows, dtype=np.int64), binary_data=binary)
    return given


def main() -> None:
    asked = json.load(sys.stdin)
    client = triton.InferenceServerClient(sys.argv[1], connection_timeout=30, network_timeout=30)
    seen: dict[str, Any] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model_ready": client.is_model_ready("pairwise"),
        "other_ready": client.is_model_ready("no-such"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("pairwise"),
        "scores": [],
    }
    for binary in (True, False):
        given = [
            [
                texts("query", [asked["query"]], binary=binary),
                texts("title", asked["titles"], binary=binary),
            ],
            [tokens(name, asked[name], binary=binary) for name in ("input_ids", "token_type_ids")],
        ]
        for inputs in given:
            wanted = [triton.InferRequestedOutput("score", binary_data=binary)]
            for outputs in (wanted, None):
                result = client.infer("pairwise", inputs, request_id="r-1", outputs=outputs)
                seen["scores"].append(result.as_numpy("score").tolist())
                seen["id"] = result.get_response()["id"]
    try:
        client.infer("no-such", inputs)
    except InferenceServerException as error:
        seen["error"] = [error.status(), error.message()]
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
