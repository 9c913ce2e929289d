# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The store of states keeps to its bytes, forgets what was used longest ago, and holds no text."""

from __future__ import annotations

import gc
import pickle
import threading
import tracemalloc

import numpy as np
import pytest

from contract.bundle.graphs import GraphSpec
from contract.bundle.split import FP16, FP32, Part, Split
from pipeline.states.parts import DOCUMENT, QUERY, Kept, bytes_of, part_key
from pipeline.states.store import StateStore

VERSION = "0123456789ab"
GRAPH = GraphSpec("pdmodel", "a.pdmodel", "a.pdiparams")
SPLIT = Split(1, 8, FP32, 0, GRAPH, GRAPH)


def kept_of(number: int, tokens: int = 10, phrases: int = 0) -> Kept:
    states = np.full((tokens, 8), number, np.float32)
    return Kept(states, np.full(phrases, number, np.float32) if phrases else None).owned()


def key_of(number: int) -> bytes:
    return part_key(Part(np.array([number, 2]), 1), VERSION)


def held(store: StateStore, *numbers: int) -> list[int]:
    return [n for n in numbers if store.get(DOCUMENT, [key_of(n)])]


def test_what_was_kept_is_found_by_its_key() -> None:
    store = StateStore(10**6)
    store.put({key_of(1): kept_of(1, phrases=3), key_of(2): kept_of(2)})
    found = store.get(DOCUMENT, [key_of(1), key_of(3), key_of(2)])
    assert list(found) == [key_of(1), key_of(2)]
    np.testing.assert_array_equal(found[key_of(1)].states, np.full((10, 8), 1.0))
    phrases = found[key_of(1)].phrases
    assert phrases is not None and phrases.tolist() == [1.0, 1.0, 1.0]
    assert found[key_of(2)].phrases is None


def test_the_least_recently_used_goes_first() -> None:
    size = bytes_of(10, SPLIT)
    store = StateStore(3 * size)
    store.put({key_of(n): kept_of(n) for n in (1, 2, 3)})
    assert held(store, 1)
    store.put({key_of(4): kept_of(4)})
    assert held(store, 1, 2, 3, 4) == [1, 3, 4]
    assert store.counts.evictions == 1


def test_it_is_bounded_to_the_byte() -> None:
    size = bytes_of(10, SPLIT)
    store = StateStore(3 * size - 1)
    store.put({key_of(n): kept_of(n) for n in range(3)})
    assert (store.counts.entries, store.counts.bytes) == (2, 2 * size)
    exact = StateStore(3 * size)
    exact.put({key_of(n): kept_of(n) for n in range(3)})
    assert (exact.counts.entries, exact.counts.bytes) == (3, 3 * size)


def test_of_many_sizes_it_never_holds_more_than_its_limit() -> None:
    draw = np.random.default_rng(0)
    store = StateStore(20_000)
    for number in range(500):
        tokens = int(draw.integers(1, 60))
        store.put({key_of(int(draw.integers(40))): kept_of(number, tokens)})
        counts = store.counts
        assert counts.bytes <= counts.limit
    held_bytes = sum(
        bytes_of(len(kept.states), SPLIT)
        for kept in store.get(DOCUMENT, [key_of(n) for n in range(40)]).values()
    )
    assert held_bytes == store.counts.bytes


def test_a_part_larger_than_the_store_is_not_kept_and_costs_no_other() -> None:
    store = StateStore(bytes_of(10, SPLIT))
    store.put({key_of(1): kept_of(1)})
    store.put({key_of(2): kept_of(2, tokens=11)})
    assert held(store, 1, 2) == [1]
    assert store.counts.evictions == 0


def test_states_of_fp16_take_half_the_bytes_and_lose_nothing() -> None:
    states = np.arange(80, dtype=np.float32).reshape(10, 8) / 64
    kept = Kept(states, None).owned(FP16)
    np.testing.assert_array_equal(kept.states.astype(np.float32), states)
    store = StateStore(10**6)
    store.put({key_of(1): kept})
    half = Split(1, 8, FP16, 0, GRAPH, GRAPH)
    assert store.counts.bytes == bytes_of(10, half) == bytes_of(10, SPLIT) - 10 * 8 * 2


def test_a_part_that_is_put_again_is_counted_once() -> None:
    store = StateStore(10**6)
    for tokens in (10, 30, 10):
        store.put({key_of(1): kept_of(1, tokens)})
    assert (store.counts.entries, store.counts.bytes) == (1, bytes_of(10, SPLIT))


@pytest.mark.parametrize("phrases", [0, 24])
def test_what_is_counted_is_what_is_allocated(phrases: int) -> None:
    """No less, so that the limit holds, and not much more, so that it is used."""
    limit = 3_000_000
    tracemalloc.start()
    try:
        store = StateStore(limit)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(6000):
            store.put({key_of(number): kept_of(number, 30, phrases)})
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert store.counts.evictions > 0
    assert 0.75 * limit < taken <= limit


def test_hits_and_misses_are_counted_by_kind() -> None:
    store = StateStore(10**6)
    store.put({key_of(1): kept_of(1)})
    store.get(DOCUMENT, [key_of(1), key_of(2), key_of(3)])
    store.get(QUERY, [key_of(1)])
    counts = store.counts
    assert (counts.hits, counts.misses) == ({QUERY: 1, DOCUMENT: 1}, {QUERY: 0, DOCUMENT: 2})


def test_an_emptied_store_knows_nothing() -> None:
    store = StateStore(10**6)
    store.put({key_of(1): kept_of(1)})
    store.clear()
    assert store.counts == StateStore(10**6).counts
    assert held(store, 1) == []


def test_keys_tell_bundles_kinds_and_tokens_apart() -> None:
    part = Part(np.array([5, 6, 2]), 1)
    keys = {
        part_key(part, VERSION),
        part_key(part, "ba9876543210"),
        part_key(Part(part.input_ids, 0), VERSION),
        part_key(Part(np.array([5, 6]), 1), VERSION),
        part_key(Part(np.array([6, 5, 2]), 1), VERSION),
    }
    assert len(keys) == 5
    assert part_key(Part(part.input_ids.copy(), 1), VERSION) in keys


def test_no_ids_are_held() -> None:
    part = Part(np.arange(100, 140), 1)
    store = StateStore(10**6)
    store.put({part_key(part, VERSION): kept_of(1, tokens=40)})
    everything = pickle.dumps({k: v for k, v in vars(store).items() if k != "_lock"})
    assert part_key(part, VERSION) in everything
    for width in (np.int16, np.int32, np.int64):
        assert part.input_ids.astype(width).tobytes() not in everything


def test_what_is_kept_cannot_be_changed() -> None:
    batch = np.zeros((4, 10, 8), np.float32)
    kept = Kept(batch[1], None).owned()
    batch += 1.0
    assert not kept.states.any()
    with pytest.raises(ValueError, match="read-only"):
        kept.states[0, 0] = 1.0


def test_threads_share_it() -> None:
    store = StateStore(20 * bytes_of(10, SPLIT))

    def use(seed: int) -> None:
        draw = np.random.default_rng(seed)
        for _ in range(400):
            number = int(draw.integers(60))
            for kept in store.get(DOCUMENT, [key_of(number)]).values():
                assert (kept.states == number).all()
            store.put({key_of(number): kept_of(number)})

    failed: list[BaseException] = []

    def guarded(seed: int) -> None:
        try:
            use(seed)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = store.counts
    assert not failed
    assert counts.hits[DOCUMENT] + counts.misses[DOCUMENT] == 1600
    assert counts.bytes == counts.entries * bytes_of(10, SPLIT) <= counts.limit
