# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What gRPC tells of a call before its message is read: metadata, deadline, address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional
from urllib.parse import unquote

from pipeline.request.call import Arrival
from pipeline.request.cancel import Cancel
from pipeline.request.trace import TRACEPARENT, TRACESTATE

_LONGEST_DEADLINE_S = 86_400.0


def _deadline(context: Any) -> Optional[float]:
    """The caller's, on time.monotonic's clock; gRPC says years for a caller that set none."""
    remaining = context.time_remaining()
    if remaining is None or remaining > _LONGEST_DEADLINE_S:
        return None
    return time.monotonic() + float(remaining)


def headers_of(context: Any) -> dict[str, str]:
    """The call's metadata; of a name that stands twice, the first value."""
    headers: dict[str, str] = {}
    for key, value in context.invocation_metadata():
        headers.setdefault(key, str(value))
    return headers


def address_of(peer: str) -> str:
    """Of gRPC's ``ipv4:127.0.0.1:4711`` or ``ipv6:%5B::1%5D:4711``, the address alone."""
    host, _, _port = unquote(peer).partition(":")[2].rpartition(":")
    return host.strip("[]").removeprefix("::ffff:")


def arrival_of(
    context: Any, headers: Mapping[str, str], received: float, cancel: Cancel
) -> Arrival:
    """How a call came in; its service stands in its message."""
    return Arrival(
        "rpc",
        "",
        received,
        deadline=_deadline(context),
        cancel=cancel,
        traceparent=headers.get(TRACEPARENT, ""),
        tracestate=headers.get(TRACESTATE, ""),
    )
