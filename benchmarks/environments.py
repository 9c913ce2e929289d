# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the Pythons of other environments that a measurement needs: card's, and the peers'."""

from __future__ import annotations

import sys
from pathlib import Path

from child_services.child import REPOSITORY
from contract.errors import SetUpError

PEERS_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
CARD_PYTHON = REPOSITORY / ".venv-card" / "bin" / "python"


def card_python() -> Path:
    """Python 3.9 with PaddlePaddle 2.6, PaddleNLP and Paddle Serving's client.

    Raises:
        SetUpError: it is not there.
    """
    if sys.version_info < (3, 10):
        return Path(sys.executable)
    if not CARD_PYTHON.is_file():
        raise SetUpError("not installed; run `make setup-train`", field=".venv-card")
    return CARD_PYTHON
