# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Wrong keys of one address are slowed down; others, and callers known before, are not."""

from __future__ import annotations

import logging

import pytest

from pipeline.door.wrong_keys import WrongKeys


class Clock:
    """Goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture()
def clock() -> Clock:
    return Clock()


@pytest.fixture()
def keys(clock: Clock) -> WrongKeys:
    return WrongKeys(lambda: None, clock)


def test_a_burst_is_let_through_and_time_gives_more(keys: WrongKeys, clock: Clock) -> None:
    assert [keys.wrong("a") for _ in range(30)] == [0.0] * 30
    assert keys.wrong("a") == pytest.approx(2.0)
    assert keys.wrong("b") == 0.0
    clock.now += 2.5
    assert keys.wrong("a") == 0.0
    assert keys.wrong("a") > 0.0


def test_a_right_key_counts_where_it_was_right_before(keys: WrongKeys, clock: Clock) -> None:
    assert keys.right("a", "old")
    for _ in range(31):
        keys.wrong("a")
    assert keys.right("a", "old")
    assert not keys.right("a", "new")
    assert keys.right("b", "new")
    clock.now += 60.0
    assert keys.right("a", "new")


def test_the_log_has_one_line_a_minute_for_each_address(
    keys: WrongKeys, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "pipeline"):
        for _ in range(50):
            keys.wrong("a")
        keys.wrong("b")
        clock.now += 60.0
        keys.wrong("a")
    assert caplog.messages == [
        "wrong API keys from a: 1",
        "wrong API keys from b: 1",
        "wrong API keys from a: 50",
    ]


@pytest.mark.parametrize(
    "other", ["2001:db8:0:1::2", "2001:db8:0:1:ffff:1:2:3", "2001:DB8::1:0:0:0:9"]
)
def test_addresses_of_one_network_of_ipv6_are_one(keys: WrongKeys, other: str) -> None:
    for _ in range(30):
        assert keys.wrong("2001:db8:0:1::1") == 0.0
    assert keys.wrong(other) > 0.0
    assert keys.wait_s(other) > 0.0
    assert not keys.right(other, "owner")
    assert keys.wrong("2001:db8:0:2::1") == 0.0
    assert keys.wrong("no:address") == 0.0
