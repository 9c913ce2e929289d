# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Spans as the parts of the service tell them: plain values, that also travel between processes.

Times are those of time.monotonic, whose clock all processes of a machine share.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Optional, Union

from pipeline.request.trace import Trace

Attribute = Union[str, bool, int, float]

# of attributes; no attribute holds a text of a request
PREFIX = "ranking."


class Span(NamedTuple):
    """One piece of a request's time.

    Attributes:
        name: of the stage.
        trace: its place.
        start: when it began.
        end: when it ended.
        attributes: by name, without PREFIX.
        links: spans of other requests that it shares work with.
        error: code of the error it ended with, or empty.
        incoming: whether a caller outside waits for it.
    """

    name: str
    trace: Trace
    start: float
    end: float
    attributes: Mapping[str, Attribute] = {}
    links: Sequence[Trace] = ()
    error: str = ""
    incoming: bool = False


Spans = tuple[Span, ...]


@dataclass
class JobTrace:
    """What a scheduler tells of one request's rows; read when their future is done.

    Attributes:
        compute: the place of the span over all batches of these rows.
        started: when the first batch with one of them began; ``None``: none did.
        ended: when the last of them came back.
        batches: places of batches whose span is told by another request.
        spans: of batches that this request tells.
    """

    compute: Trace
    started: Optional[float] = None
    ended: Optional[float] = None
    batches: list[Trace] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


class BatchTrace:
    """One batch of the rows of several requests, at least one of which is traced.

    A batch has one span: below the first traced request's, linked to those of the others, which
    link back to it.
    """

    def __init__(self, jobs: Sequence[JobTrace]) -> None:
        """The traced requests with rows in the batch, each once."""
        self._first, *self._others = jobs
        self.trace = self._first.compute.child()

    def end(self, start: float, attributes: Mapping[str, Attribute], error: str = "") -> None:
        """The batch is computed, or has failed."""
        links = [job.compute for job in self._others]
        self._first.spans.append(
            Span("batch", self.trace, start, time.monotonic(), attributes, links, error)
        )
        for job in self._others:
            job.batches.append(self.trace)
