# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A large file is prepared on disk, once for all runs, and read from there as from memory."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from contract.encoding import PairEncoder
from tests.conftest import REPOSITORY
from tests.train.conftest import CHARACTERS, write_model
from train.data.dataset import LabelledPairs, encode, read_labelled_pairs
from train.data.storage import Nameless
from train.data.table import SMALL_FILE
from train.data.texts import Texts, TextWriter

ROWS = 4500


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """17 MB of rows; compressed it would be a small file."""
    path = tmp_path_factory.mktemp("large") / "rows.tsv"
    with path.open("w", encoding="utf-8") as file:
        file.write("query\ttitle\tlabel\n")
        for row in range(ROWS):
            start = row % 37
            title = (CHARACTERS[start:] + CHARACTERS) * 13
            file.write(f"{CHARACTERS[start : start + 4]}{row % 50}\t{title}{row}\t{row % 3}\n")
    assert path.stat().st_size > SMALL_FILE
    return path


def columns_of(pairs: LabelledPairs) -> list[list[int]]:
    return [column.tolist() for column in (pairs.queries, pairs.titles, pairs.labels, pairs.lists)]


def test_rows_on_disk_are_those_in_memory(large: Path, tmp_path: Path) -> None:
    packed = tmp_path / "rows.tsv.gz"
    packed.write_bytes(gzip.compress(large.read_bytes(), 1))
    assert packed.stat().st_size < SMALL_FILE
    kept = read_labelled_pairs(large, cache_dir=tmp_path / "cache")
    for other in (read_labelled_pairs(packed), read_labelled_pairs(large)):
        assert columns_of(other) == columns_of(kept)
        assert list(other.texts) == list(kept.texts)
    encoder = PairEncoder.load(write_model(tmp_path / "model"), 40)
    encoded = [
        encode(encoder, pairs.texts, pairs.queries, pairs.titles)
        for pairs in (kept, read_labelled_pairs(packed))
    ]
    assert encoded[0].cuts == encoded[1].cuts
    chosen = np.array([4, ROWS - 1, 0])
    for one, other in zip(*(pairs.rows(chosen) for pairs in encoded)):
        assert one.input_ids.tolist() == other.input_ids.tolist()


def test_the_next_run_finds_rows_and_tokens(
    large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = PairEncoder.load(write_model(tmp_path / "model"), 40)
    made = []
    for _ in range(2):
        pairs = read_labelled_pairs(large, cache_dir=tmp_path / "cache")
        encoded = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
        made.append((columns_of(pairs), encoded.lengths.tolist()))
    assert made[0] == made[1]
    said = capsys.readouterr().err
    assert [said.count(x) for x in ("preparing its rows", "tokenizing", "rows are ready in")] == [
        1,
        1,
        1,
    ]
    longer = PairEncoder.load(tmp_path / "model", 41)
    lengths = encode(longer, pairs.texts, pairs.queries, pairs.titles).lengths
    assert lengths.max() == 41
    assert "tokenizing" in capsys.readouterr().err


def test_another_file_or_limit_is_prepared_anew(large: Path, tmp_path: Path) -> None:
    first = read_labelled_pairs(large, cache_dir=tmp_path / "cache")
    changed = tmp_path / "rows.tsv"
    changed.write_bytes(large.read_bytes().replace(b"\t0\n", b"\t4\n", 1))
    second = read_labelled_pairs(changed, cache_dir=tmp_path / "cache")
    assert (first.labels[0], second.labels[0]) == (0, 4)


def test_what_was_said_of_bad_rows_is_said_again(
    large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes(large.read_bytes() + b"one cell\n")
    said = []
    for _ in range(2):
        read_labelled_pairs(path, max_bad_rows=1, cache_dir=tmp_path / "cache")
        said.append(capsys.readouterr().err)
    for err in said:
        assert f"{path}:{ROWS + 2}: expected 3 tab-separated columns, found 1\n" in err
        assert f"{path}: skipped 1 malformed rows\n" in err


_READ = """
import resource, sys
from pathlib import Path
from contract.errors import RankingError
from train.data.dataset import read_labelled_pairs
limit = int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    print(len(read_labelled_pairs(sys.argv[1], cache_dir=Path(sys.argv[2])).labels))
except RankingError as error:
    print(error)
"""


def start(path: Path, cache: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _READ, str(path), str(cache), str(limit)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def outcomes(runs: Sequence[subprocess.Popen[str]]) -> list[tuple[str, str]]:
    return [run.communicate(timeout=120) for run in runs]


def test_processes_that_start_together_prepare_once(large: Path, tmp_path: Path) -> None:
    results = outcomes([start(large, tmp_path / "cache") for _ in range(3)])
    assert [out for out, _ in results] == [f"{ROWS}\n"] * 3
    assert sum("preparing its rows" in err for _, err in results) == 1


def test_a_full_disk_is_one_line_and_leaves_nothing(large: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the error comes from the same writes."""
    ((out, _),) = outcomes([start(large, tmp_path / "cache", limit=1 << 20)])
    assert out.startswith(f"{large}: cannot be prepared on disk (File too large); it needs about ")
    assert "--cache_dir" in out
    assert out.count("\n") == 1
    assert [p for p in (tmp_path / "cache").iterdir() if p.suffix != ".lock"] == []
    assert outcomes([start(large, tmp_path / "cache")])[0][0] == f"{ROWS}\n"


def test_a_directory_that_cannot_be_made_is_one_line(large: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ((out, _),) = outcomes([start(large, tmp_path / "file" / "cache")])
    assert out.startswith(f"{large}: cannot be prepared on disk")
    assert out.count("\n") == 1


def test_few_files_stay_open(large: Path, tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        assert len(read_labelled_pairs(large, cache_dir=tmp_path / "cache").labels) == ROWS
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 20


def test_texts_that_come_again_are_remembered_within_bounds() -> None:
    """However many distinct texts there are, what is remembered of them is bounded."""
    storage = Nameless(in_memory=True)
    writer = TextWriter(storage)
    first = [writer.number(text) for text in ("甲", "乙", "甲")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(400):
        writer.number(f"{number:06}" * 50_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    writer.close()
    texts = Texts(storage)
    assert first == [0, 1, 0]
    assert [texts[0], texts[1], texts[-1][:6], len(texts)] == ["甲", "乙", "000399", 402]
    # of 120 MB of texts
    assert grown < 90_000
