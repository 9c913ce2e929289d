# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranking request: its fields, their checks, its id, and its form on the Paddle Serving wire.

A request comes as string keys and string values (RPC, and the gateway's HTTP body). Two shapes:

* upstream's: keys ``"0"``, ``"1"``, ...; each value an object with ``query`` and ``title``, as JSON
  or as ``str(dict)`` of Python. Scores come back in input order.
* the fuller one: ``query``, ``documents``, and optionally ``top_n``, ``return_documents``,
  ``ranker``, ``request_id``, ``unit_id``, ``user_id``, ``max_tokens_per_doc``,
  ``max_chunks_per_doc``. Each value is JSON; those that are text may be plain text.

A request is validated here once, so what this module returns is within the limits.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Optional

from contract.errors import InvalidField, MalformedRequest
from contract.experiments.assignment import unit_of
from contract.rankers import CASCADE, RANKERS
from contract.wire.token_rows import TokenRows
from contract.wire.values import (
    check_bool,
    check_choice,
    check_count,
    check_request_id,
    check_text,
    check_top_n,
    check_unit,
    check_whole,
    decode,
    first_repeated,
    plain,
)

BOTH = "both"
MAX_CHUNKS = 64
RANKER_CHOICES = (*RANKERS, CASCADE, BOTH)

# options of either shape; those in _PLAIN need not be JSON
_OPTIONS = (
    "top_n",
    "return_documents",
    "ranker",
    "request_id",
    "unit_id",
    "user_id",
    "max_tokens_per_doc",
    "max_chunks_per_doc",
)
# in the order in which they are checked: the first that is wrong is told
_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "ranker": lambda value: check_choice(value, "ranker", RANKER_CHOICES),
    "top_n": check_top_n,
    "return_documents": lambda value: check_bool(value, "return_documents"),
    "request_id": check_request_id,
    "unit_id": lambda value: check_unit(value, "unit_id"),
    "user_id": lambda value: check_unit(value, "user_id"),
    "max_tokens_per_doc": lambda value: check_whole(value, "max_tokens_per_doc"),
    "max_chunks_per_doc": lambda value: check_whole(value, "max_chunks_per_doc", MAX_CHUNKS),
}
FIELDS = ("query", "documents", *_OPTIONS)
_PLAIN = ("query", "ranker", "request_id", "unit_id", "user_id")
# the client asks for the DAG's timeline with this key; the DAG reads it, not the ranker
PROFILE_KEY = "pipeline.profile"


@dataclass(frozen=True)
class Limits:
    """What one request may hold.

    Attributes:
        max_documents: documents, or pairs of upstream's shape.
        max_query_chars: characters of a query.
        max_document_chars: characters of one document.
    """

    max_documents: int = 1000
    max_query_chars: int = 10_000
    max_document_chars: int = 100_000


