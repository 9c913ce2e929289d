# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes out of an answer what no two answers share: moments, durations, ids that were made.

Nothing else is masked. A mask stands where the value stood, so that its place still counts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from tests.golden_answers.messages import TensorResponse

# keys whose number is a duration, or a moment in seconds
DURATIONS = (
    "tokenize", "queue", "compute", "ms", "tokenize_ms", "queue_ms", "compute_ms", "latency_ms",
    "shadow_ms", "p50_ms", "p99_ms", "longest_ms", "window_s", "time",
)  # fmt: skip
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_DURATION = re.compile(rf'(\\*"(?:{"|".join(DURATIONS)})\\*": ?){_NUMBER}')
_MOMENT = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"')
# of a request that brought none
_MADE_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_TIMELINE = re.compile(r'"timeline":(\[.*?\])')
# times of all that the request passed, as the threads came by
_PROFILE = re.compile(r'(?:(?:\\+n)*PROFILE\\+tpid:\d+\\+t[^"]*?(?=\\+n|"))+(?:\\+n)*')
# a shadow's rows are joined to a request's, or computed, as they happen to meet
_ROWS = re.compile(r'"computed":([\d.]+),"joined":([\d.]+)')
_DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
_JSON_LENGTH = "inference-header-content-length"
_ONE_SECOND = "1"


def mask_text(text: str) -> str:
    """A body or a line without its times and made ids."""
    text = _DURATION.sub(r"\1<number>", text)
    text = _MOMENT.sub('"<moment>"', text)
    text = _TIMELINE.sub(lambda found: f'"timeline":{_folded(found.group(1))}', text)
    text = _ROWS.sub(lambda found: f'"computed","joined":{sum(map(float, found.groups()))}', text)
    return _PROFILE.sub("<profile>", _MADE_ID.sub("<id>", text))


def _folded(timeline: str) -> str:
    """All intervals as one: how many there are depends on the clock."""
    intervals = json.loads(timeline.replace("<number>", "null"))
    counts = {
        name: None if name.endswith("_ms") else sum(one[name] for one in intervals)
        for name in intervals[0]
    }
    return json.dumps([counts], separators=(",", ":"))


def mask_headers(headers: Iterable[tuple[str, str]], body: bytes) -> list[str]:
    """Headers in their order, without what differs from one answer to the next."""
    fields = {name.lower(): value for name, value in headers}
    return [f"{name}: {_masked(name.lower(), value, fields, body)}" for name, value in headers]


def _masked(name: str, value: str, fields: Mapping[str, str], body: bytes) -> str:
    if name == "date" and _DATE.fullmatch(value):
        return "<date>"
    if name == "content-length" and value == str(len(body)) and body:
        return "<length of the body>"
    if name == _JSON_LENGTH and _is_json(body[: int(value)]):
        return "<length of the JSON>"
    if name == "x-request-id":
        return _MADE_ID.sub("<id>", value)
    if name == "retry-after" and value.isdigit() and value != _ONE_SECOND:
        return "<seconds>"
    return value


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def mask_body(body: bytes, headers: Iterable[tuple[str, str]], *, exact: bool = False) -> Any:
    """A body as the fixture holds it: text, or text and the floats that follow it."""
    fields = {name.lower(): value for name, value in headers}
    if _JSON_LENGTH in fields:
        length = int(fields[_JSON_LENGTH])
        count = (len(body) - length) // 4
        return {
            "json": mask_text(body[:length].decode()),
            "floats": repr(struct.unpack(f"<{count}f", body[length:])),
        }
    if fields.get("content-type") == "application/proto":
        return _mask_message(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}
    return text if exact else mask_text(text)


def _mask_message(body: bytes) -> dict[str, Any]:
    """A tensor service's answer: its floats, and all bytes with zeros in their place."""
    response = TensorResponse.FromString(body)
    floats = []
    for output in response.outputs:
        for tensor in output.tensor:
            floats += tensor.float_data
            tensor.float_data[:] = [0.0] * len(tensor.float_data)
    text = response.SerializeToString(deterministic=True).decode("latin-1")
    return {"message": text, "bytes": str(len(body)), "floats": repr(floats)}


def show_bytes(body: bytes) -> dict[str, Any]:
    """A file's length and hash."""
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
