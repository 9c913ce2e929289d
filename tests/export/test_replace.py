# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A directory is replaced in one step: readers, killed writers and failed writers prove it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from export.bundle import replace
from export.bundle.replace import exchange, replacement

FILES = ("manifest", "graph", "params")

# writes generation after generation, each file slowly, until it is killed
WRITER = """
import sys, time
from pathlib import Path
from export.bundle import replace
if sys.argv[2] == "twice":
    def no_exchange(first, second):
        raise OSError(22, "Invalid argument")
    replace.exchange = no_exchange
while True:
    generation = time.time_ns()
    with replace.replacement(Path(sys.argv[1])) as staging:
        for name in ("manifest", "graph", "params"):
            (staging / name).write_text(f"{generation} " * 1000)
            time.sleep(0.0005)
    print(generation, flush=True)
"""


def fill(directory: Path, content: str) -> None:
    for name in FILES:
        (directory / name).write_text(content, encoding="utf-8")


def content_of(directory: Path) -> str:
    """What all files of one generation hold; a mixture is an error."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = set()
        for name in FILES:
            handle = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            with os.fdopen(handle, encoding="utf-8") as stream:
                found.add(stream.read())
    finally:
        os.close(descriptor)
    assert len(found) == 1, {text[:20] for text in found}
    return found.pop()


def test_a_new_directory_appears_with_readable_modes(tmp_path: Path) -> None:
    with replacement(tmp_path / "deep" / "bundle") as staging:
        fill(staging, "new")
        assert not (tmp_path / "deep" / "bundle").exists()
    assert content_of(tmp_path / "deep" / "bundle") == "new"
    assert (tmp_path / "deep" / "bundle").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["bundle"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_an_old_directory_is_replaced_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(replace, "_RENAME_EXCHANGE", 1 << 20)  # the kernel says EINVAL
    fill_target(tmp_path / "bundle", "old")
    (tmp_path / "bundle" / "stale").write_text("only the old one had it", encoding="utf-8")
    with replacement(tmp_path / "bundle") as staging:
        fill(staging, "new")
        assert content_of(tmp_path / "bundle") == "old"
    assert content_of(tmp_path / "bundle") == "new"
    assert not (tmp_path / "bundle" / "stale").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def fill_target(target: Path, content: str) -> None:
    target.mkdir()
    fill(target, content)


def test_a_failure_leaves_the_old_directory_alone(tmp_path: Path) -> None:
    fill_target(tmp_path / "bundle", "old")
    before = (tmp_path / "bundle").stat().st_ino
    with pytest.raises(ValueError, match="parity"), replacement(tmp_path / "bundle") as staging:
        fill(staging, "new")
        raise ValueError("parity")
    assert content_of(tmp_path / "bundle") == "old"
    assert (tmp_path / "bundle").stat().st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_exchange_swaps_and_reports_what_is_missing(tmp_path: Path) -> None:
    fill_target(tmp_path / "a", "a")
    fill_target(tmp_path / "b", "b")
    exchange(tmp_path / "a", tmp_path / "b")
    assert (content_of(tmp_path / "a"), content_of(tmp_path / "b")) == ("b", "a")
    with pytest.raises(OSError, match="No such file") as caught:
        exchange(tmp_path / "a", tmp_path / "missing")
    assert caught.value.errno == errno.ENOENT


def test_an_interrupted_double_rename_is_undone(tmp_path: Path) -> None:
    fill_target(tmp_path / ".bundle.old-abc", "old")
    with (
        pytest.raises(ValueError, match="stop"),
        replacement(tmp_path / "bundle"),
    ):
        assert content_of(tmp_path / "bundle") == "old"
        raise ValueError("stop")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_living_writer_keeps_its_directory(tmp_path: Path) -> None:
    with replacement(tmp_path / "bundle") as first:
        with replacement(tmp_path / "bundle") as second:
            assert first.is_dir() and first != second
            fill(second, "second")
        fill(first, "first")
    assert content_of(tmp_path / "bundle") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.parametrize("way", ["exchange", "twice"])
def test_killed_writers_never_leave_a_half(tmp_path: Path, repository: Path, way: str) -> None:
    target = tmp_path / "bundle"
    fill_target(target, "0 " * 1000)
    torn: list[str] = []
    stop = threading.Event()
    reader = threading.Thread(target=_read_until, args=(target, stop, torn))
    reader.start()
    seen = {content_of(target)}
    try:
        for turn in range(8):
            _run_and_kill(target, repository, way, after=0.003 * turn)
            if target.exists() or way == "exchange":
                seen.add(content_of(target))
    finally:
        stop.set()
        reader.join()
    assert not torn
    assert len(seen) > 3
    with replacement(target) as staging:
        fill(staging, "last")
    assert content_of(target) == "last"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def _read_until(target: Path, stop: threading.Event, torn: list[str]) -> None:
    while not stop.is_set():
        try:
            content_of(target)
        except FileNotFoundError:
            # removed while it was read, as the old one may be, or between two renames
            continue
        except AssertionError as error:
            torn.append(str(error))


def _run_and_kill(target: Path, repository: Path, way: str, after: float) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target), way],
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline()
        time.sleep(after)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
