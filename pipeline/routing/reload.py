# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches config_nlp.yml and changes the router's plan when its experiments change.

A file that cannot be read, or experiments that cannot be, are refused and logged, and what ran goes
on. Keys outside of experiments need a restart.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Callable, Optional

from contract.errors import ConfigError
from pipeline.routing.plan import Plan, Served, make_plan
from pipeline.routing.router import Router
from pipeline.settings.service import ServiceConfig, load_config

_LOGGER = logging.getLogger(__name__)
_POLL_S = 0.5


def first_plan(config: ServiceConfig, served: Served) -> Plan:
    """The plan that the service starts with.

    Raises:
        ConfigError: an experiment cannot be.
    """
    return make_plan(config.experiments, config.holdout, served, config.rankers[0])


def follow_file(config: ServiceConfig, served: Served, router: Router) -> None:
    """Have the router follow the file from now on, in a thread; processes are forked before that.

    Args:
        config: that the router's plan was made of.
        served: versions of bundles, by ranker.
        router: to be changed.
    """
    watcher = Watcher(config, served, router)
    router.follow(watcher.look)
    watcher.start(time.sleep)


class Watcher:
    """Looks at the file again and again, in a thread of its own."""

    def __init__(self, config: ServiceConfig, served: Served, router: Router) -> None:
        """Bind the router and what it began with; :meth:`start` begins to look."""
        self._config = config
        self._served = served
        self._router = router
        self._looking = threading.Lock()
        # the file may have changed since it was read: it is read again at the first look
        self._seen: Optional[tuple[int, int, int]] = (0, 0, 0)

    def start(self, every: Callable[[float], None]) -> None:
        """Look every half second for ever; ``every`` sleeps."""
        thread = threading.Thread(
            target=self._run, args=(every,), name="experiments-reload", daemon=True
        )
        thread.start()

    def _run(self, sleep: Callable[[float], None]) -> None:
        while True:
            sleep(_POLL_S)
            self.look()

    def look(self) -> bool:
        """Take over what has changed; whether the plan did.

        May be called by any thread, also by that of a request: never raises.
        """
        with self._looking:
            try:
                return self._look()
            except Exception as error:
                # whatever a file may hold, the next one is looked at
                _LOGGER.error("experiments: the change failed with %s", type(error).__name__)
                return False

    def _look(self) -> bool:
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            config = load_config(self._config.path)
            plan = first_plan(config, self._served)
        except ConfigError as error:
            _LOGGER.error("experiments: the change is refused, the old ones go on: %s", error)
            return False
        if self._needs_restart(config):
            _LOGGER.warning("experiments: other keys have changed too; they need a restart")
        now = (config.experiments, config.holdout)
        if now == (self._config.experiments, self._config.holdout):
            return False
        self._config = config
        self._router.change(plan)
        names = ", ".join(e.name for e in plan.experiments) or "none"
        _LOGGER.info("experiments: changed; now: %s", names)
        return True

    def _needs_restart(self, config: ServiceConfig) -> bool:
        held = {"experiments": self._config.experiments, "holdout": self._config.holdout}
        return replace(config, **held) != self._config  # type: ignore[arg-type]

    def _stamp(self) -> Optional[tuple[int, int, int]]:
        """What changes when the file does; an editor may replace it, or be writing it just now."""
        try:
            status = self._config.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
