# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One hostile RPC connection leaves others their answers; messages stay within their bounds."""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from child_services.running_service import RunningService
from clients.ranker.pipeline_wire import INFERENCE, decode_response, encode_request
from clients.rpc_client import RpcRankerClient
from contract.errors import Overloaded
from pipeline.edges.rpc.intake import Turns
from tests.pipeline.edges.http2_frames import Connection, begun, message
from tests.pipeline.edges.rpc_abuse import ATTACKS, Attack, abuse, never_sent
from tests.services import running_service
from tests.waiting import wait_until

BODY_BYTES = 4 * 1024 * 1024
# of what `make abuse` sends
SHARE = 100


@pytest.fixture(scope="module")
def edge(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("abused_rpc")
    limits = {
        "max_body_bytes": BODY_BYTES,
        "max_body_bytes_in_flight": 2 * BODY_BYTES,
        "body_timeout_s": 2.0,
    }
    with running_service(bundles, directory, limits=limits) as service:
        yield service


def address_of(edge: RunningService) -> tuple[str, int]:
    host, _, port = edge.endpoint.rpartition(":")
    return host, int(port)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_honest_caller_is_answered_meanwhile(edge: RunningService, attack: Attack) -> None:
    assert abuse(edge, attack, ATTACKS[attack] // SHARE, seconds=60) == []


def test_calls_that_never_send_hold_no_thread(edge: RunningService) -> None:
    """As many connections as would take every place, each with calls without a message."""
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(Connection(address_of(edge)))
            assert connection.send(b"".join(never_sent(20)))
        with RpcRankerClient(edge.endpoint) as client:
            assert client.rank("感冒", ["感冒灵"]).ranker


def test_a_message_that_does_not_come_is_told_so(edge: RunningService) -> None:
    with Connection(address_of(edge)) as connection:
        connection.send(begun(1) + message(1, b"x" * 100)[:50])
        wait_until(lambda: b"did not arrive within 2 s" in connection.data, "the answer")


def call(edge: RunningService, data: bytes) -> int:
    """The err_no of one call, on a connection of its own."""
    size = 4 * BODY_BYTES
    options = [
        ("grpc.max_send_message_length", size),
        ("grpc.max_receive_message_length", size),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.insecure_channel(edge.endpoint, options=options) as channel:
        return decode_response(channel.unary_unary(INFERENCE, None, None)(data, timeout=60)).err_no


def test_messages_of_all_calls_are_bounded_together(edge: RunningService) -> None:
    fields = {"query": "感冒", "documents": "[" + ",".join(['"' + "a" * 90_000 + '"'] * 40) + "]"}
    data = encode_request(fields, "ranker", 0)
    assert len(data) > BODY_BYTES * 3 // 4
    before = edge.memory_mb()
    with ThreadPoolExecutor(40) as pool:
        answers = collections.Counter(pool.map(lambda _: call(edge, data), range(40)))
    assert set(answers) == {0, Overloaded.err_no}, "two have room at once, and 40 come"
    assert answers[0] >= 2
    assert edge.memory_mb(peak=True) < before + 40 * len(data) / 1e6 * 4
    with RpcRankerClient(edge.endpoint) as client:
        assert client.rank("感冒", ["感冒灵"]).ranker


def test_a_message_over_every_bound_is_refused_unread(edge: RunningService) -> None:
    """One that is a little too large is answered; of this gRPC reads the length only."""
    with pytest.raises(grpc.RpcError) as caught:
        call(edge, encode_request({"query": "x" * (3 * BODY_BYTES)}, "ranker", 0))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in caught.value.details()


def test_one_connection_gets_no_more_turns_than_another() -> None:
    async def run() -> list[str]:
        turns, through = Turns(), []

        async def one(peer: str) -> None:
            await turns.take(peer)
            through.append(peer)
            await asyncio.sleep(0)
            turns.give_back(peer)

        await asyncio.gather(*[one(peer) for peer in "aaaaaaaabc"])
        return through

    order = asyncio.run(run())
    assert sorted(order) == list("aaaaaaaabc")
    assert order.index("b") < 4
    assert order.index("c") < 4


def test_those_whose_messages_did_not_come_wait_behind_all_others() -> None:
    async def run() -> list[str]:
        turns, through = Turns(), []
        for peer in ("late", "later", "better"):
            turns.note(peer, came=False)
        turns.note("better", came=True)
        for peer in "abc":
            await turns.take(peer)

        async def one(peer: str) -> None:
            await turns.take(peer)
            through.append(peer)
            turns.give_back(peer)

        order = ("late", "later", "new", "better")
        waiting = [asyncio.ensure_future(one(peer)) for peer in order]
        await asyncio.sleep(0)
        assert turns.waiting == len(order)
        turns.give_back("a")
        await asyncio.gather(*waiting)
        assert turns.waiting == 0
        return through

    assert asyncio.run(run()) == ["new", "better", "late", "later"]


def test_a_caller_that_leaves_the_queue_keeps_no_turn() -> None:
    async def run() -> None:
        turns = Turns()
        await turns.take("a")
        leaving = asyncio.ensure_future(turns.take("a"))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        turns.give_back("a")
        await asyncio.wait_for(turns.take("a"), 5)

    asyncio.run(run())
