# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The five fields in which Paddle Serving answers, over RPC and on its gateway's HTTP paths."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from contract.errors import RankingError
from pipeline.request.outcome import Outcome


@dataclass(frozen=True)
class Answer:
    """The five fields of the wire, and the HTTP status that goes with them."""

    err_no: int = 0
    err_msg: str = ""
    key: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    http_status: int = 200

    def to_json(self) -> bytes:
        """The gateway's JSON: five fields, always all of them, in its order."""
        fields = {
            "err_no": self.err_no,
            "err_msg": self.err_msg,
            "key": self.key,
            "value": self.value,
            "tensors": [],
        }
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    @classmethod
    def of_error(cls, error: RankingError) -> Answer:
        """An answer that says what went wrong."""
        # a text of the request may stand in the message; a lone surrogate has no UTF-8
        message = str(error).encode("utf-8", "backslashreplace").decode("utf-8")
        return cls(error.err_no, message, http_status=error.http_status)

    @classmethod
    def of_outcome(cls, outcome: Outcome, request_id: str) -> Answer:
        """How a request ended; an error too says to which request it belongs."""
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
