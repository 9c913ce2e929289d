# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write figures of a run where TensorBoard and VisualDL look for them.

Both read files of framed protobuf messages, which are a few bytes here: neither program is needed
to write them. TensorBoard's messages are ``Event`` of ``tensorflow/core/util/event.proto`` in the
frames of ``tensorflow/core/lib/io/record_writer.h``, VisualDL's are ``Record`` of
``visualdl/proto/record.proto`` behind their length.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path
from typing import BinaryIO

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_START = 1


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), as of RFC 3720."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    """The checksum as TensorFlow stores it: rotated by 15 bits, and a constant added."""
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _whole(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _new_files(directory: Path) -> tuple[BinaryIO, BinaryIO]:
    """The files of both programs, under names that no older file has.

    The last part of a name counts the files that one process began in the same second.
    """
    process = f"{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
    count = 0
    while (directory / f"events.out.tfevents.{process}.{count}").exists():
        count += 1
    name = f"{process}.{count}"
    tensorboard = (directory / f"events.out.tfevents.{name}").open("xb")
    return tensorboard, (directory / f"vdlrecords.{name}.log").open("xb")


class EventFiles:
    """One file for each of the two programs; every process that trains begins new ones."""

    def __init__(self, directory: Path, first_step: int) -> None:
        """Begin at ``first_step``; what older files have of later steps no longer counts.

        Raises:
            OSError: a file cannot be written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._tensorboard, self._visualdl = _new_files(directory)
        self._event(0, _bytes(3, b"brain.Event:2"))
        self._event(first_step, _bytes(7, _whole(1, _START)))
        self.flush()

    def add(self, tag: str, value: float, step: int) -> None:
        """One value of a curve."""
        name = tag.encode()
        self._event(step, _bytes(5, _bytes(1, _bytes(1, name) + _float(2, value))))
        milliseconds = int(time.time() * 1000)
        record = _whole(1, step) + _bytes(2, name) + _whole(3, milliseconds) + _float(4, value)
        record = _bytes(1, record)
        self._visualdl.write(struct.pack("<Q", len(record)) + record)

    def _event(self, step: int, content: bytes) -> None:
        data = _double(1, time.time()) + _whole(2, step) + content
        length = struct.pack("<Q", len(data))
        self._tensorboard.write(length + _masked(length) + data + _masked(data))

    def flush(self) -> None:
        """Let readers see what was added."""
        self._tensorboard.flush()
        self._visualdl.flush()

    def close(self) -> None:
        """Write the rest."""
        self._tensorboard.close()
        self._visualdl.close()
