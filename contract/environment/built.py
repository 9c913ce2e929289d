# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where ``general_model_service/build.sh`` leaves what it builds for this Python's environment."""

from __future__ import annotations

import sys
from pathlib import Path

# .venv-card has a build of its own: what is built with an environment's packages runs with them
_NAME = Path(sys.prefix).name
_KIND = _NAME.removeprefix(".venv") if _NAME.startswith(".venv-") else ""
BUILT = Path(__file__).resolve().parents[2] / f".cache/tensor-service{_KIND}" / "release"
# in the image
INSTALLED = Path("/opt/tensor-service")
