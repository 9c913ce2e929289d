# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Log files under PipelineServingLogs, as upstream names them, and a quiet terminal.

Sets up Python's logging for this project and for Paddle Serving, which would otherwise log every
request several times. No log holds a request's texts.
"""

from __future__ import annotations

import contextlib
import logging
import logging.config
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.errors import ConfigError
from pipeline.settings.log_format import JSON, TEXT
from pipeline.telemetry.log_lines import JsonFormatter

_DIRECTORY = "PipelineServingLogs"
_VARIABLE = "SERVING_LOG_PATH"
# what libraries print while they load
_STARTUP_FILE = "startup.log"
_MAX_BYTES = 512_000_000


def open_log_directory(log_dir: str) -> Path:
    """Make the directory of the log files, and tell Paddle Serving of it.

    Importing Paddle Serving opens log files: in the working directory, unless this comes first.

    Args:
        log_dir: directory to make PipelineServingLogs in.

    Returns:
        The directory of the log files.

    Raises:
        ConfigError: it cannot be written to.
    """
    directory = Path(log_dir) / _DIRECTORY
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "pipeline.log").open("a").close()
    except OSError as error:
        raise ConfigError(
            f"cannot write to {directory} ({error.strerror}); name another", field="log_dir"
        ) from error
    os.environ[_VARIABLE] = log_dir
    return directory


def set_up_logs(directory: Path, log_format: str = TEXT) -> None:
    """Direct all logging into files; Paddle Serving, which has a set-up of its own, is imported.

    Args:
        directory: of the log files.
        log_format: ``text`` or ``json``.
    """
    logging.config.dictConfig(_logging(directory, log_format))
    for logger in logging.root.manager.loggerDict.values():
        # upstream's own set-up disables the loggers that exist when it is imported
        if isinstance(logger, logging.Logger):
            logger.disabled = False


def _logging(directory: Path, log_format: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": JsonFormatter}
            if log_format == JSON
            else {"format": "%(levelname)s %(asctime)s [%(name)s] %(message)s"},
            "tracer": {"format": "%(asctime)s %(message)s"},
        },
        "handlers": {
            "log": _handler(directory / "pipeline.log", "INFO", 20),
            "warnings": _handler(directory / "pipeline.log.wf", "WARNING", 10),
            "tracer": {**_handler(directory / "pipeline.tracer", "INFO", 5), "formatter": "tracer"},
        },
        "loggers": {
            "pipeline": {"level": "INFO"},
            # logs every request more than once, and warnings that are none
            "paddle_serving_server": {"level": "ERROR"},
            "paddle_serving_server.pipeline.profiler": {
                "level": "INFO",
                "handlers": ["tracer"],
                "propagate": False,
            },
        },
        "root": {"level": "WARNING", "handlers": ["log", "warnings"]},
    }


def _handler(path: Path, level: str, backups: int) -> dict[str, Any]:
    return {
        "class": "pipeline.telemetry.log_handler.LogFileHandler",
        "level": level,
        "formatter": "line",
        "filename": str(path),
        "maxBytes": _MAX_BYTES,
        "backupCount": backups,
        "encoding": "utf-8",
    }


def divert_output(directory: Path) -> None:
    """Send this process's standard output and error into a log file, C++ libraries' too."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(directory / _STARTUP_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


@contextlib.contextmanager
def diverted_output(directory: Path) -> Iterator[None]:
    """:func:`divert_output` for a while."""
    saved = os.dup(1), os.dup(2)
    divert_output(directory)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), saved):
            os.dup2(copy, number)
            os.close(copy)
