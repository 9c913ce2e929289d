# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What tests of the remote engine do with tensor services: open, ask, wait for, kill."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Callable

from child_services.tensor_process import TensorProcess
from contract.bundle import Bundle
from contract.bundle.files import GOLDEN_FILE
from contract.bundle.golden import check_golden, read_golden
from contract.errors import (
    RankingError,
)
from pipeline.engines.engine import Engine
from pipeline.engines.remote.source import RemoteEngines
from tests.bundles import SENTENCES

LIMIT_S = 30.0
Admit = Callable[[Engine], str]


def endpoint(service: TensorProcess) -> str:
    return f"127.0.0.1:{service.port}"


def golden_check(bundle: Bundle) -> Admit:
    pairs = read_golden(bundle.root / GOLDEN_FILE)
    encoder = bundle.encoder()
    return lambda engine: f"{check_golden(pairs, encoder, engine.run, bundle.score):.0e}"


def opened(bundle: Bundle, *endpoints: str, timeout_s: float = LIMIT_S, **keys: Any) -> Any:
    source = RemoteEngines(
        endpoints, bundle, timeout_s=timeout_s, admit=golden_check(bundle), **keys
    )
    return source.open()


def feed_of(bundle: Bundle, count: int = 7) -> Any:
    encoder = bundle.encoder()
    titles = [SENTENCES[i % len(SENTENCES)] for i in range(count)]
    return encoder.pad(encoder.encode(SENTENCES[2], titles))


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not met():
        assert time.monotonic() < end, "has not come about in time"
        time.sleep(0.02)


def answers(engine: Any, feed: Any) -> bool:
    try:
        engine.run(feed)
    except RankingError:
        return False
    return True


def kill(service: TensorProcess) -> None:
    os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait()
