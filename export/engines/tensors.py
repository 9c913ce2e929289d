# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a graph of any inputs and outputs is to who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]
RunTensors = Callable[[Tensors], dict[str, NDArray[np.float32]]]
