# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The rooms of the C++ tensor service, and the direction between them; nothing is built.

In: general_model_service/src, the calls of ``room`` in CMakeLists.txt and the table of
README-dev.md. The scan is shown to find each breach.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SERVICE = REPOSITORY / "general_model_service"
SOURCES = SERVICE / "src"

_ROOM = re.compile(r"^room\((\w+)([^)]*)\)", re.MULTILINE)
_INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]*)', re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", re.MULTILINE)

Rooms = dict[str, frozenset[str]]


def rooms_of(cmake: str) -> Rooms:
    """The rooms that each room knows, in the order of CMakeLists.txt."""
    calls = _ROOM.findall(cmake)
    names = {name for name, _ in calls}
    return {name: frozenset(names & set(words.split())) for name, words in calls}


def rooms_of_table(page: str) -> Rooms:
    """The same as README-dev.md has it."""
    return {name: frozenset(re.findall(r"\w+", known)) for name, known in _ROW.findall(page)}


def arrows_up(rooms: Rooms) -> list[str]:
    """What a room knows that does not stand before it; where there is none, there is no circle."""
    found = []
    before: set[str] = set()
    for room, known in rooms.items():
        found += [f"{room} knows {other}" for other in sorted(known - before)]
        before.add(room)
    return found


def includes_of(path: Path, rooms: Rooms) -> list[str]:
    """What a source includes of the service itself; of angle brackets those that name a room."""
    found = _INCLUDE.findall(path.read_text(encoding="utf-8"))
    return [name for mark, name in found if mark == '"' or name.split("/")[0] in rooms]


def sources_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".cc", ".h"})


def wrong_includes(sources: Path, rooms: Rooms) -> list[str]:
    """Includes that are no ``room/file.h`` of a room that the file's own knows."""
    found = []
    for path in sources_of(sources):
        room = path.relative_to(sources).parts[0]
        known = {room} | rooms.get(room, frozenset())
        for included in includes_of(path, rooms):
            other, *rest = included.split("/")
            of_protoc = included.endswith(".pb.h") and not rest
            there = len(rest) == 1 and (sources / included).is_file()
            if not of_protoc and not (other in known and there):
                found.append(f"{path.relative_to(sources)} includes {included}")
    return found


ROOMS = rooms_of((SERVICE / "CMakeLists.txt").read_text(encoding="utf-8"))


def test_each_folder_is_a_room_and_no_file_lies_outside() -> None:
    assert {path.name for path in SOURCES.iterdir()} == set(ROOMS)
    deeper = [path for path in sources_of(SOURCES) if path.parent.parent != SOURCES]
    assert not deeper


def test_rooms_know_only_those_above() -> None:
    assert not arrows_up(ROOMS)


def test_includes_follow_the_direction() -> None:
    assert not wrong_includes(SOURCES, ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_no_more_than_it_includes(room: str) -> None:
    included = [name for path in sources_of(SOURCES / room) for name in includes_of(path, ROOMS)]
    assert ROOMS[room] <= {name.split("/")[0] for name in included}


def test_the_page_has_the_same_table() -> None:
    table = rooms_of_table((SERVICE / "README-dev.md").read_text(encoding="utf-8"))
    assert {room: known - {"nothing"} for room, known in table.items()} == ROOMS
    assert list(table) == list(ROOMS)


def test_the_scan_finds_a_room_that_knows_one_below() -> None:
    assert arrows_up({**ROOMS, "codec": ROOMS["codec"] | {"wire"}}) == ["codec knows wire"]


@pytest.mark.parametrize(
    ("cmake", "breach"),
    [
        ("room(a PUBLIC b)\nroom(b)", "a knows b"),
        ("room(a)\nroom(b\n  PUBLIC a x::y\n  PRIVATE c)\nroom(c PUBLIC a b)", "b knows c"),
        ("room(a PRIVATE a)", "a knows a"),
    ],
)
def test_the_scan_finds_an_arrow_up_and_a_circle(cmake: str, breach: str) -> None:
    assert arrows_up(rooms_of(cmake)) == [breach]


LOW_AND_HIGH = rooms_of("# room(NAME)\nroom(low)\nroom(high PUBLIC low packages::x)")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for room in LOW_AND_HIGH:
        (tmp_path / room).mkdir()
        (tmp_path / room / f"{room}.h").touch()
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        '#include "high/high.h"',
        "#include <high/high.h>",
        ' # include "high/high.h"  // why',
        '#include "../high/high.h"',
        '#include "low/../high/high.h"',
        '#include "low.h"',
        '#include "low/absent.h"',
        '#include "elsewhere/x.h"',
        '#include "high/x.pb.h"',
    ],
)
@pytest.mark.parametrize("name", ["x.h", "x.cc"])
def test_the_scan_finds_an_include(sources: Path, name: str, line: str) -> None:
    (sources / "low" / name).write_text(f"#pragma once\n\n{line}\n#include <vector>\n")
    (breach,) = wrong_includes(sources, LOW_AND_HIGH)
    assert breach.startswith(f"low/{name} includes ")


def test_the_scan_lets_the_direction_pass(sources: Path) -> None:
    allowed = ['"low/low.h"', '"high/high.h"', '"x.pb.h"', "<vector>", "<boost/asio.hpp>"]
    text = "".join(f"#include {name}\n" for name in allowed) + '// "low.h"\n'
    (sources / "high" / "x.cc").write_text(text)
    assert wrong_includes(sources, LOW_AND_HIGH) == []
