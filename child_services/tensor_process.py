# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the C++ tensor service on a free port as a child process, and waits until it is ready."""

from __future__ import annotations

import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Optional

from child_services.child import ChildService, free_port
from contract.errors import SetUpError
from general_model_service.program import BUILT, PROGRAM_VARIABLE

# TENSOR_SERVICE_BIN names another build, such as one with sanitizers
PROGRAM = Path(os.environ.get(PROGRAM_VARIABLE) or BUILT)

_START_LIMIT_S = 60.0
_POLL_S = 0.02


class TensorProcess(ChildService):
    """``python -m general_model_service`` as a child process; a context manager that stops it.

    Attributes:
        port: where it listens on 127.0.0.1.
        ready_s: seconds from the start of Python to the first good ``/ready``.
    """

    def __init__(
        self,
        bundle: Path,
        directory: Path,
        *flags: str,
        program: Path = PROGRAM,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        """Start it and wait until it is ready.

        Args:
            bundle: its directory, or its ``serving_server`` directory.
            directory: becomes the working directory; gets the log.
            flags: of ``python -m general_model_service``, beside ``--model`` and ``--port``.
            program: the built service.
            tls: trusts the service's certificate; ``None``: it has none.

        Raises:
            SetUpError: it is not built, ended, or was not ready in time; with the end of its log.
        """
        if not program.is_file():
            raise SetUpError("not built; run `make build-tensor-service`", field=str(program))
        self.port = free_port()
        self._tls = tls
        start = time.monotonic()
        command = [sys.executable, "-m", "general_model_service", "--model", str(bundle.resolve())]
        super().__init__(
            [*command, "--port", str(self.port), *flags],
            directory,
            {PROGRAM_VARIABLE: str(program)},
        )
        try:
            self._wait(start + _START_LIMIT_S)
        except BaseException:
            self.stop()
            raise
        self.ready_s = time.monotonic() - start

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``, or ``https``."""
        scheme = "https" if self._tls is not None else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def _wait(self, deadline: float) -> None:
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/ready", timeout=5.0, context=self._tls):
                    return
            except (OSError, urllib.error.URLError) as error:
                if self.process.poll() is not None:
                    raise self.failed("ended") from error
                if time.monotonic() > deadline:
                    raise self.failed(f"was not ready in {_START_LIMIT_S:g} s") from error
            time.sleep(_POLL_S)
