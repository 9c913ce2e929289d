# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Documents on disk: whole or not there, within their bytes, after a kill and with damage."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from contract.bundle.graphs import GraphSpec
from contract.bundle.split import FP16, FP32, Part, Split
from contract.errors import SetUpError
from pipeline.states.corpus import CorpusReader, CorpusWriter
from pipeline.states.parts import DOCUMENT, QUERY, Kept, part_key
from pipeline.states.store import StateStore
from tests.conftest import REPOSITORY

GRAPH = GraphSpec("pdmodel", "a.pdmodel", "a.pdiparams")
LARGE = 10**8


def split_of(state_type: str = FP32, phrase_size: int = 3) -> Split:
    return Split(1, 8, state_type, phrase_size, GRAPH, GRAPH)


def key_of(number: int) -> bytes:
    return part_key(Part(np.array([number, 2]), 1), "0123456789ab")


def kept_of(number: int, split: Split) -> Kept:
    draw = np.random.default_rng(number)
    states = draw.normal(size=(5 + number % 20, split.state_size)).astype(np.float32)
    phrases = draw.normal(size=split.phrase_size).astype(np.float32) if split.phrase_size else None
    return Kept(states, phrases).owned(split.state_type)


def same(one: Kept, other: Kept) -> bool:
    return all(
        (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))
        for a, b in zip(one, other)
    )


def filled(path: Path, split: Split, count: int = 40) -> dict[bytes, Kept]:
    parts = {key_of(number): kept_of(number, split) for number in range(count)}
    with CorpusWriter(path, split, LARGE) as writer:
        writer.put(parts)
        assert len(writer) == count
    return parts


@pytest.mark.parametrize("phrase_size", [0, 3])
@pytest.mark.parametrize("state_type", [FP32, FP16])
def test_what_was_written_is_read(tmp_path: Path, state_type: str, phrase_size: int) -> None:
    split = split_of(state_type, phrase_size)
    parts = filled(tmp_path / "a.sqlite", split, 1200)
    found, damaged = CorpusReader(tmp_path / "a.sqlite", split).get([*parts, key_of(5000)])
    assert damaged == 0
    assert found.keys() == parts.keys()
    assert all(same(found[key], kept) for key, kept in parts.items())
    assert {kept.states.dtype.name for kept in found.values()} == {
        {FP32: "float32", FP16: "float16"}[state_type]
    }


def test_damaged_bytes_are_never_served(tmp_path: Path) -> None:
    path, split = tmp_path / "a.sqlite", split_of()
    parts = filled(path, split)
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    hurt = 0
    for _ in range(150):
        data = bytearray(whole)
        for place in draw.integers(0, len(data), 3):
            data[place] ^= int(draw.integers(1, 256))
        path.write_bytes(bytes(data))
        found, damaged = CorpusReader(path, split).get(list(parts))
        assert all(same(kept, parts[key]) for key, kept in found.items())
        assert len(found) + damaged <= len(parts)
        hurt += len(found) < len(parts)
    assert hurt > 50, "damage was met"


@pytest.mark.parametrize("size", [0, 1, 100, 5000, -1000])
def test_a_file_that_is_cut_off_gives_nothing_wrong(tmp_path: Path, size: int) -> None:
    path, split = tmp_path / "a.sqlite", split_of()
    parts = filled(path, split)
    data = path.read_bytes()
    path.write_bytes(data[:size])
    found, damaged = CorpusReader(path, split).get(list(parts))
    assert all(same(kept, parts[key]) for key, kept in found.items())
    assert damaged > 0


def test_a_file_never_grows_over_its_bytes(tmp_path: Path) -> None:
    path, split, limit = tmp_path / "a.sqlite", split_of(), 50_000
    written = 0
    with CorpusWriter(path, split, limit) as writer:
        with pytest.raises(SetUpError, match="takes no more"):
            for number in range(1000):
                writer.put({key_of(number): kept_of(number, split)})
                assert path.stat().st_size <= limit
                written += 1
        assert len(writer) == written > 20
    assert path.stat().st_size <= limit
    found, damaged = CorpusReader(path, split).get([key_of(n) for n in range(written)])
    assert (len(found), damaged) == (written, 0)
    with pytest.raises(SetUpError, match="bytes already, and 10000 are allowed"):
        CorpusWriter(path, split, 10_000)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"no database" * 1000)
    for path in (tmp_path / "a.sqlite", tmp_path / "none" / "a.sqlite"):
        with pytest.raises(SetUpError, match=r"a\.sqlite: cannot be written"):
            CorpusWriter(path, split_of(), LARGE)


_WRITE_ON = """
import sys
from pathlib import Path
from pipeline.states.corpus import CorpusWriter
from tests.pipeline.states.test_corpus import LARGE, key_of, kept_of, split_of

split = split_of()
with CorpusWriter(Path(sys.argv[1]), split, LARGE) as writer:
    print("open", flush=True)
    for start in range(len(writer), 10**6, 50):
        writer.put({key_of(n): kept_of(n, split) for n in range(start, start + 50)})
        print(start, flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_documents_and_is_gone_on_with(
    tmp_path: Path,
) -> None:
    path, split, least = tmp_path / "a.sqlite", split_of(), 0
    for turn in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITE_ON, str(path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            for _ in range(2 + turn):
                said = child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        least = max(least, int(said) + 50)
        found, damaged = CorpusReader(path, split).get([key_of(n) for n in range(least + 500)])
        assert damaged == 0
        assert len(found) >= least
        assert len(found) % 50 == 0, "of a batch all or nothing"
        assert all(same(found[key_of(n)], kept_of(n, split)) for n in range(len(found)))


def test_neither_texts_nor_ids_are_in_the_file(tmp_path: Path) -> None:
    part, split = Part(np.arange(1000, 1040), 1), split_of()
    with CorpusWriter(tmp_path / "a.sqlite", split, LARGE) as writer:
        writer.put({part_key(part, "0123456789ab"): kept_of(1, split)})
    data = (tmp_path / "a.sqlite").read_bytes()
    assert part_key(part, "0123456789ab") in data
    for width in (np.int16, np.int32, np.int64):
        assert part.input_ids.astype(width).tobytes() not in data


def test_a_store_reads_documents_from_disk_once(tmp_path: Path) -> None:
    split = split_of()
    parts = filled(tmp_path / "a.sqlite", split, 3)
    store = StateStore(LARGE, CorpusReader(tmp_path / "a.sqlite", split))
    asked = [*parts, key_of(50)]
    for _ in range(2):
        found = store.get(DOCUMENT, asked)
        assert found.keys() == parts.keys()
        assert all(same(found[key], kept) for key, kept in parts.items())
    assert store.get(QUERY, asked[:1]).keys() == {asked[0]}, "in memory by now"
    counts = store.counts
    assert counts.hits == {QUERY: 1, DOCUMENT: 3}
    assert (counts.read, counts.damaged) == (3, 0)
    assert counts.misses == {QUERY: 0, DOCUMENT: 2}
    assert counts.entries == 3


def test_damaged_documents_are_missed_and_counted(tmp_path: Path) -> None:
    path, split = tmp_path / "a.sqlite", split_of()
    parts = filled(path, split, 2)
    victim = next(iter(parts))
    data = path.read_bytes().replace(parts[victim].states.tobytes()[:16], b"x" * 16)
    path.write_bytes(data)
    store = StateStore(LARGE, CorpusReader(path, split))
    assert store.get(DOCUMENT, parts).keys() == parts.keys() - {victim}
    assert (store.counts.read, store.counts.damaged) == (1, 1)
    assert store.counts.misses[DOCUMENT] == 1
