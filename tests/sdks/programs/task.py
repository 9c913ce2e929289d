# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What every program here reads from standard input and prints; no package of ours is needed."""

from __future__ import annotations

import json
import sys
from typing import Any, Callable

TASK: dict[str, Any] = json.load(sys.stdin)
URL: str = TASK["url"]
QUERY: str = TASK["query"]
DOCUMENTS: list[str] = TASK["documents"]
MODEL: str = TASK["model"]
KEY = "a-key"


def raised(call: Callable[[], Any]) -> list[str]:
    """The class and the text of the error that a call raises."""
    try:
        value = call()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return ["nothing", repr(value)]


def show(**answers: Any) -> None:
    """Print what the SDKs returned."""
    print(json.dumps(answers, ensure_ascii=False))
