# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names what is measured: a system, whoever wrote it, and one that could not be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable, Optional

from benchmarks.rounds import Rank, System
from contract.bundle.golden import FP32_TOLERANCE, LOW_PRECISION_TOLERANCE

OURS, UPSTREAM, PEER = "ours", "upstream", "peer"
IN_PROCESS, HTTP, RPC = "in process", "HTTP", "RPC"

# by the precision computed in; int8 weights and activations of an untrained model differ by more
# than those of a trained one, whose loss is measured by NDCG when it is quantized
TOLERANCES: Mapping[str, float] = {
    "fp32": FP32_TOLERANCE.score,
    "bf16": LOW_PRECISION_TOLERANCE.score,
    "int8": 20 * LOW_PRECISION_TOLERANCE.score,
}


@dataclass(frozen=True)
class Candidate:
    """A system that has started.

    Attributes:
        owner: ``ours``, ``upstream`` or ``peer``.
        system: its name, such as ``openvino-int8``.
        precision: a key of :data:`TOLERANCES`.
        way: ``in process``, ``HTTP`` or ``RPC``.
        open: the system with so many clients at once.
        connect: one more connection, for single calls; ``None`` in process.
        memory_mb: resident memory of its processes, at its peak when told so.
    """

    owner: str
    system: str
    precision: str
    way: str
    open: Callable[[int], System]
    connect: Optional[Callable[[], Rank]]
    memory_mb: Callable[[bool], float]

    @property
    def name(self) -> str:
        """``openvino-int8, HTTP``."""
        return f"{self.system}, {self.way}"


@dataclass(frozen=True)
class LeftOut:
    """A system that is not in the table, and why."""

    system: str
    reason: str
