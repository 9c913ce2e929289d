# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The child's side of a worker: a system that ranks in its own process, asked by lines of JSON.

It runs in whatever Python a system needs, so it takes the standard library only.

    parent: {"rank": [[query, [document, ...]], ...]}
    child:  {"seconds": s, "compute_s": s or null, "latencies_s": [s, ...], "scores": [[...], ...]}
    parent: {"encode": [[query, [document, ...]], ...]}
    child:  {"input_ids": [[id, ...] of each pair]}
    child, on a failure: {"error": one line}
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import Any, Callable, Optional

Calls = list[tuple[str, list[str]]]


def serve(open_system: Callable[[], tuple[Callable[[Calls], Any], Callable[[Calls], Any]]]) -> int:
    """Answer the parent's lines until it closes them; returns the exit status.

    Args:
        open_system: loads the system; returns what ranks and what encodes. Its failure is told
            to the parent as the first line, in place of ``{"ready": true}``.
    """
    # what libraries print goes to the log; the parent's lines have a descriptor of their own
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(content: Any) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    opened = _attempt(open_system)
    if "error" in opened:
        say(opened)
        return 1
    rank, encode = opened["done"]
    say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        name, run = ("rank", rank) if "rank" in asked else ("encode", encode)
        calls = [(query, documents) for query, documents in asked[name]]
        answered = _attempt(partial(run, calls))
        say(answered.get("done", answered))
    return 0


def _attempt(action: Callable[[], Any]) -> dict[str, Any]:
    """``done``, or ``error`` with the last line of the failure."""
    try:
        return {"done": action()}
    except Exception as error:
        return {"error": last_line(str(error)) or type(error).__name__}


def last_line(text: str) -> Optional[str]:
    """The last line that is not blank."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else None
