# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls a service by every client of ``clients/``, as an application of any Python would.

Reads the addresses, a query and documents as JSON from standard input, prints scores by client.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from typing import Any

from clients import AsyncRankerClient, RankerClient
from clients.http_client import HttpRankerClient
from clients.rpc_client import RpcRankerClient
from clients.tensor_http_client import TensorHttpClient
from clients.tensor_rpc_client import TensorRpcClient
from contract.errors import RequestError


def main() -> None:
    """Print what each returns."""
    task: dict[str, Any] = json.load(sys.stdin)
    query, documents = task["query"], task["documents"]
    shown: dict[str, Any] = {"python": platform.python_version()}
    with RankerClient(task["url"]) as client:
        shown["RankerClient"] = client.rank(query, documents).scores
        shown["models"] = [model.name for model in client.models()]

    async def ask() -> Any:
        async with AsyncRankerClient(task["url"]) as client:
            return (await client.rank(query, documents)).scores

    shown["AsyncRankerClient"] = asyncio.run(ask())
    with HttpRankerClient(task["url"]) as client:
        shown["HttpRankerClient"] = client.rank(query, documents).scores
    with RpcRankerClient(task["endpoint"]) as client:
        shown["RpcRankerClient"] = client.rank(query, documents).scores
        try:
            client.rank("", documents)
        except RequestError as error:
            shown["refused"] = str(error)
    for kind in (TensorHttpClient, TensorRpcClient):
        with kind(task["tensor_endpoint"], task["bundle"]) as client:
            shown[kind.__name__] = client.rank(query, documents).scores
    with TensorHttpClient(task["tensor_endpoint"], task["bundle"], wire="json") as client:
        shown["TensorHttpClient, JSON"] = client.rank(query, documents).scores
    print(json.dumps(shown))


if __name__ == "__main__":
    main()