@dataclass(frozen=True)
class RankRequest:
    """A validated request.

    Attributes:
        pairs: (query, title) in input order; one query for all in the fuller shape.
        ranker: one of :data:`RANKER_CHOICES`, or ``None`` for the service's default.
        top_n: keep only the best; ``None`` keeps all.
        return_documents: put the texts into the results.
        request_id: the caller's, or empty.
        unit_id: what keeps its variant of an experiment, or empty.
        user_id: stands for it when it is empty; else the query does.
        max_tokens_per_doc: most tokens of a title in a row; ``None``: as many as the bundle takes.
        max_chunks_per_doc: most rows of a title; it gets the score of the best.
        tokens: in place of the pairs, when the caller has tokenized; it names its ranker then.
        query_field: how an error names the query of a pair, whose number takes the place of ``{}``.
        numbers: of a request that holds a part of another one's pairs, their numbers there.
    """

    pairs: tuple[tuple[str, str], ...]
    ranker: Optional[str] = None
    top_n: Optional[int] = None
    return_documents: bool = False
    request_id: str = ""
    unit_id: str = ""
    user_id: str = ""
    max_tokens_per_doc: Optional[int] = None
    max_chunks_per_doc: int = 1
    tokens: Optional[TokenRows] = field(default=None, compare=False)
    query_field: str = field(default="query", compare=False)
    numbers: tuple[int, ...] = field(default=(), compare=False)

    def part(self, numbers: Sequence[int]) -> RankRequest:
        """These pairs alone, all of which come back; errors name them by their numbers here."""
        return replace(
            self,
            pairs=tuple(self.pairs[number] for number in numbers),
            top_n=None,
            return_documents=False,
            numbers=tuple(numbers),
        )

    def number(self, pair: int) -> int:
        """Of a pair, as its caller counts them."""
        return self.numbers[pair] if self.numbers else pair

    def query_name(self, pair: int) -> str:
        """How an error names the query of a pair."""
        return self.query_field.format(self.number(pair))

    @property
    def documents(self) -> int:
        """How many are to be scored."""
        return len(self.pairs) if self.tokens is None else len(self.tokens.input_ids)

    @property
    def unit(self) -> str:
        """What keeps its variant; token rows have no query that could."""
        query = self.pairs[0][0] if self.pairs else ""
        return unit_of(self.unit_id, self.user_id, query)

    def identified(self, request_id: str) -> RankRequest:
        """The same with an id: its own, the one given, or else one that is made for it."""
        if self.request_id:
            return self
        return replace(self, request_id=request_id or uuid.uuid4().hex)

    @classmethod
    def from_wire(cls, fields: Mapping[str, str], limits: Limits) -> RankRequest:
        """Decode string keys and values of either shape.

        Raises:
            RequestError: which field, and what is wrong with it.
        """
        fields = {key: value for key, value in fields.items() if key != PROFILE_KEY}
        if not fields:
            raise MalformedRequest("the request has no keys", field="key")
        if any(key.isdecimal() for key in fields):
            return cls._from_pairs(fields, limits)
        unknown = [key for key in fields if key not in FIELDS]
        if unknown:
            raise InvalidField(f"unknown; known are {', '.join(FIELDS)}", field=unknown[0])
        return cls.from_fields(_decoded(fields), limits)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], limits: Limits) -> RankRequest:
        """Check decoded fields of the fuller shape, such as a JSON object's.

        Raises:
            RequestError: which field, and what is wrong with it.
        """
        unknown = [key for key in fields if key not in FIELDS]
        if unknown:
            raise InvalidField(f"unknown; known are {', '.join(FIELDS)}", field=unknown[0])
        for key in ("query", "documents"):
            if key not in fields:
                raise InvalidField("missing", field=key)
        query = check_text(fields["query"], "query", limits.max_query_chars)
        documents = fields["documents"]
        if not isinstance(documents, (list, tuple)):
            raise InvalidField("must be a list of strings", field="documents")
        check_count(len(documents), "documents", limits.max_documents)
        pairs = tuple(
            (query, check_text(d, f"documents[{i}]", limits.max_document_chars, empty=True))
            for i, d in enumerate(documents)
        )
        return cls(pairs, **_options(fields))

    @classmethod
    def _from_pairs(cls, fields: Mapping[str, str], limits: Limits) -> RankRequest:
        """Upstream's shape; options of the fuller shape may stand beside the numbers."""
        numbers = {key for key in fields if key.isdecimal()}
        check_count(len(numbers), "key", limits.max_documents)
        if numbers != {str(i) for i in range(len(numbers))}:
            raise MalformedRequest(
                f'keys must be "0" to "{len(numbers) - 1}", each once', field="key"
            )
        options = {key: value for key, value in fields.items() if key not in numbers}
        for key in options:
            if key not in _OPTIONS:
                raise InvalidField("does not go with numbered pairs", field=key)
        pairs = tuple(_pair(fields[str(i)], str(i), limits) for i in range(len(numbers)))
        return cls(pairs, query_field="{}.query", **_options(_decoded(options)))


def _decoded(fields: Mapping[str, str]) -> dict[str, Any]:
    return {key: (plain if key in _PLAIN else decode)(v, key) for key, v in fields.items()}


def _options(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What both shapes may hold besides the texts; one that is null is as one that is not there."""
    return {
        name: check(fields[name]) for name, check in _CHECKS.items() if fields.get(name) is not None
    }


def _pair(text: str, name: str, limits: Limits) -> tuple[str, str]:
    pair = decode(text, name)
    if not isinstance(pair, dict):
        raise MalformedRequest("must be an object with query and title", field=name)
    for key in ("query", "title"):
        if key not in pair:
            raise InvalidField("missing", field=f"{name}.{key}")
    return (
        check_text(pair["query"], f"{name}.query", limits.max_query_chars),
        check_text(pair["title"], f"{name}.title", limits.max_document_chars, empty=True),
    )


def wire_fields(keys: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """Join the two parallel lists of the wire.

    Raises:
        MalformedRequest: lengths differ or a key stands twice.
    """
    if len(keys) != len(values):
        raise MalformedRequest(f"{len(keys)} keys but {len(values)} values", field="value")
    fields = dict(zip(keys, values))
    if len(fields) != len(keys):
        raise MalformedRequest("the key stands twice", field=first_repeated(keys))
    return fields
