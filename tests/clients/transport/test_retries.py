# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Refusals for now are tried again within the deadline, by the blocking and the async client."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Callable

import pytest

from clients import AsyncRankerClient, RankerClient, Retry
from clients.transport.retry import Tries
from contract.errors import (
    DeadlineExceeded,
    InvalidField,
    Overloaded,
    RequestTooLarge,
    ShuttingDown,
    Unauthorized,
)
from contract.wire.caller_errors import Unreachable
from tests.clients.peers import Serve, hang, trickle
from tests.clients.refusing import BUSY, GOOD, LEAVING, Refusing, Step, refusing

QUICK = Retry(attempts=3, base_s=0.01, longest_s=0.02)
Ask = Callable[..., Any]


def blocking(url: str, method: str = "rank", *arguments: Any, **options: Any) -> Any:
    with RankerClient(url, **{"retry": QUICK, **options}) as client:
        return getattr(client, method)(*(arguments or ("q", ["t"])))


def in_a_loop(url: str, method: str = "rank", *arguments: Any, **options: Any) -> Any:
    async def call() -> Any:
        async with AsyncRankerClient(url, **{"retry": QUICK, **options}) as client:
            return await getattr(client, method)(*(arguments or ("q", ["t"])))

    return asyncio.run(call())


both_kinds = pytest.mark.parametrize("ask", [blocking, in_a_loop])


@both_kinds
@pytest.mark.parametrize("refusal", [Step(429, BUSY), Step(503, LEAVING), Step(0, None)])
def test_a_refusal_for_now_is_tried_again(ask: Ask, refusal: Step) -> None:
    with refusing([refusal, refusal, Step(200, GOOD)]) as peer:
        assert ask(peer.url).scores == (0.5,)
    assert len(peer.seen) == 3


@both_kinds
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Step(429, BUSY), Overloaded),
        (Step(503, LEAVING), ShuttingDown),
        (Step(0, None), Unreachable),
    ],
)
def test_after_the_last_attempt_the_refusal_is_raised(ask: Ask, step: Step, kind: Any) -> None:
    with refusing([step]) as peer, pytest.raises(kind):
        ask(peer.url)
    assert len(peer.seen) == QUICK.attempts


@both_kinds
@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (413, RequestTooLarge), (422, InvalidField)]
)
def test_what_the_caller_has_to_mend_is_asked_once(ask: Ask, status: int, kind: Any) -> None:
    with refusing([Step(status, {**BUSY, "err_no": 5000})]) as peer, pytest.raises(kind):
        ask(peer.url)
    assert len(peer.seen) == 1


@both_kinds
def test_retry_after_is_waited_for(ask: Ask) -> None:
    with refusing([Step(429, BUSY, {"Retry-After": "1"}), Step(200, GOOD)]) as peer:
        start = time.monotonic()
        ask(peer.url)
        assert time.monotonic() - start >= 1.0
    first, second = (int(seen["x-timeout-ms"]) for seen in peer.seen)
    assert second <= first - 1000, "the service is told what is left"


@both_kinds
def test_a_wait_beyond_the_deadline_is_not_begun(ask: Ask) -> None:
    step = Step(429, BUSY, {"Retry-After": "3600"})
    with refusing([step]) as peer, pytest.raises(Overloaded, match="the queue is full"):
        ask(peer.url, timeout_s=30.0)
    assert len(peer.seen) == 1


@both_kinds
@pytest.mark.parametrize("behaviour", [hang, trickle])
def test_the_deadline_ends_a_call(ask: Ask, behaviour: Any, serve: Serve) -> None:
    with pytest.raises(DeadlineExceeded, match=r"no answer within 0\.5 s"):
        ask(f"http://127.0.0.1:{serve(behaviour)}", timeout_s=0.5)


@both_kinds
def test_feedback_that_may_have_been_kept_is_not_sent_again(ask: Ask) -> None:
    with refusing([Step(0, None)]) as peer, pytest.raises(Unreachable):
        ask(peer.url, "feedback", "r-1", [0])
    assert len(peer.seen) == 1


@both_kinds
def test_feedback_that_was_refused_is(ask: Ask) -> None:
    kept = {"err_no": 0, "err_msg": "", "key": ["request_id"], "value": ["r-1"]}
    with refusing([Step(429, BUSY), Step(200, kept)]) as peer:
        assert ask(peer.url, "feedback", "r-1", [0], {1: 2.0}) is None
    assert len(peer.seen) == 2


@both_kinds
def test_a_service_that_is_not_ready_says_so_at_once(ask: Ask) -> None:
    with refusing([Step(503, LEAVING)]) as peer:
        assert _ready(ask, peer) is False
    assert len(peer.seen) == 1


def _ready(ask: Ask, peer: Refusing) -> Any:
    if ask is blocking:
        with RankerClient(peer.url, retry=QUICK) as client:
            return client.ready()

    async def call() -> bool:
        async with AsyncRankerClient(peer.url, retry=QUICK) as client:
            return await client.ready()

    return asyncio.run(call())


def test_the_key_is_sent() -> None:
    with refusing([Step(200, GOOD)]) as peer:
        blocking(peer.url, api_key="a-key")
    assert peer.seen[0]["authorization"] == "Bearer a-key"


def test_waits_grow_and_have_jitter() -> None:
    tries = [Tries(Retry(attempts=9, base_s=0.5, longest_s=2.0), 1e6) for _ in range(200)]
    for most in (0.5, 1.0, 2.0, 2.0):
        waits = [one.wait_s() or 0.0 for one in tries]
        assert 0.0 <= min(waits) < most / 4 < most * 3 / 4 < max(waits) <= most


@pytest.mark.parametrize("ahead_s", [-60, 60])
def test_retry_after_may_be_a_date(ahead_s: int) -> None:
    when = datetime.now(timezone.utc) + timedelta(seconds=ahead_s)
    wait_s = Tries(Retry(base_s=0.0), 1e6).wait_s(format_datetime(when, usegmt=True))
    assert wait_s is not None
    assert max(0, ahead_s) - 2 <= wait_s <= max(0, ahead_s)


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5.2", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_means_nothing_asks_for_no_wait(text: str) -> None:
    assert Tries(Retry(base_s=0.0), 10.0).wait_s(text) == 0.0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"timeout_s": 0.0}, "timeout_s"),
        ({"api_key": "a b\n"}, "api_key"),
        ({"base_url": "x"}, "url"),
    ],
)
def test_what_cannot_be_is_refused_at_once(options: dict[str, Any], field: str) -> None:
    for kind in (RankerClient, AsyncRankerClient):
        with pytest.raises(InvalidField, match=field):
            kind(**options)
    with pytest.raises(InvalidField, match="attempts"):
        Retry(attempts=0)
