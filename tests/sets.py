# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the two sets of packages the tests run with, and what that leaves out.

``make test`` runs all that modern can run, and then ``make test-card`` on Python 3.9: training,
export, and what has to go on working with the packages of Paddle Serving 0.9.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

# the set card alone has PaddleNLP, and the PaddlePaddle that writes .pdmodel programs
ON_CARD = importlib.util.find_spec("paddlenlp") is not None
# there may be none: CI and make setup-card make it
CARD_PYTHON = Path(__file__).resolve().parent.parent / ".venv-card" / "bin" / "python"

card_only = pytest.mark.skipif(
    not ON_CARD, reason="needs the packages of the set card: make test-card"
)
modern_only = pytest.mark.skipif(ON_CARD, reason="needs the packages of the set modern")


def skip_unless_card() -> None:
    """Skip a test that comes to need what card alone can make."""
    if not ON_CARD:
        pytest.skip("needs the packages of the set card: make test-card")
