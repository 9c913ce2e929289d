# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps pages of other origins from using the browser of who can reach this service.

Any page can make its reader's browser POST here, and, by a name of its own that it lets point here
(DNS rebinding), read the answers. Keys stop both, since no page has one; without keys it is stopped
by what browsers say of a request and no page can change: ``Origin``, ``Sec-Fetch-Site``, ``Host``.
Other programs are not asked for any of them. See docs/decisions/browsers.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Optional
from urllib.parse import urlsplit

from contract.errors import Forbidden, RankingError, UnsupportedMedia
from pipeline.edges.http.layers.every_answer import send_error

_HOST, _ORIGIN, _SITE, _REFERER = b"host", b"origin", b"sec-fetch-site", b"referer"
_AGENT, _FORWARDED, _TYPE = b"user-agent", b"x-forwarded-host", b"content-type"
_READ = frozenset((_HOST, _ORIGIN, _SITE, _REFERER, _AGENT, _FORWARDED, _TYPE))
# names below these are nobody's to buy: reserved, or never delegated
_PRIVATE = (
    "localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "svc", "test",
)  # fmt: skip
# what browsers of operators ask for by any name; nothing is told there that could be of use
_OPEN = frozenset(("/health", "/ready", "/v2/health/live", "/v2/health/ready"))
# of another origin a browser sends these only after it has asked (CORS)
_TYPES = ("application/json", "application/octet-stream")
_PORTS = {"http": 80, "https": 443}

Sent = Mapping[bytes, str]


class Browsers:
    """The layer; within it there are only requests that may be answered."""

    def __init__(
        self, app: Any, origins: Iterable[str], hosts: Iterable[str], *, keys: bool
    ) -> None:
        """Bind the app inside.

        Args:
            app: the routes, or a layer around them.
            origins: whose pages may call; ``*`` is all.
            hosts: names of this service; none: by default.
            keys: whether a key is asked for.
        """
        self._app = app
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._hosts = tuple(host.lower().rstrip(".") for host in hosts)
        self._guarded = not keys and "*" not in self._origins

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one request, or refuse it."""
        error = self._refusal(scope) if self._guarded or self._hosts else None
        if error is not None:
            await send_error(send, error)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Any) -> Optional[RankingError]:
        sent = {n: value.decode("latin-1") for n, value in scope["headers"] if n in _READ}
        name = _name(sent.get(_HOST, ""))
        if self._hosts and name and not self._is_named(name):
            return Forbidden(
                f"{name!r:.80} is no name of this service; http.allowed_hosts lists them",
                field="host",
            )
        if not self._guarded or not _from_browser(sent):
            return None
        if sent.get(_ORIGIN, "").lower() in self._origins:
            return _type_refusal(scope, sent)
        if not self._hosts and not _is_private(name) and scope["path"] not in _OPEN:
            return Forbidden(
                f"a browser may ask this service by the name {name!r:.80} only when "
                "http.allowed_hosts lists it, or with http.api_keys",
                field="host",
            )
        if scope["method"] == "POST" and not _same_origin(sent):
            return Forbidden(
                "a page of another origin may call only when http.cors_origins lists its origin",
                field="origin",
            )
        return _type_refusal(scope, sent)

    def _is_named(self, name: str) -> bool:
        return (
            _is_address(name)
            or name == "localhost"
            or any(
                host in ("*", name) or (host.startswith("*.") and name.endswith(host[1:]))
                for host in self._hosts
            )
        )


def _from_browser(sent: Sent) -> bool:
    """Node's fetch sends Sec-Fetch-Mode too, so that tells nothing."""
    return (
        _ORIGIN in sent or _SITE in sent or _REFERER in sent or "Mozilla/" in sent.get(_AGENT, "")
    )


def _same_origin(sent: Sent) -> bool:
    """Whether the page is this service's own, behind a proxy that renames it too.

    Browsers say so by Sec-Fetch-Site, but not to http:// and a name. Then the page's host has to be
    the one asked for, which a proxy puts into X-Forwarded-Host: another page could set that header
    only with the leave of CORS.
    """
    site = sent.get(_SITE)
    if site is not None:
        return site in ("same-origin", "none")
    page = sent.get(_ORIGIN) or sent.get(_REFERER)
    if page is None:
        return True
    own = (sent.get(_HOST, ""), sent.get(_FORWARDED, "").split(",")[0].strip())
    return any(_is_page_of(page, host) for host in own if host)


def _is_page_of(page: str, host: str) -> bool:
    try:
        origin, asked = urlsplit(page), urlsplit(f"//{host}")
        port = origin.port or _PORTS.get(origin.scheme)
        # a proxy may leave the port out
        return origin.hostname == asked.hostname and asked.port in (None, port)
    except ValueError:
        return False


def _type_refusal(scope: Any, sent: Sent) -> Optional[RankingError]:
    """A body of JSON that a page sends is named so; text/plain needs no leave of CORS."""
    if scope["method"] != "POST" or (_ORIGIN not in sent and _SITE not in sent):
        return None
    kind = sent.get(_TYPE, "").partition(";")[0].strip().lower()
    if kind in _TYPES or (kind.startswith("application/") and kind.endswith("+json")):
        return None
    return UnsupportedMedia(
        f"a page has to send application/json, got {kind or 'none'!r:.80}", field="content-type"
    )


def _name(host: str) -> str:
    """Without the port, lower case; empty where there is none, as HTTP/1.0 allows."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return host.lower()


def _is_private(name: str) -> bool:
    """Whether no stranger can let this name point here."""
    labels = name.split(".")
    ends = (".".join(labels[-1:]), ".".join(labels[-2:]))
    return not name or len(labels) == 1 or _is_address(name) or any(e in _PRIVATE for e in ends)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
