# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an edge asks: one ranking request, on its way from where it came in to its answer.

Everything about a request is in one :class:`Call`. It is never changed: a part that knows more
hands on a copy that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional

from contract.wire.request import RankRequest
from pipeline.request.cancel import Cancel
from pipeline.request.route import Route
from pipeline.request.trace import Trace


class Arrival(NamedTuple):
    """How a request came in: what its transport says of it, before it has been read.

    Attributes:
        edge: ``http`` or ``rpc``.
        service: asked for: ``ernie``, ``rocketqa`` or ``ranker``; empty when that is not known.
        received: on time.monotonic's clock.
        request_id: of a header, or empty.
        deadline: when the caller stops waiting, on time.monotonic's clock; ``None``: never.
        cancel: tells when the caller has gone.
        dry_run: answer as ever, but leave no trace in experiments: no record, no shadow, no count.
        traceparent: of the caller's span, as sent.
        tracestate: that goes with it.
    """

    edge: str
    service: str
    received: float
    request_id: str = ""
    deadline: Optional[float] = None
    cancel: Optional[Cancel] = None
    dry_run: bool = False
    traceparent: str = ""
    tracestate: str = ""


class WholeTexts(NamedTuple):
    """The caller takes no answer in which a text was cut.

    Attributes:
        field: of the request that holds the texts.
        option: of the request that allows cutting.
    """

    field: str
    option: str


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        request: validated; it has an id.
        arrival: how it came in.
        ranker: named beside the request, by a header or a model's name; its own ``ranker`` wins.
        experiment: the only one that may take the request; empty: any.
        whole_texts: refuse an answer in which something was cut.
        profile: whether the caller wants the DAG's timeline.
        log_id: Paddle Serving's number of the call, for the log.
        asked: rankers that its caller names, the default first; empty leaves it to the router.
        route: who answers, when that is decided already; else the router is asked.
        trace: the span of the request; ``None``: it is not traced.
    """

    request: RankRequest
    arrival: Arrival
    ranker: str = ""
    experiment: str = ""
    whole_texts: Optional[WholeTexts] = None
    profile: bool = False
    log_id: int = 0
    asked: tuple[str, ...] = ()
    route: Optional[Route] = None
    trace: Optional[Trace] = None
