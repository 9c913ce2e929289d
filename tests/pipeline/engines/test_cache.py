# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The engines' cache on disk: it gives back whole files or none, and never stops a start."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.rankers import PAIRWISE
from pipeline.engines.cache import EngineCache
from pipeline.engines.openvino import OpenVinoEngine

FACTS = {"bundle": "abc", "threads": 2}
WHERE = "op.ernie.local_service_conf"


def entries(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.entry"))


def test_an_entry_comes_back_for_the_same_facts_only(tmp_path: Path) -> None:
    cache = EngineCache.open(tmp_path)
    assert cache.read("kind", FACTS) is None
    cache.write("kind", FACTS, b"content")
    assert EngineCache.open(tmp_path).read("kind", FACTS) == b"content"
    assert cache.read("other", FACTS) is None
    assert cache.read("kind", {**FACTS, "threads": 1}) is None
    cache.discard("kind", FACTS)
    assert cache.read("kind", FACTS) is None


def test_a_damaged_entry_is_deleted(tmp_path: Path) -> None:
    cache = EngineCache.open(tmp_path)
    cache.write("kind", FACTS, b"content")
    (path,) = entries(tmp_path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:5], whole[:-1], whole + b"x", whole[:-1] + b"\xff"):
        path.write_bytes(damaged)
        assert cache.read("kind", FACTS) is None
        assert not entries(tmp_path)


def test_old_entries_make_room(tmp_path: Path) -> None:
    cache = EngineCache.open(tmp_path)
    for number in range(40):
        cache.write("kind", {"number": number}, b"content")
    assert len(entries(tmp_path)) == 32
    assert cache.read("kind", {"number": 39}) == b"content"


@pytest.mark.parametrize("path", ["/proc/nothing/here", __file__])
def test_a_directory_that_cannot_be_written_is_said_once(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = EngineCache.open(Path(path))
    assert len(caplog.records) == 1
    assert f"engine_cache: {path}" in caplog.text
    cache.write("kind", FACTS, b"content")
    assert cache.read("kind", FACTS) is None
    with cache.exclusive():
        pass
    assert len(caplog.records) == 1


def test_one_at_a_time_measures(tmp_path: Path) -> None:
    inside: list[str] = []

    def second() -> None:
        with EngineCache.open(tmp_path).exclusive():
            inside.append("second")

    with EngineCache.open(tmp_path).exclusive():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        inside.append("first")
    thread.join()
    assert inside == ["first", "second"]


def test_a_compiled_graph_is_kept_and_a_damaged_one_compiled_again(
    bundles: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    bundle = Bundle.open(bundles / PAIRWISE)
    encoder = bundle.encoder()
    feed = encoder.pad(encoder.encode("感冒", ["感冒灵", "合同"]))

    def logits() -> np.ndarray:
        return OpenVinoEngine(bundle, "fp32", 1, EngineCache.open(tmp_path), WHERE).run(feed)

    expected = logits()
    (path,) = entries(tmp_path)
    made = path.stat().st_ino
    np.testing.assert_array_equal(logits(), expected)
    assert entries(tmp_path)[0].stat().st_ino == made
    assert not caplog.records
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    np.testing.assert_array_equal(logits(), expected)
    assert "is damaged" in caplog.text
    # sealed, but no compiled graph: as another build of OpenVINO might have left it
    caplog.clear()
    for content in (b"", b"no graph", path.read_bytes()[32:-1000]):
        path.unlink()
        seal(tmp_path, path, content)
        np.testing.assert_array_equal(logits(), expected)
        assert "a compiled graph cannot be read" in caplog.text


def seal(directory: Path, path: Path, content: bytes) -> None:
    """Write an entry of other content under the name of one."""
    cache = EngineCache.open(directory)
    cache.write("made", FACTS, content)
    (written,) = directory.glob("made-*.entry")
    written.rename(path)
