# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The sizes of the evidence layer, as they stand in a model's ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Optional

from contract.errors import SetUpError

EVIDENCE = "evidence"

# codes of n-grams have to fit a signed 32-bit integer, which is what OpenVINO computes ids in
LARGEST_CODE = 2**31 - 1
_LARGEST_VOCABULARY = 46340
# and what they are divided by has to leave float32 exact, which it divides in
LARGEST_DIVISOR = 2**22
_ORDERS = (2, 3, 4)


@dataclass(frozen=True)
class EvidenceSettings:
    """Sizes of the tables.

    Attributes:
        phrase_size: numbers in the vector of a token or a phrase.
        phrase_rows: rows of the table of phrases of two, three and four tokens; 0 for no table.
        hidden_size: of the layer that weighs the evidence.
        special_ids: tokens that are no text: they match nothing and end a phrase.
    """

    phrase_size: int
    phrase_rows: tuple[int, int, int]
    hidden_size: int
    special_ids: tuple[int, ...]

    @classmethod
    def of_config(cls, config: Any) -> Optional[EvidenceSettings]:
        """Those of a model's configuration, or ``None`` where it has no evidence.

        Raises:
            SetUpError: a size is missing or makes no sense, or the vocabulary is too large.
        """
        stated = getattr(config, EVIDENCE, None)
        if stated is None:
            return None
        if config.vocab_size > _LARGEST_VOCABULARY:
            raise SetUpError(
                f"evidence takes vocabularies of at most {_LARGEST_VOCABULARY} tokens, this one "
                f"has {config.vocab_size}; leave {EVIDENCE} out of config.json",
                field="model_name_or_path",
            )
        return cls.of_json(stated)

    @classmethod
    def of_json(cls, stated: Mapping[str, Any]) -> EvidenceSettings:
        """Reads what :meth:`to_json` wrote.

        Raises:
            SetUpError: a size is missing or makes no sense.
        """
        try:
            rows = tuple(int(rows) for rows in stated["phrase_rows"])
            special = tuple(int(token) for token in stated["special_ids"])
            size, hidden = int(stated["phrase_size"]), int(stated["hidden_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise SetUpError(
                f"{EVIDENCE} cannot be read ({error!r})", field="config.json"
            ) from error
        if len(rows) == len(_ORDERS) and max(rows) > LARGEST_DIVISOR:
            raise SetUpError(
                f"{EVIDENCE} has phrase_rows of {max(rows)}, more than {LARGEST_DIVISOR}; take "
                "fewer",
                field="config.json",
            )
        if len(rows) != len(_ORDERS) or min(rows) < 0 or rows[0] < 1 or size < 1 or hidden < 1:
            raise SetUpError(
                f"{EVIDENCE} needs phrase_rows for 2, 3 and 4 tokens (the first at least 1), and "
                "a phrase_size and a hidden_size of at least 1",
                field="config.json",
            )
        return cls(size, (rows[0], rows[1], rows[2]), hidden, special)

    def to_json(self) -> dict[str, Any]:
        """As ``config.json`` holds it."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @property
    def orders(self) -> tuple[int, ...]:
        """Lengths of phrases that have a table, in tokens."""
        return tuple(order for order, rows in zip(_ORDERS, self.phrase_rows) if rows)

    def rows(self, order: int) -> int:
        """Rows of the table of phrases of ``order`` tokens."""
        return self.phrase_rows[_ORDERS.index(order)]
