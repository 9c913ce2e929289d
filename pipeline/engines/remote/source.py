# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens remote engines, and decides which services they may ask.

Those may be asked that have scored the bundle's golden pairs since they last failed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np

from contract.bundle import Bundle
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.errors import BundleError, Overloaded, SetUpError
from pipeline.engines.engine import Engine
from pipeline.engines.remote.endpoints import COOL_DOWN_S, Endpoint, Endpoints, Only
from pipeline.engines.remote.engine import RemoteEngine
from pipeline.engines.remote.texts import RemoteTexts, check_texts

# longest a batch may take where the op has no timeout: a service that hangs must not hold a worker
LONGEST_CALL_S = 60.0
# how often a service that never failed is checked: it may have taken another bundle meanwhile
RECHECK_S = 60.0
_PROBE_TIMEOUT_S = 10.0
# how often it is looked whether a service still listens, and how long that may take
_LISTENS_EVERY_S = 1.0
_LISTENS_TIMEOUT_S = 1.0
# the shortest row of any ranker: [CLS] and [SEP]
_SHORTEST_ROW = [[1, 2]]


class RemoteEngines:
    """Opens connections to the services; see :class:`pipeline.engines.engine.EngineSource`.

    A service is asked once it has passed ``admit``. While a connection is open, a thread for each
    service probes it again after failures, and now and then without any: a service that restarts,
    or takes another bundle, is not this bundle's until it has scored the golden pairs.

    Attributes:
        endpoints: the services and their circuits.
        texts: hands them texts; ``None``: they take rows of tokens alone.
        states: always ``None``: what is kept of texts, the services keep.
    """

    states = None

    def __init__(
        self,
        endpoints: Sequence[str],
        bundle: Bundle,
        *,
        timeout_s: Optional[float],
        connections: int = 1,
        admit: Optional[Callable[[Engine], str]] = None,
        texts_of: Optional[tuple[PairEncoder, int]] = None,
    ) -> None:
        """Bind the services; nothing connects before the first :meth:`open`.

        Args:
            endpoints: ``host:port`` of each, all of which serve ``bundle``.
            bundle: whose names of tensors, and whose scores.
            timeout_s: longest a batch may take; ``None`` is LONGEST_CALL_S.
            connections: batches under way at each service.
            admit: scores the golden pairs by an engine that asks one service, and tells what was
                checked; raises BundleError for other scores. ``None`` takes any that answers a row.
            texts_of: the services are handed texts, of which this encoder makes the same rows, so
                many tokens of them at most; ``None``: they are not.

        Raises:
            ConfigError: no endpoint, or one is not ``host:port``.
        """
        self.endpoints = Endpoints(endpoints)
        self._bundle = bundle
        self._timeout_s = LONGEST_CALL_S if timeout_s is None else timeout_s
        self._connections = connections
        self._admit = admit or self._answers
        self._texts_of = texts_of
        self.texts: Optional[RemoteTexts] = None
        if texts_of is not None:
            self.texts = RemoteTexts(bundle, self.endpoints, self._timeout_s, texts_of[1])
        self._open = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many connections to use side by side."""
        return self._connections * len(self.endpoints.all)

    @property
    def summary(self) -> str:
        """Who computes and what was checked; known once the first open() has returned."""
        return f"remote, {self.endpoints}"

    @property
    def problem(self) -> str:
        """Why nothing can be computed now; empty when a service may be asked."""
        if any(endpoint.breaker.closed for endpoint in self.endpoints.all):
            return ""
        states = "; ".join(f"{one.address}: {one.state}" for one in self.endpoints.all)
        return f"no tensor service answers ({states})"

    def open(self) -> RemoteEngine:
        """Open a connection; the first call probes every service, and starts watching them.

        Raises:
            BundleError: those that answer score differently than the bundle at export.
            SetUpError: none answers.
        """
        with self._lock:
            if self._open == 0:
                self._begin()
            self._open += 1
        return RemoteEngine(self._bundle, self.endpoints, self._timeout_s, self._closed)

    def _begin(self) -> None:
        refused: Optional[BundleError] = None
        for endpoint in self.endpoints.all:
            refused = self._probe(endpoint) or refused
        if not self.endpoints.in_order():
            raise refused or SetUpError(
                f"no tensor service answers ({self.endpoints}); start one, or name others",
                field="server_endpoints",
            )
        self._stop = threading.Event()
        for endpoint in self.endpoints.all:
            name = f"watch-{endpoint.address}"
            arguments = (endpoint, self._stop)
            threading.Thread(target=self._watch, args=arguments, name=name, daemon=True).start()

    def _watch(self, endpoint: Endpoint, stop: threading.Event) -> None:
        """Probe it whenever its cool-down is over, and every RECHECK_S anyway."""
        looked = time.monotonic()
        while not stop.wait(COOL_DOWN_S / 4):
            if endpoint.breaker.closed and time.monotonic() - looked > _LISTENS_EVERY_S:
                # without requests nobody else would notice that it has gone
                looked = time.monotonic()
                _look_whether_it_listens(endpoint)
            stale = time.monotonic() - endpoint.checked_at > RECHECK_S
            if endpoint.breaker.begin_probe() or (endpoint.breaker.closed and stale):
                self._probe(endpoint)

    def _probe(self, endpoint: Endpoint) -> Optional[BundleError]:
        """Let it in or leave it out; returns the error of another bundle."""
        engine = RemoteEngine(self._bundle, Only(endpoint), _PROBE_TIMEOUT_S)
        try:
            checked = self._admit(engine)
            self._check_texts(endpoint)
            endpoint.passed(checked)
        except BundleError as error:
            endpoint.rejected(str(error))
            return BundleError(str(error), field=f"tensor service {endpoint.address}")
        except Exception as error:
            if isinstance(error, Overloaded) and endpoint.breaker.closed:
                # too busy for a check is not down
                endpoint.checked_at = time.monotonic()
            else:
                endpoint.rejected(str(error))
        finally:
            engine.close()
        return None

    def _check_texts(self, endpoint: Endpoint) -> None:
        if self._texts_of is None:
            return
        encoder, max_tokens = self._texts_of
        texts = RemoteTexts(self._bundle, Only(endpoint), _PROBE_TIMEOUT_S, max_tokens)
        with contextlib.closing(texts):
            check_texts(encoder, texts)

    def _answers(self, engine: Engine) -> str:
        """The probe of a bundle without golden pairs: one row."""
        row = np.array(_SHORTEST_ROW, dtype=np.int64)
        engine.run({INPUT_IDS: row, TOKEN_TYPE_IDS: np.zeros_like(row)})
        return "answers; no golden pairs"

    def _closed(self) -> None:
        with self._lock:
            self._open -= 1
            if self._open == 0:
                self._stop.set()


def _look_whether_it_listens(endpoint: Endpoint) -> None:
    host, _, port = endpoint.address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _LISTENS_TIMEOUT_S):
            pass
    except OSError as error:
        endpoint.failed(f"no connection ({error.strerror or error})")
