# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service names (``ernie``, ``rocketqa``, ``ranker``), and which rankers a request asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from contract.errors import InvalidField, UnknownService
from contract.rankers import CASCADE
from contract.wire.request import BOTH, RANKER_CHOICES
from contract.wire.values import check_choice
from pipeline.settings.service import OP_OF_RANKER

DEFAULT_SERVICE = "ranker"
FEEDBACK_SERVICE = "feedback"
RANKER_HEADER = "x-ranker"
_WRONG_NAME = "Failed to inference: Service name error."


class Services:
    """One service for each ranker that is served, and one for whichever the caller or router names.

    Attributes:
        names: of all.
    """

    def __init__(
        self,
        rankers: Sequence[str],
        named: Optional[Mapping[str, str]] = None,
        *,
        cascade: bool = False,
    ) -> None:
        """Bind the rankers.

        Args:
            rankers: that are served, the default first.
            named: by ranker, the configuration's own name of its op: one more name of the service.
            cascade: whether it may be named in place of a ranker.
        """
        self._rankers = tuple(rankers)
        self._answering = (*rankers, CASCADE) if cascade else self._rankers
        self._of_name = {OP_OF_RANKER[ranker]: ranker for ranker in rankers}
        self._of_name.update({name: ranker for ranker, name in (named or {}).items()})
        self._of_name[DEFAULT_SERVICE] = ""
        self.names = tuple(self._of_name)

    def check(self, name: str) -> None:
        """Refuse what is not served.

        Raises:
            UnknownService: there is no such service.
        """
        if name not in self._of_name:
            raise UnknownService(_WRONG_NAME)

    def asked(self, name: str, ranker: Optional[str], header: str) -> tuple[str, ...]:
        """Which rankers the caller names, the default first; none leaves it to the router.

        Args:
            name: of a service that is served.
            ranker: in the request; wins over the header.
            header: value of ``x-ranker``, or empty.

        Raises:
            InvalidField: the header names no ranker, or one that is not served here, or the
                service answers with another one.
        """
        header_ranker = check_choice(header, RANKER_HEADER, RANKER_CHOICES) if header else None
        asked = ranker or header_ranker
        own = self._of_name[name]
        if own:
            if asked not in (None, own):
                raise InvalidField(
                    f"the service {name} answers with {own} only; ask {DEFAULT_SERVICE}",
                    field="ranker",
                )
            return (own,)
        if asked is None:
            return ()
        if asked == BOTH and len(self._rankers) > 1:
            return self._rankers
        if asked not in self._answering:
            raise InvalidField(
                f"{asked} is not served here; served: {', '.join(self._answering)}", field="ranker"
            )
        return (asked,)
