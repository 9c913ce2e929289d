# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train on word embeddings that were moved the way that hurts most (FGM)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

import paddle


class FastGradient:
    """The fast gradient method: ``r = epsilon * g / |g|`` is added to the word embeddings.

    ``g`` is the gradient of the batch's loss, ``|g|`` its Euclidean norm. Miyato, Dai and
    Goodfellow (2017), "Adversarial Training Methods for Semi-Supervised Text Classification", who
    move the embedded words of each text; here the table of embeddings is moved, for the batch as a
    whole. With several processes each moves it by the gradient of its own rows.
    """

    def __init__(self, embeddings: Any, epsilon: float) -> None:
        """Move ``embeddings``, a parameter ``[vocabulary, hidden]``, by ``epsilon``."""
        self._embeddings = embeddings
        self._epsilon = epsilon

    def gradient(self) -> Optional[Any]:
        """A copy of the gradient as it is now, to be given to :meth:`moved` after a batch."""
        now = self._embeddings.grad
        return None if now is None else now.clone()

    @contextmanager
    def moved(self, before: Optional[Any]) -> Iterator[None]:
        """Moved embeddings, which are put back to the last bit.

        Args:
            before: the gradient before this batch, of the batches of the same step.
        """
        with paddle.no_grad():
            own = self._embeddings.grad if before is None else self._embeddings.grad - before
            kept = self._embeddings.clone()
            paddle.assign(kept + _direction(own) * self._epsilon, output=self._embeddings)
        try:
            yield
        finally:
            with paddle.no_grad():
                paddle.assign(kept, output=self._embeddings)


def _direction(gradient: Any) -> Any:
    """The gradient with a length of 1; zeros where it has no direction, or overflowed in fp16."""
    largest = gradient.abs().max()
    # squares of scaled gradients would be infinite
    part = gradient / largest
    usable = paddle.logical_and(paddle.isfinite(largest), largest > 0)
    return paddle.where(usable, part / part.norm(), paddle.zeros_like(gradient))
