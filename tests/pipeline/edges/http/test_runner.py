# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a request from its route to the door: its place is given back when nobody takes it up."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request

from contract.wire.request import Limits
from pipeline.door.admission import Admission
from pipeline.door.api_keys import Account, ApiKeys
from pipeline.edges.http.layers.body_budget import SCOPE_KEY, Body, Budget
from pipeline.edges.http.runner import Caller, Runner
from pipeline.settings.http import ApiKeyConfig, HttpConfig


async def _nothing() -> Any:
    await asyncio.sleep(3600)


def test_a_request_that_no_thread_has_taken_leaves_its_place_when_it_is_cancelled() -> None:
    admission = Admission(4)
    admission.open()
    account = Account(ApiKeyConfig("one", "0" * 64, max_in_flight=1))
    busy, done = threading.Event(), threading.Event()
    scope = {"type": "http", "headers": [], SCOPE_KEY: None}
    caller = Caller(
        Body(Budget(1000, 1.0), _nothing, 0, chunked=False, expects=False), account, 0.0
    )

    async def cancel_while_it_waits(runner: Runner) -> None:
        route: Any = SimpleNamespace()
        handler = asyncio.ensure_future(
            runner.run(Request(scope, _nothing), "ranker", caller, route)
        )
        while admission.in_flight == 0:
            await asyncio.sleep(0)
        handler.cancel()
        await asyncio.wait([handler])
        assert handler.cancelled()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (busy.set(), done.wait(30)))
        assert busy.wait(30)
        door: Any = SimpleNamespace()
        runner = Runner(door, admission, ApiKeys(HttpConfig()), pool, Limits(), 1000)
        try:
            asyncio.new_event_loop().run_until_complete(cancel_while_it_waits(runner))
        finally:
            done.set()
    assert admission.in_flight == 0
    with admission.enter(1, account):
        pass
