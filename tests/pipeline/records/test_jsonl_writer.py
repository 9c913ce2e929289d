# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The writer of records: rotation, a full queue, a full disk, a kill."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract.experiments.records import Feedback, from_line
from pipeline.records.jsonl_writer import RecordLog
from pipeline.settings.experiments import ExposuresConfig
from pipeline.telemetry.metrics import Metrics
from tests.waiting import wait_until


def lines_of(directory: Path) -> list[str]:
    files = sorted(directory.glob("feedback-*.jsonl"))
    return [line for path in files for line in path.read_text(encoding="utf-8").splitlines(True)]


def numbers_of(directory: Path) -> list[int]:
    return [int(from_line(line).request_id) for line in lines_of(directory)]


def counted(metrics: Metrics, outcome: str) -> float:
    name = f'ranking_records_total{{log="feedback",outcome="{outcome}"}}'
    (line,) = [li for li in metrics.text().decode().splitlines() if li.startswith(name)]
    return float(line.rsplit(" ", 1)[1])


def wait_until_written(metrics: Metrics, count: int) -> None:
    wait_until(lambda: counted(metrics, "written") >= count, f"{count} records are written")


def record_log(directory: Path, metrics: Metrics, **keys: object) -> RecordLog:
    config = ExposuresConfig(**keys)  # type: ignore[arg-type]
    return RecordLog("feedback", directory, config, metrics.of_records("feedback"))


@pytest.mark.parametrize("fsync", ["always", "interval", "never"])
def test_all_records_are_written_in_order_over_several_files(tmp_path: Path, fsync: str) -> None:
    metrics = Metrics()
    log = record_log(tmp_path / "new" / "one", metrics, max_file_bytes=4096, fsync=fsync)
    log.start()
    for number in range(300):
        assert log.offer(Feedback(1.0, str(number), (1, 2)))
        if number % 100 == 0:
            wait_until_written(metrics, number + 1)
    log.stop(10)
    assert numbers_of(tmp_path / "new" / "one") == list(range(300))
    files = list((tmp_path / "new" / "one").iterdir())
    assert len(files) > 1
    assert all(path.stat().st_size <= 4096 for path in files)
    assert counted(metrics, "written") == 300
    assert counted(metrics, "lost") == 0


def test_a_full_queue_counts_and_goes_on(tmp_path: Path) -> None:
    metrics = Metrics()
    log = record_log(tmp_path, metrics, max_queue=10)
    taken = [log.offer(Feedback(1.0, str(i))) for i in range(15)]
    assert taken == [True] * 10 + [False] * 5
    assert counted(metrics, "lost") == 5
    log.start()
    log.stop(10)
    assert numbers_of(tmp_path) == list(range(10))


def test_records_that_wait_are_bounded_in_bytes(tmp_path: Path) -> None:
    metrics = Metrics()
    log = record_log(tmp_path, metrics, max_queue_bytes=100_000)
    wide = Feedback(1.0, "0", tuple(range(1000, 2000)))
    taken = [log.offer(wide) for _ in range(10)]
    assert 1 <= sum(taken) < 10
    assert taken == sorted(taken, reverse=True)
    assert counted(metrics, "lost") == taken.count(False)
    log.start()
    log.stop(10)
    assert counted(metrics, "written") == taken.count(True)
    assert b'ranking_record_queue_bytes{log="feedback"} 0.0' in metrics.text()


def test_a_removed_directory_is_noticed_at_the_next_record(tmp_path: Path) -> None:
    metrics, directory = Metrics(), tmp_path / "records"
    log = record_log(directory, metrics)
    log.start()
    log.offer(Feedback(1.0, "0"))
    wait_until_written(metrics, 1)
    shutil.rmtree(directory)
    log.offer(Feedback(1.0, "1"))
    log.stop(10)
    assert numbers_of(directory) == [1]


@pytest.mark.parametrize("fsync", ["always", "interval", "never"])
def test_the_disk_is_synced_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: str
) -> None:
    synced = []
    real = os.fsync

    def counting(file: int) -> None:
        synced.append(file)
        real(file)

    monkeypatch.setattr(os, "fsync", counting)
    metrics = Metrics()
    log = record_log(tmp_path, metrics, fsync=fsync, fsync_interval_s=3600)
    log.start()
    for number in range(5):
        log.offer(Feedback(1.0, str(number)))
        wait_until_written(metrics, number + 1)
    log.stop(10)
    # at the end of the file in any case; the first interval begins with the process's clock
    expected = {"always": {6}, "interval": {1, 2}, "never": {1}}
    assert len(synced) in expected[fsync]
    assert numbers_of(tmp_path) == list(range(5))


# what the programs below begin with
COUNTS = """
import logging, os, resource, signal, sys, threading
from pathlib import Path
from contract.experiments.records import Feedback
from pipeline.records.jsonl_writer import RecordLog
from pipeline.settings.experiments import ExposuresConfig
from tests.waiting import wait_until

class Counts:
    def __init__(self): self.on_disk = self.gone = 0
    def watch(self, waiting, waiting_bytes): pass
    def written(self, records): self.on_disk += records
    def lost(self, records): self.gone += records
    def wait(self, records):
        wait_until(lambda: self.on_disk >= records, f"{records} records are written", 30)
"""

FULL_DISK = f"""{COUNTS}
class Complaints(logging.StreamHandler):
    came = threading.Event()
    def emit(self, record):
        super().emit(record)
        self.came.set()

logging.getLogger("pipeline").addHandler(Complaints())
directory, recovers = Path(sys.argv[1]), sys.argv[2] == "recovers"
counts = Counts()
log = RecordLog("feedback", directory, ExposuresConfig(max_queue=1000), counts)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
log.start()
assert log.offer(Feedback(1.0, "0", (1, 2, 3)))
counts.wait(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
for number in range(1, 50):
    assert log.offer(Feedback(1.0, str(number), (1, 2, 3)))
assert Complaints.came.wait(30)
if recovers:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    counts.wait(50)
    assert log.offer(Feedback(1.0, "50", (1, 2, 3)))
log.stop(5)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(counts.on_disk, counts.gone)
"""


@pytest.mark.parametrize("end", ["recovers", "stays"])
def test_a_disk_that_takes_no_more(tmp_path: Path, repository: Path, end: str) -> None:
    """The file size limit of a process refuses writes as a full disk does, in mid-line."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), end],
        cwd=repository, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written, lost = map(int, done.stdout.split())
    assert "cannot write" in done.stderr
    numbers = numbers_of(tmp_path)  # raises where half a line was left
    assert all(path.stat().st_size for path in tmp_path.iterdir()), "empty files pile up"
    assert len(numbers) == written
    if end == "recovers":
        assert (numbers, lost) == (list(range(51)), 0)
    else:
        assert written + lost == 50
        assert lost > 0


def test_a_kill_loses_nothing_that_was_written(tmp_path: Path, repository: Path) -> None:
    program = f"""{COUNTS}
counts = Counts()
log = RecordLog("feedback", Path(sys.argv[1]), ExposuresConfig(), counts)
log.start()
for number in range(1000):
    log.offer(Feedback(1.0, str(number)))
counts.wait(1000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=repository, check=False, timeout=60
    )
    assert numbers_of(tmp_path) == list(range(1000))


def test_files_of_two_processes_do_not_meet(tmp_path: Path) -> None:
    for number in range(3):
        log = record_log(tmp_path, Metrics())
        log.start()
        log.offer(Feedback(1.0, str(number)))
        log.stop(10)
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 3
    assert all(f"-{os.getpid()}-" in name for name in names)
