# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes feedback that came in by RPC or HTTP, queues it for the disk, and makes the answer."""

from __future__ import annotations

import time
from typing import Callable

from contract.errors import RankingError, ShuttingDown
from contract.experiments.records import Feedback
from pipeline.door.admission import Admission
from pipeline.door.services import FEEDBACK_SERVICE
from pipeline.edges.answer import Answer
from pipeline.records.recorder import Recorder
from pipeline.telemetry.metrics import Metrics


class FeedbackDesk:
    """Used by many threads at once."""

    def __init__(self, admission: Admission, recorder: Recorder, metrics: Metrics) -> None:
        """Bind what says whether the service is open, what keeps feedback, and what counts it."""
        self._admission = admission
        self._recorder = recorder
        self._metrics = metrics

    def take(self, read: Callable[[], Feedback]) -> Answer:
        """Keep what a caller says of an answer it got; never raises a RankingError.

        Args:
            read: decodes and validates it.
        """
        start = time.monotonic()
        try:
            if self._admission.closed is not None:
                raise ShuttingDown(self._admission.closed)
            feedback = read()
            self._recorder.feedback(feedback)
            answer = Answer(key=["request_id"], value=[feedback.request_id])
        except RankingError as error:
            answer = Answer.of_error(error)
        seconds = time.monotonic() - start if answer.err_no == 0 else None
        self._metrics.answered(FEEDBACK_SERVICE, answer.err_no, seconds)
        return answer
