# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches config_nlp.yml and the files of keys and certificates, and has the service follow them.

Experiments change the router's plan; API keys and TLS are followed by who uses them. What cannot be
is refused and logged, and what ran goes on; what cannot be read is tried again. Other keys need a
restart, the default ranker too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Callable, Optional

from contract.errors import ConfigError
from pipeline.process.file_stamps import Stamp, stamp_of
from pipeline.routing.plan import Plan, Served, make_plan
from pipeline.routing.router import Router
from pipeline.settings.service import ServiceConfig, load_config

_LOGGER = logging.getLogger(__name__)
_POLL_S = 0.5
# takes over what has changed; raises ConfigError and goes on as before
Follow = Callable[[ServiceConfig], None]


def first_plan(config: ServiceConfig, served: Served) -> Plan:
    """The plan that the service starts with.

    Raises:
        ConfigError: an experiment cannot be.
    """
    default = config.default_ranker or config.rankers[0]
    return make_plan(config.experiments, config.holdout, served, default)


def follow_file(
    config: ServiceConfig, served: Served, router: Router, followers: Sequence[Follow] = ()
) -> Watcher:
    """Follow the files from now on, in a thread; processes are forked before that.

    Args:
        config: that the router's plan was made of.
        served: by ranker, the versions that experiments may name.
        router: to be changed.
        followers: are told when any of the files has changed.
    """
    watcher = Watcher(config, served, router, followers)
    router.follow(watcher.look)
    watcher.start(time.sleep)
    return watcher


class Watcher:
    """Looks at the files again and again, in a thread of its own."""

    def __init__(
        self,
        config: ServiceConfig,
        served: Served,
        router: Router,
        followers: Sequence[Follow] = (),
    ) -> None:
        """Bind the router and what it began with; :meth:`start` begins to look."""
        self._config = config
        self._served = served
        self._router = router
        self._followers = followers
        self._looking = threading.Lock()
        # a file may have changed since it was read: all are read again at the first look
        self._seen: Optional[tuple[Stamp, ...]] = None
        self._said = ""

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

    def look_anew(self) -> bool:
        """Read all files again, changed or not; whether the plan changed."""
        with self._looking:
            self._seen = None
            self._said = ""
        return self.look()

    def _look(self) -> bool:
        stamps = tuple(stamp_of(path) for path in self._config.followed_files)
        if stamps == self._seen:
            return False
        self._seen = stamps
        try:
            config = load_config(self._config.path)
            # who answers by default may not be served before a restart
            default = self._config.default_ranker
            plan = first_plan(replace(config, default_ranker=default), self._served)
        except ConfigError as error:
            self._refuse("experiments: the change is refused, the old ones go on: %s", error)
            return False
        self._tell_followers(config)
        if self._needs_restart(config):
            _LOGGER.warning("experiments: other keys have changed too; they need a restart")
        now = (config.experiments, config.holdout)
        changed = now != (self._config.experiments, self._config.holdout)
        held = replace(self._config.http, api_keys=config.http.api_keys)
        # what needs a restart is told once; what is followed is that of the file
        self._config = replace(
            self._config, experiments=config.experiments, holdout=config.holdout, http=held
        )
        if not changed:
            return False
        self._router.change(plan)
        names = ", ".join(e.name for e in plan.experiments) or "none"
        _LOGGER.info("experiments: changed; now: %s", names)
        return True

    def _tell_followers(self, config: ServiceConfig) -> None:
        for follow in self._followers:
            try:
                follow(config)
            except ConfigError as error:
                self._refuse("keys and TLS: the change is refused, the old ones go on: %s", error)

    def _refuse(self, what: str, error: ConfigError) -> None:
        """Say it once; what could not be read is read again at the next look."""
        if isinstance(error.__cause__, OSError):
            self._seen = None
        said = what % error
        if said != self._said:
            _LOGGER.error(what, error)
        self._said = said if self._seen is None else ""

    def _needs_restart(self, config: ServiceConfig) -> bool:
        held = {"experiments": self._config.experiments, "holdout": self._config.holdout}
        http = replace(config.http, api_keys=self._config.http.api_keys)
        return replace(config, **held, http=http) != self._config  # type: ignore[arg-type]
