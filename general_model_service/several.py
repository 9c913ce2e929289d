# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Several tensor services in the foreground, until one ends or all are told to.

``python -m general_model_service.several MODEL=PORT [MODEL=PORT ...] [-- FLAGS]``: each one is
``python -m general_model_service --model MODEL --port PORT FLAGS``. Run by ``make tensor-service``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple, Optional

from contract.errors import SetUpError

PROG = "python -m general_model_service.several"

_EXIT_STOPPED, _EXIT_ENDED, _EXIT_USAGE = 0, 1, 2
_POLL_S = 0.1


class _Service(NamedTuple):
    name: str
    process: subprocess.Popen[bytes]


class _Signals:
    """Counts what tells to stop, a closed terminal included, instead of ending the process."""

    def __init__(self) -> None:
        self.count = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Optional[FrameType]) -> None:
        self.count += 1


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run them all; 0 when told to stop, 1 when one ended by itself, 2 for a bad argument."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    border = arguments.index("--") if "--" in arguments else len(arguments)
    try:
        models = [_model_and_port(text) for text in arguments[:border]]
        if not models:
            raise SetUpError("name at least one MODEL=PORT")
    except SetUpError as error:
        print(f"{PROG}: error: {error}", file=sys.stderr)
        return _EXIT_USAGE
    signals = _Signals()
    services = [_start(model, port, arguments[border + 1 :]) for model, port in models]
    ended = _first_to_end(services, signals)
    if ended:
        status = ended.process.returncode
        print(f"{PROG}: {ended.name} ended with status {status}; stopping all", file=sys.stderr)
    _stop_all(services, signals)
    return _EXIT_ENDED if ended else _EXIT_STOPPED


def _model_and_port(text: str) -> tuple[str, str]:
    model, _, port = text.rpartition("=")
    if not model or not port.isdecimal():
        raise SetUpError("must be MODEL=PORT, such as serving_models/pairwise=8600", field=text)
    return model, port


def _start(model: str, port: str, flags: Sequence[str]) -> _Service:
    launcher = [sys.executable, "-m", "general_model_service", "--model", model, "--port", port]
    # a session of its own: Ctrl-C reaches this process alone, which passes it on once
    process = subprocess.Popen([*launcher, *flags], start_new_session=True)
    return _Service(f"{model} on port {port}", process)


def _first_to_end(services: Sequence[_Service], signals: _Signals) -> Optional[_Service]:
    while not signals.count:
        for service in services:
            if service.process.poll() is not None:
                return service
        time.sleep(_POLL_S)
    return None


def _stop_all(services: Sequence[_Service], signals: _Signals) -> None:
    """Let all finish what they are answering; a further signal kills them."""
    before = signals.count
    for service in services:
        service.process.terminate()
    while any(service.process.poll() is None for service in services):
        if signals.count > before:
            for service in services:
                service.process.kill()
        time.sleep(_POLL_S)


if __name__ == "__main__":
    sys.exit(main())
