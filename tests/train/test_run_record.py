# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What lies beside the checkpoints: run.json, files for TensorBoard and VisualDL, and curves."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree

import pytest

from tests.train.conftest import Files
from train.train_ce import main as ce_command
from train.training.curves import axis_of, draw
from train.training.event_files import EventFiles, crc32c
from train.training.run_record import RunRecord

Train = Callable[..., int]
NDCG = "NDCG@10"


@pytest.fixture(scope="module")
def run(train_ce: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that logged at steps 5, 10, 15, 20 and was evaluated at 10 and 20."""
    save_dir = tmp_path_factory.mktemp("recorded")
    flags = ("--logging_steps", 5, "--eval_step", 10, "--save_steps", 10)
    assert train_ce(save_dir, *flags) == 0
    return save_dir


def content(save_dir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((save_dir / "run.json").read_text(encoding="utf-8"))
    return found


def test_run_json_says_what_it_takes_to_repeat_the_run(run: Path, files: Files) -> None:
    said = content(run)
    assert said["command"][0] == "train_ce"
    assert said["command"][said["command"].index("--learning_rate") + 1] == "0.001"
    assert said["options"]["learning_rate"] == 1e-3
    assert said["options"]["weight_decay"] == 0.0, "also what was not named"
    digests = {file["option"]: file["sha256"] for file in said["files"]}
    assert digests["train_set"] == hashlib.sha256(files.pairs.read_bytes()).hexdigest()
    assert digests["test_file"] == hashlib.sha256(files.dev.read_bytes()).hexdigest()
    assert len(digests["model_name_or_path"]) == 64
    assert (said["seed"], said["steps"], said["processes"]) == (1000, 20, 1)
    assert set(said["versions"]) == {"project", "python", "paddle", "paddlenlp", "numpy"}
    assert said["machine"]["device"] == "cpu" and said["machine"]["processors"] >= 1
    assert said["git"] is None or len(said["git"]["commit"]) == 40
    assert (said["state"], said["begun_at_step"]) == ("finished", 0)


def test_the_command_of_run_json_repeats_the_run(run: Path, tmp_path: Path) -> None:
    program, *arguments = content(run)["command"]
    assert program == "train_ce"
    assert ce_command([*arguments, "--save_dir", str(tmp_path)]) == 0
    first, second = content(run)["figures"], content(tmp_path)["figures"]
    for name in ("loss", "learning_rate", NDCG, "AUC"):
        assert first[name] == second[name]


def test_figures_have_their_steps_and_intervals(run: Path) -> None:
    said = content(run)
    figures = said["figures"]
    assert [point[0] for point in figures["loss"]] == [5, 10, 15, 20]
    assert [point[0] for point in figures[NDCG]] == [10, 20]
    for _, value, low, high in figures[NDCG]:
        assert low <= value <= high and low < high
    assert figures["learning_rate"][-1] == [20, 0.0]
    best = said["best"]
    assert best["figures"][NDCG] == max(point[1] for point in figures[NDCG])
    assert len(best["lists"]) == 10
    assert sum(best["lists"]) / 10 == pytest.approx(best["figures"][NDCG], abs=1e-5)


def test_a_resumed_run_goes_on_with_its_figures(run: Path, train_ce: Train, tmp_path: Path) -> None:
    save_dir = shutil.copytree(run, tmp_path / "run")
    whole = content(save_dir)["figures"]
    flags = ("--logging_steps", 5, "--eval_step", 10, "--save_steps", 10)
    assert train_ce(save_dir, *flags, "--init_from_ckpt", save_dir / "model_10") == 0
    again = content(save_dir)
    assert again["begun_at_step"] == 10
    for name in ("loss", "learning_rate", NDCG):
        assert again["figures"][name] == whole[name]
    assert len(list((save_dir / "logs").glob("events.out.tfevents.*"))) == 2


def test_a_disk_that_takes_no_figures_does_not_end_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = RunRecord(tmp_path, {})
    (tmp_path / "logs").touch()
    (tmp_path / ".run.json.new").mkdir()
    record.begin(0)
    record.add("loss", 1, 0.5)
    record.end("finished")
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line and "the run goes on" in line


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)],
)
def test_crc32c_is_that_of_rfc_3720(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


def frames(data: bytes) -> Iterator[bytes]:
    """Messages of TensorBoard's file, whose checksums are looked at."""

    def masked(part: bytes) -> int:
        crc = crc32c(part)
        return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        assert struct.unpack_from("<I", data, place + 8)[0] == masked(data[place : place + 8])
        message = data[place + 12 : place + 12 + length]
        assert struct.unpack_from("<I", data, place + 12 + length)[0] == masked(message)
        yield message
        place += 16 + length


def test_the_file_of_tensorboard_has_the_bytes_of_its_protocol(tmp_path: Path) -> None:
    """Event: wall_time 1, step 2, file_version 3, summary 5 {value 1 {tag 1, simple_value 2}}."""
    events = EventFiles(tmp_path, 300)
    events.add("train/loss", 0.25, 310)
    events.close()
    (file,) = tmp_path.glob("events.out.tfevents.*")
    version, start, scalar = frames(file.read_bytes())
    assert version[:1] == b"\x09" and version[9:] == b"\x10\x00\x1a\x0dbrain.Event:2"
    assert start[9:] == b"\x10\xac\x02\x3a\x02\x08\x01"
    value = b"\x0a\x0atrain/loss\x15" + struct.pack("<f", 0.25)
    assert scalar[9:] == b"\x10\xb6\x02\x2a" + bytes([len(value) + 2, 0x0A, len(value)]) + value


def test_two_runs_of_one_second_keep_their_own_files(tmp_path: Path) -> None:
    """The second of the clock and the process are the name that TensorBoard gives a file."""
    for step in range(5):
        events = EventFiles(tmp_path, step)
        events.add("train/loss", 0.25, step)
        events.close()
    files = list(tmp_path.glob("events.out.tfevents.*"))
    assert [len(list(frames(file.read_bytes()))) for file in files] == [3] * 5
    assert len(list(tmp_path.glob("vdlrecords.*.log"))) == 5


def test_visualdl_reads_its_file(run: Path) -> None:
    reader = pytest.importorskip("visualdl").LogReader
    (file,) = (run / "logs").glob("vdlrecords.*.log")
    log = reader(file_path=str(file))
    assert len(log.get_data("scalar", f"dev/{NDCG}")) == 2
    points = [(point.id, point.value) for point in log.get_data("scalar", "train/loss")]
    expected = content(run)["figures"]["loss"]
    assert [step for step, _ in points] == [step for step, _ in expected]
    assert [v for _, v in points] == pytest.approx([value for _, value in expected], rel=1e-6)


def test_curves_are_a_picture_of_all_points(run: Path) -> None:
    picture = ElementTree.parse(run / "curves.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    heads = [text.text for text in picture.iter(f"{space}text") if text.get("class") == "head"]
    assert heads == ["loss", f"{NDCG} of the dev lists, 95 % interval", "learning rate"]
    lines = [line.get("points", "").split() for line in picture.iter(f"{space}polyline")]
    assert [len(points) for points in lines] == [4, 2, 4]
    (band,) = picture.iter(f"{space}polygon")
    assert len(band.get("points", "").split()) == 4


def test_curves_of_odd_values_are_drawn() -> None:
    """One point, one value, none, and what is no number."""
    text = draw(
        {"a": [[5, 1.0, 0.5, 2.0]], "b & c": [[1, 0.0], [2, 0.0]], "d": [[1, float("nan")]]}
    )
    picture = ElementTree.fromstring(text)
    drawn = [element.tag.rpartition("}")[2] for element in picture.iter()]
    assert (drawn.count("g"), drawn.count("circle"), drawn.count("polyline")) == (2, 1, 1)
    assert "nan" not in text
    assert ElementTree.fromstring(draw({})) is not None
    axis = axis_of([0.0, 20.0], 0, 100)
    assert (axis.place(0), axis.place(10), axis.place(20)) == (0, 50, 100)
    assert axis.ticks() == [0, 5, 10, 15, 20]
    long = draw({"loss": [[step, 1.0 / (1 + step)] for step in range(100_000)]})
    assert len(long) < 40_000
