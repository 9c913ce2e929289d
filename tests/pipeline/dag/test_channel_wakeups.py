# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A channel of Paddle's with our condition: all messages arrive, and no thread wakes in vain."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Optional

import pytest
from paddle_serving_server.pipeline.channel import (
    ChannelData,
    ChannelDataType,
    ChannelStopError,
    ThreadChannel,
)

from pipeline.dag.channel_wakeups import WakeOnePerOp, name_thread
from tests.waiting import wait_until

OPS = ("ernie", "rocketqa")
THREADS = 6


class Readers:
    """Threads of two ops that take messages from one channel."""

    def __init__(self, producers: tuple[str, ...]) -> None:
        self.channel = ThreadChannel("c", channel_recv_frist_arrive=False)
        self.woken: Counter[str] = Counter()
        self.taken: list[str] = []
        condition = WakeOnePerOp(self.channel.queue)
        self.channel._cv = condition
        wait = condition.wait

        def counting(timeout: Optional[float] = None) -> bool:
            awake = wait(timeout)
            self.woken[threading.current_thread().name] += 1
            return awake

        condition.wait = counting  # type: ignore[method-assign]
        for name in producers:
            self.channel.add_producer(name)
        for op in OPS:
            self.channel.add_consumer(op)
        self.threads = [
            threading.Thread(target=self._read, name=op) for op in OPS for _ in range(THREADS)
        ]
        for thread in self.threads:
            thread.start()
        self.wait_until_all_sleep()

    def _read(self) -> None:
        op = threading.current_thread().name
        name_thread(op)
        while True:
            try:
                self.channel.front(op)
            except ChannelStopError:
                return
            self.taken.append(op)

    @property
    def got(self) -> Counter[str]:
        return Counter(self.taken)

    def push(self, number: int, producer: str) -> None:
        data = ChannelData(
            datatype=ChannelDataType.DICT.value, dictdata={"n": number}, data_id=number
        )
        self.channel.push(data, producer)

    def wait_for(self, count: int) -> None:
        wait_until(
            lambda: all(self.got[op] >= count for op in OPS), f"{count} messages reach each op"
        )

    def wait_until_all_sleep(self) -> None:
        """Until nobody runs; who was woken, also in vain, has been counted by then."""
        wait_until(lambda: self._sleeping() == len(self.threads), "all threads sleep")

    def _sleeping(self) -> int:
        """A thread that has been told to wake is none of them any more, though it sleeps still."""
        condition = self.channel._cv
        with condition:
            return sum(len(c._waiters) for c in condition._conditions.values())


@pytest.fixture
def readers(request: pytest.FixtureRequest) -> Iterator[Readers]:
    made = Readers(request.param)
    yield made
    made.channel._stop = True
    for condition in made.channel._cv._conditions.values():
        with made.channel._cv:
            condition.notify_all()
    for thread in made.threads:
        thread.join(5.0)
        assert not thread.is_alive()


@pytest.mark.parametrize("readers", [("tokenize",)], indirect=True)
def test_every_message_reaches_both_ops_and_wakes_one_thread_of_each(readers: Readers) -> None:
    for number in range(20):
        readers.push(number, "tokenize")
        readers.wait_for(number + 1)
        readers.wait_until_all_sleep()
    assert readers.got == dict.fromkeys(OPS, 20)
    assert readers.woken == dict.fromkeys(OPS, 20)


@pytest.mark.parametrize("readers", [("tokenize",)], indirect=True)
def test_a_burst_arrives_whole(readers: Readers) -> None:
    for number in range(500):
        readers.push(number, "tokenize")
    readers.wait_for(500)
    assert readers.got == dict.fromkeys(OPS, 500)


@pytest.mark.parametrize("readers", [("left", "right")], indirect=True)
def test_half_of_a_joined_message_wakes_nobody(readers: Readers) -> None:
    readers.push(0, "left")
    readers.wait_until_all_sleep()
    assert not readers.woken
    readers.push(0, "right")
    readers.wait_for(1)
    readers.wait_until_all_sleep()
    assert readers.woken == dict.fromkeys(OPS, 1)
