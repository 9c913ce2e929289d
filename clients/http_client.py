# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks documents over HTTP in Paddle Serving's form, by ``POST /<service>/prediction``.

As a command it prints tables or JSON, see ``python -m clients.http_client --help``; applications
import ``HttpRankerClient``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from clients.command import ranker_options
from clients.command.arguments import KEY_VARIABLE
from clients.ranker.http_calls import key_value_call
from clients.ranker.key_value_client import DEFAULT_SERVICE, KeyValueRankerClient
from clients.transport.http_sender import DEFAULT_URL, HttpSender
from clients.transport.retry import NEVER
from clients.transport.timeouts import DEFAULT_TIMEOUT_S


class HttpRankerClient(KeyValueRankerClient):
    """Calls the service's HTTP port; connections are kept and shared by all threads."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        service: str = DEFAULT_SERVICE,
        *,
        api_key: str = "",
    ) -> None:
        """Prepare a pool; nothing connects before the first call.

        Args:
            base_url: ``http://host:port`` of the service's ``http_port``.
            timeout_s: longest a call may take, connecting included.
            service: ``ranker``, ``ernie`` or ``rocketqa``.
            api_key: sent as ``Authorization: Bearer``; empty sends none.

        Raises:
            InvalidField: ``base_url`` is not an http or https URL, or a key cannot be sent.
        """
        super().__init__(timeout_s, service)
        self._sender = HttpSender(base_url, api_key, NEVER, verify=True)
        self.base_url = self._sender.base_url

    def _exchange(self, fields: Mapping[str, str], log_id: int, service: str) -> dict[str, str]:
        return self._sender.send(key_value_call(fields, log_id, service), self.timeout_s)

    def close(self) -> None:
        """Close the pool."""
        self._sender.close()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = ranker_options.parser("python -m clients.http_client", "HTTP")
    parser.add_argument(
        "--url", default=DEFAULT_URL, help="base URL of the service, without a path [%(default)s]"
    )
    return ranker_options.run(parser, argv, _connect)


def _connect(args: argparse.Namespace) -> HttpRankerClient:
    api_key = os.environ.get(KEY_VARIABLE, "")
    return HttpRankerClient(args.url, args.timeout, args.service, api_key=api_key)


if __name__ == "__main__":
    sys.exit(main())
