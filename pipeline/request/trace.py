# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The place of a span in its trace: read from a W3C traceparent, and written for other services."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple, Optional

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
# the standard asks to pass on that much at least
_MOST_STATE_CHARS = 512


class Trace(NamedTuple):
    """The place of one span.

    Attributes:
        trace_id: 128 bits, alike for all spans of a request.
        span_id: 64 bits, the span's own.
        parent_id: the span above it; 0 without one.
        sampled: whether spans of the trace are kept.
        state: what other vendors' tracers pass along.
    """

    trace_id: int
    span_id: int
    parent_id: int = 0
    sampled: bool = True
    state: str = ""

    def child(self) -> Trace:
        """The place of a span below this one."""
        return self._replace(span_id=new_span_id(), parent_id=self.span_id)

    @property
    def header(self) -> str:
        """As ``traceparent``."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"


def read_parent(traceparent: str, tracestate: str = "") -> Optional[Trace]:
    """The caller's span, or ``None`` when the header is not one: the standard has it ignored."""
    found = _PARENT.fullmatch(traceparent.strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16):
        return None
    if not int(span_id, 16):
        return None
    # anything else could not be passed on as a header or as gRPC's metadata
    passable = tracestate.isascii() and tracestate.isprintable()
    state = tracestate if passable and len(tracestate) <= _MOST_STATE_CHARS else ""
    sampled = bool(int(flags, 16) & _SAMPLED)
    return Trace(int(trace_id, 16), int(span_id, 16), 0, sampled, state)


def new_trace_id() -> int:
    """Random, never 0."""
    return secrets.randbits(128) or 1


def new_span_id() -> int:
    """Random, never 0."""
    return secrets.randbits(64) or 1


# the span in which an engine computes, for engines that ask another service
_computing: ContextVar[Optional[Trace]] = ContextVar("computing", default=None)


@contextlib.contextmanager
def computing(trace: Optional[Trace]) -> Iterator[None]:
    """While this lasts, :func:`outgoing` names the span."""
    token = _computing.set(trace)
    try:
        yield
    finally:
        _computing.reset(token)


def outgoing() -> tuple[tuple[str, str], ...]:
    """Headers of a call to another service, or none."""
    trace = _computing.get()
    if trace is None:
        return ()
    parent = ((TRACEPARENT, trace.header),)
    return (*parent, (TRACESTATE, trace.state)) if trace.state else parent
