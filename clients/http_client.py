# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks documents over HTTP: texts in, results out, by ``POST /<service>/prediction``.

As a command it prints tables or JSON, see ``python -m clients.http_client --help``; applications
import ``HttpRankerClient``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote, urlsplit

import httpx

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from clients import ranker_command
from clients.errors import Unreachable, UnreadableAnswer, rebuild
from clients.http_post import connections, post
from clients.pipeline_wire import joined
from clients.ranker_client import DEFAULT_SERVICE, DEFAULT_TIMEOUT_S, RankerClient
from contract.errors import DeadlineExceeded, InvalidField, RankingError

DEFAULT_URL = "http://127.0.0.1:8088"
# below the 5 s after which the service closes an idle connection, so that none is reused as it dies
_IDLE_S = 4.0


class HttpRankerClient(RankerClient):
    """Calls the service's HTTP port; connections are kept and shared by all threads."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        service: str = DEFAULT_SERVICE,
    ) -> None:
        """Prepare a pool; nothing connects before the first call.

        Args:
            base_url: ``http://host:port`` of the service's ``http_port``.
            timeout_s: longest a call may take, connecting included.
            service: ``ranker``, ``ernie`` or ``rocketqa``.

        Raises:
            InvalidField: ``base_url`` is not an http or https URL.
        """
        super().__init__(timeout_s, service)
        self.base_url = _checked_url(base_url)
        self._client = connections(_IDLE_S)

    def _exchange(self, fields: Mapping[str, str], log_id: int, service: str) -> dict[str, str]:
        body = {"key": list(fields), "value": list(fields.values()), "logid": log_id}
        try:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidField(
                "a text holds a lone surrogate; send well-formed Unicode",
                field="query or documents",
            ) from error
        try:
            headers = {"Content-Type": "application/json"}
            url = f"{self.base_url}/{quote(service, safe='')}/prediction"
            answer = post(self._client, url, content, headers, self.timeout_s)
        except httpx.TimeoutException as error:
            raise self._too_late() from error
        except httpx.HTTPError as error:
            raise Unreachable(
                f"no connection ({error}); is the service running, and is this its http_port?",
                field=self.base_url,
            ) from error
        return self._read(answer.status, answer.body)

    def _read(self, status: int, data: bytes) -> dict[str, str]:
        try:
            answer: Any = json.loads(data)
            err_no = answer["err_no"]
            keys, values = answer["key"], answer["value"]
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            start = data[:80].decode("utf-8", errors="replace")
            raise UnreadableAnswer(
                f"HTTP {status} with a body that is not this service's JSON ({start!r}...); "
                "is this its http_port?",
                field=self.base_url,
            ) from error
        if err_no != 0:
            raise rebuild(err_no, str(answer.get("err_msg", "")), http_status=status)
        return joined(keys, values)

    def _too_late(self) -> RankingError:
        return DeadlineExceeded(
            f"no answer within {self.timeout_s:g} s; send fewer documents or allow more time",
            field=self.base_url,
        )

    def close(self) -> None:
        """Close the pool."""
        self._client.close()


def _checked_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or base_url != "".join(base_url.split()):
        raise InvalidField(
            f"must be like {DEFAULT_URL}, got {base_url!r}; name scheme and host", field="url"
        )
    return base_url.rstrip("/")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = ranker_command.parser("python -m clients.http_client", "HTTP")
    parser.add_argument(
        "--url", default=DEFAULT_URL, help="base URL of the service, without a path [%(default)s]"
    )
    return ranker_command.run(
        parser, argv, lambda args: HttpRankerClient(args.url, args.timeout, args.service)
    )


if __name__ == "__main__":
    sys.exit(main())
