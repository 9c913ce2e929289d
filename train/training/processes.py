# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Share the gradients of a step among the processes that train together.

With one process all of it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paddle
import paddle.distributed as dist
from paddle.distributed.fleet.utils.hybrid_parallel_util import fused_allreduce_gradients

from train.model.device import world_size


class SharedGradients:
    """Gradients that are means over processes once a step's last backward pass is done.

    Attributes:
        model: what to compute losses with.
    """

    def __init__(self, model: Any, *, afterwards: bool) -> None:
        """Give all processes the weights of process 0.

        Args:
            model: a ranker.
            afterwards: share gradients when all passes of a step are done. Paddle shares them while
                a backward pass runs, which takes less time, and counts on one forward pass for
                each, with no other inside.
        """
        self._several = world_size() > 1
        self._after = afterwards
        self._parameters = list(model.parameters())
        self.model = paddle.DataParallel(model) if self._several else model

    @contextmanager
    def of_pass(self, *, last: bool) -> Iterator[None]:
        """Around forward and backward of a batch; gradients of all but the last are kept back."""
        if self._several and (self._after or not last):
            with self.model.no_sync():
                yield
        else:
            yield

    def finish(self) -> None:
        """After the last pass of a step."""
        if self._several and self._after:
            fused_allreduce_gradients(self._parameters, None)


def any_process(said: bool) -> bool:
    """Whether one of the processes said so; all of them have to ask."""
    if world_size() == 1:
        return said
    flag = paddle.to_tensor([int(said)])
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag.item())
