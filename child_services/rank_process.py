# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the C++ program by a configuration of the Pipeline, and waits for its first answer."""

from __future__ import annotations

from typing import ClassVar

from child_services.running_service import RunningService

PIPELINE, RANK = "pipeline", "rank"


class RankProcess(RunningService):
    """``general_model_service.rank_service`` as a child process, which it stops at its end."""

    module: ClassVar[str] = "general_model_service.rank_service"


# what answers by one and the same configuration
SERVICES: dict[str, type[RunningService]] = {PIPELINE: RunningService, RANK: RankProcess}
