# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Who calls, by API key, and whether they may now: rates and quotas.

Keys are known by their SHA-256 only. Rates are token buckets, quotas are counted from midnight to
midnight, UTC; both are this process's own and begin anew with it.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Mapping
from typing import Optional

from contract.errors import OverLimit, RequestTooLarge, Unauthorized
from pipeline.settings.http import ApiKeyConfig, HttpConfig

_DAY_S = 86_400


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

    def __init__(self, config: HttpConfig) -> None:
        """Bind what is configured."""
        self._accounts = {one.sha256: Account(one) for one in config.api_keys}
        self.asked = bool(self._accounts)

    def find(self, headers: Mapping[str, str]) -> Optional[Account]:
        """The caller's account, by ``Authorization: Bearer KEY`` or ``x-api-key``.

        Counts nothing; ``None`` when no key is asked for.

        Raises:
            Unauthorized: there are keys, and this is none of them.
        """
        if not self._accounts:
            return None
        presented = headers.get("x-api-key", "")
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            presented = bearer.strip()
        account = self._account_of(presented)
        if account is None:
            raise Unauthorized(
                "missing or unknown; send Authorization: Bearer with your key", field="api key"
            )
        return account

    def _account_of(self, presented: str) -> Optional[Account]:
        """Compare with all, each in the same time, so that the time tells nothing."""
        # headers are bytes, which the server reads as Latin-1
        digest = hashlib.sha256(presented.encode("latin-1")).hexdigest()
        found = None
        for known, account in self._accounts.items():
            if hmac.compare_digest(known, digest):
                found = account
        return found
