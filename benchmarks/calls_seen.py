# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts the calls of our functions in a service, on all threads, from one moment to another.

``python -m benchmarks.calls_seen pipeline.web_service --config FILE`` runs the module as ``-m``
would. The line ``begin`` on standard input begins to count, ``end`` prints what was seen as one
line of JSON. Needs Python 3.12: ``sys.monitoring`` sees every thread, whoever started it.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType
from typing import Any, Optional

REPOSITORY = Path(__file__).resolve().parent.parent
# whose functions and types count
OURS = ("contract", "pipeline")
_FOLDERS = tuple(f"{REPOSITORY / name}/" for name in OURS)
# where dataclasses and named tuples say that their constructors lie
_GENERATED = "<string>"
_CONSTRUCTORS = ("__init__", "__new__", "<lambda>")


class CallsSeen:
    """One count; begun and ended by one thread, filled by all.

    A generator counts once; how often generators and coroutines were resumed is told apart. What
    Python generates, such as the constructor of a dataclass, is an instance and no call.
    """

    def __init__(self) -> None:
        """Nothing is counted."""
        self._monitoring: Any = sys.monitoring
        self._tool: int = self._monitoring.PROFILER_ID
        self._calls: list[tuple[str, str, str, Optional[int]]] = []
        self._instances: Counter[str] = Counter()
        self._last: dict[int, Any] = {}
        self._resumed = 0

    def begin(self) -> None:
        """Count from here on, in the profiler's place; it must be free."""
        self._calls, self._instances, self._last, self._resumed = [], Counter(), {}, 0
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._tool, "calls_seen")
        self._monitoring.register_callback(self._tool, events.PY_START, self._started)
        self._monitoring.register_callback(self._tool, events.PY_RESUME, self._went_on)
        self._monitoring.restart_events()
        self._monitoring.set_events(self._tool, events.PY_START | events.PY_RESUME)

    def end(self) -> dict[str, Any]:
        """Count no more; calls in their order, each with its thread's name and number."""
        self._monitoring.set_events(self._tool, 0)
        self._monitoring.free_tool_id(self._tool)
        return {
            "calls": self._calls,
            "resumed": self._resumed,
            "instances": dict(self._instances),
        }

    def _started(self, code: CodeType, _: int) -> Any:
        ours = code.co_filename.startswith(_FOLDERS)
        if not ours and code.co_filename != _GENERATED:
            return self._monitoring.DISABLE
        if ours:
            file = str(Path(code.co_filename).relative_to(REPOSITORY))
            thread = threading.current_thread()
            self._calls.append((file, code.co_qualname, thread.name, thread.ident))
        if code.co_name in _CONSTRUCTORS and code.co_varnames:
            self._constructed(sys._getframe(1).f_locals.get(code.co_varnames[0]))
        return None

    def _went_on(self, code: CodeType, _: int) -> Any:
        if not code.co_filename.startswith(_FOLDERS):
            return self._monitoring.DISABLE
        self._resumed += 1
        return None

    def _constructed(self, made: Any) -> None:
        """Note a type by its ``self`` or ``cls``; a constructor may call that of its base."""
        kind = made if isinstance(made, type) else type(made)
        if kind.__module__.partition(".")[0] not in OURS:
            return
        thread = threading.get_ident()
        if made is not kind and self._last.get(thread) is made:
            return
        self._last[thread] = made
        self._instances[f"{kind.__module__}.{kind.__qualname__}"] += 1


def _follow(seen: CallsSeen) -> None:
    for line in sys.stdin:
        if line.strip() == "begin":
            seen.begin()
            print("begun", flush=True)
        elif line.strip() == "end":
            print(json.dumps(seen.end()), flush=True)


def main() -> None:
    """Run the module that the arguments name."""
    threading.Thread(target=_follow, args=(CallsSeen(),), name="calls-seen", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
