# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Who calls, by API key, and whether they may now: rates and quotas.

Both edges ask here. Keys are known by their SHA-256 only. Rates are token buckets, quotas are
counted from midnight to midnight, UTC; both are this process's own and begin anew with it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable, Optional

from contract.errors import ConfigError, OverLimit, RequestTooLarge, Unauthorized
from pipeline.door.wrong_keys import WrongKeys
from pipeline.settings.http import ApiKeyConfig, HttpConfig

Resolve = Callable[[str], Path]
_DAY_S = 86_400
_REMEDY = "missing or unknown; send Authorization: Bearer with your key"


def _nobody() -> None:
    """Is told, and does nothing."""


class Account:
    """What one key has used, and may use."""

    def __init__(self, config: ApiKeyConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._tokens = float(config.requests_per_minute or 0)
        self._filled_at = time.monotonic()
        self._day = -1
        self._documents = 0
        self._in_work = 0

    def take_request(self) -> None:
        """Count one request.

        Raises:
            OverLimit: the key has sent its share; says when the next may come.
        """
        rate = self.config.requests_per_minute
        if rate is None:
            return
        with self._lock:
            now = time.monotonic()
            grown = (now - self._filled_at) * rate / 60.0
            self._tokens, self._filled_at = min(float(rate), self._tokens + grown), now
            if self._tokens < 1.0:
                raise OverLimit(
                    f"the key {self.config.name} may send {rate} requests a minute",
                    retry_after_s=(1.0 - self._tokens) * 60.0 / rate,
                )
            self._tokens -= 1.0

    def take_documents(self, count: int) -> None:
        """Count the documents of one request.

        Raises:
            RequestTooLarge: they do not fit into any day.
            OverLimit: they do not fit into what is left of today.
        """
        most = self.config.documents_per_day
        if most is None:
            return
        if count > most:
            raise RequestTooLarge(
                f"{count} documents, and the key {self.config.name} may have {most} ranked a day "
                "(documents_per_day); send fewer at once",
                field="documents",
            )
        with self._lock:
            now = time.time()
            day = int(now // _DAY_S)
            if day != self._day:
                self._day, self._documents = day, 0
            if self._documents + count > most:
                raise OverLimit(
                    f"the key {self.config.name} may have {most} documents ranked a day, and "
                    f"{most - self._documents} are left of today",
                    retry_after_s=(day + 1) * _DAY_S - now,
                )
            self._documents += count

    def take_place(self) -> None:
        """Count one request in work; :meth:`give_back` must follow.

        Raises:
            OverLimit: as many of the key as may be are in work.
        """
        most = self.config.max_in_flight
        with self._lock:
            if most is not None and self._in_work >= most:
                raise OverLimit(f"the key {self.config.name} has {most} requests in work already")
            self._in_work += 1

    def give_back(self) -> None:
        """Count one request out of work."""
        with self._lock:
            self._in_work -= 1


class ApiKeys:
    """All keys; safe between threads.

    Attributes:
        asked: whether a key is asked for.
    """

    def __init__(
        self, config: HttpConfig, resolve: Resolve = Path, count: Callable[[], None] = _nobody
    ) -> None:
        """Bind what is configured.

        Args:
            config: has the keys.
            resolve: makes paths of those in the configuration.
            count: is told of each wrong key.

        Raises:
            ConfigError: a key cannot be read.
        """
        self._resolve = resolve
        self._wrong = WrongKeys(count)
        self._accounts: dict[str, Account] = {}
        self.asked = False
        self.change(config)

    def change(self, config: HttpConfig) -> None:
        """Take over other keys; who keeps its name keeps what it has used.

        Raises:
            ConfigError: a key cannot be read; those before go on.
        """
        before = {account.config.name: account for account in self._accounts.values()}
        digests = {digest_of(one, self._resolve, f"http.api_keys[{i}]"): one
                   for i, one in enumerate(config.api_keys)}  # fmt: skip
        accounts = {}
        for digest, one in digests.items():
            account = before.get(one.name) or Account(one)
            account.config = one
            accounts[digest] = account
        self._accounts, self.asked = accounts, bool(accounts)

    def find(self, headers: Mapping[str, str], address: str = "") -> Optional[Account]:
        """The caller's account, by ``Authorization: Bearer KEY`` or ``x-api-key``.

        Counts no request; ``None`` when no key is asked for.

        Args:
            headers: of the request, or metadata of the call; names in small letters.
            address: of the caller, without its port.

        Raises:
            Unauthorized: there are keys, and this is none of them.
            OverLimit: too many wrong keys came from there.
        """
        if not self._accounts:
            return None
        presented = headers.get("x-api-key", "")
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            presented = bearer.strip()
        if not presented:
            # nobody guesses by that
            raise Unauthorized(_REMEDY, field="api key")
        account = self._account_of(presented)
        if account is not None:
            if self._wrong.right(address, account.config.name):
                return account
            wait_s = self._wrong.wait_s(address)
        else:
            wait_s = self._wrong.wrong(address)
        if wait_s > 0.0:
            raise OverLimit(
                "too many wrong API keys came from this address; try again later",
                retry_after_s=wait_s,
            )
        raise Unauthorized(_REMEDY, field="api key")

    def _account_of(self, presented: str) -> Optional[Account]:
        """Compare with all, each in the same time, so that the time tells nothing."""
        # headers are bytes, which the server reads as Latin-1
        digest = hashlib.sha256(presented.encode("latin-1", "backslashreplace")).hexdigest()
        found = None
        for known, account in self._accounts.items():
            if hmac.compare_digest(known, digest):
                found = account
        return found


def digest_of(config: ApiKeyConfig, resolve: Resolve, where: str) -> str:
    """The SHA-256 of a key, wherever the key lies.

    Raises:
        ConfigError: it cannot be read, or there is none.
    """
    if config.sha256:
        return config.sha256
    if config.key_env is not None:
        name, key = "key_env", os.environ.get(config.key_env, "").strip()
        if not key:
            raise ConfigError(f"{config.key_env} is not set; set it", field=f"{where}.{name}")
    else:
        name, path = "key_file", resolve(config.key_file or "")
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read {path} ({error})", field=f"{where}.{name}") from error
        if not key:
            raise ConfigError(f"{path} holds no key; write it there", field=f"{where}.{name}")
    return hashlib.sha256(key.encode("utf-8")).hexdigest()
