# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an edge hands to the front door, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, NamedTuple, Optional

from contract.errors import RankingError
from contract.request import RankRequest
from contract.response import RankResponse
from pipeline.dag.paddle_op import Outcome
from pipeline.door.admission import Ticket
from pipeline.request.cancel import Cancel
from pipeline.request.route import Target


class Origin(NamedTuple):
    """Where a request came in, and when.

    Attributes:
        edge: ``http`` or ``rpc``.
        received: on time.monotonic's clock; 0: when the front door begins with it.
        traceparent: of the caller's span, as sent.
        tracestate: that goes with it.
    """

    edge: str = ""
    received: float = 0.0
    traceparent: str = ""
    tracestate: str = ""


_NOWHERE = Origin()


class Reading(NamedTuple):
    """A request that has been read.

    Attributes:
        request: validated.
        profile: whether its caller wants the DAG's timeline.
        log_id: Paddle Serving's number of the call, for the log.
    """

    request: RankRequest
    profile: bool = False
    log_id: int = 0


# a request still unread, so that reading it is bounded too
Read = Callable[[], Reading]


@dataclass(frozen=True)
class Answer:
    """The five fields of the wire, and the HTTP status that goes with them."""

    err_no: int = 0
    err_msg: str = ""
    key: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    http_status: int = 200

    @classmethod
    def of_error(cls, error: RankingError) -> Answer:
        """An answer that says what went wrong."""
        # a text of the request may stand in the message; a lone surrogate has no UTF-8
        message = str(error).encode("utf-8", "backslashreplace").decode("utf-8")
        return cls(error.err_no, message, http_status=error.http_status)

    @classmethod
    def of_outcome(cls, outcome: Outcome, request_id: str) -> Answer:
        """What came out of the DAG; an error too says to which request it belongs."""
        if isinstance(outcome.result, RankingError):
            answer = cls.of_error(outcome.result)
            route = outcome.route
            wire = {}
            if route is not None:
                wire = {
                    "request_id": request_id,
                    "experiment": route.experiment,
                    "variant": route.variant,
                }
        else:
            answer = cls()
            wire = outcome.result.to_wire()
        answer.key.extend(wire)
        answer.value.extend(wire.values())
        answer.key.extend(outcome.key)
        answer.value.extend(outcome.value)
        return answer


@dataclass(frozen=True)
class Ask:
    """One request as an edge got it.

    Attributes:
        service: ``ernie``, ``rocketqa`` or ``ranker``.
        read: decodes and validates the request.
        deadline: when the caller stops waiting, on time.monotonic's clock.
        ranker: value of ``x-ranker``; stands for ``ranker`` in a request without.
        request_id: stands for that of a request without.
        experiment: the only one that may take the request; empty: any.
        cancel: tells when the caller has gone.
        origin: where it came in.
        dry_run: answer as ever, but leave no trace in experiments: no record, no shadow, no count.
        ticket: of the gate, for a request that was taken.
        accept: looks at an answer before anything is recorded of it, and may raise a RankingError.
        target: who answers, when the caller has named it; no experiment takes part then.
    """

    service: str
    read: Read
    deadline: Optional[float] = None
    ranker: str = ""
    request_id: str = ""
    experiment: str = ""
    cancel: Optional[Cancel] = None
    origin: Origin = _NOWHERE
    dry_run: bool = False
    accept: Optional[Callable[[RankResponse], None]] = None
    target: Optional[Target] = None
    ticket: Optional[Ticket] = None


@dataclass(frozen=True)
class Done:
    """The end of one request.

    Attributes:
        request_id: the request's, or one made for it; empty when it could not be read.
        outcome: the answer, or why there is none.
    """

    request_id: str
    outcome: Outcome
