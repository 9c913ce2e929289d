# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Idle connections are used again, and none that the service has closed or is about to close."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Union

import pytest

from clients import AsyncRankerClient, RankerClient, Retry
from clients.http_client import HttpRankerClient
from clients.transport import http_sender
from pipeline.settings.service import LimitsConfig
from tests.clients.refusing import GOOD, Step, refusing

ONCE = Retry(attempts=1)
PAUSE_S = 0.6
Blocking = Union[RankerClient, HttpRankerClient]
AskTwice = Callable[[str, float], None]


def blocking(client: Blocking, pause_s: float) -> None:
    with client:
        client.rank("q", ["t"])
        time.sleep(pause_s)
        client.rank("q", ["t"])


def for_applications(url: str, pause_s: float) -> None:
    blocking(RankerClient(url, retry=ONCE), pause_s)


def of_key_values(url: str, pause_s: float) -> None:
    blocking(HttpRankerClient(url), pause_s)


def in_a_loop(url: str, pause_s: float) -> None:
    async def ask() -> None:
        async with AsyncRankerClient(url, retry=ONCE) as client:
            await client.rank("q", ["t"])
            await asyncio.sleep(pause_s)
            await client.rank("q", ["t"])

    asyncio.run(ask())


every_client = pytest.mark.parametrize("ask_twice", [for_applications, of_key_values, in_a_loop])


def test_the_client_lets_go_before_the_service_does() -> None:
    """And keeps it longer than callers pause that ask again and again."""
    assert 30 <= http_sender.IDLE_S < LimitsConfig().keep_alive_s


@every_client
def test_a_connection_is_used_again_after_a_pause(ask_twice: AskTwice) -> None:
    with refusing([Step(200, GOOD)]) as peer:
        ask_twice(peer.url, PAUSE_S)
    assert (len(peer.seen), peer.connections) == (2, 1)


@every_client
def test_one_idle_for_too_long_is_not(ask_twice: AskTwice, monkeypatch: Any) -> None:
    monkeypatch.setattr(http_sender, "IDLE_S", PAUSE_S / 2)
    with refusing([Step(200, GOOD)]) as peer:
        ask_twice(peer.url, PAUSE_S)
    assert (len(peer.seen), peer.connections) == (2, 2)


@every_client
def test_one_that_the_service_closed_fails_no_call(ask_twice: AskTwice) -> None:
    """As with a low ``limits.keep_alive_s``; each call has one attempt."""
    with refusing([Step(200, GOOD)], idle_s=PAUSE_S / 2) as peer:
        ask_twice(peer.url, PAUSE_S)
    assert (len(peer.seen), peer.connections) == (2, 2)
