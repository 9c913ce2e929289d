# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranking request and its answer, and their strict codec on the Paddle Serving wire.

A request comes as string keys and string values (RPC, and the gateway's HTTP body). Two shapes:

* upstream's: keys ``"0"``, ``"1"``, ...; each value an object with ``query`` and ``title``, as JSON
  or as ``str(dict)`` of Python. Scores come back in input order.
* the fuller one: ``query``, ``documents``, and optionally ``top_n``, ``return_documents``,
  ``ranker``, ``request_id``. Each value is JSON; ``query``, ``ranker`` and ``request_id`` may
  be plain text.

Validated once, at the door: what leaves this module is within the limits.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from contract.bundle import RANKERS
from contract.errors import InvalidField, MalformedRequest, RequestTooLarge

BOTH = "both"
RANKER_CHOICES = (*RANKERS, BOTH)

_FIELDS = ("query", "documents", "top_n", "return_documents", "ranker", "request_id")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_STRING = r"""(?:'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")"""
_FLAT_LITERAL = re.compile(
    rf"\{{\s*{_STRING}\s*:\s*{_STRING}\s*(?:,\s*{_STRING}\s*:\s*{_STRING}\s*)*,?\s*\}}"
    rf"|\[\s*{_STRING}\s*(?:,\s*{_STRING}\s*)*,?\s*\]"
)
_NUMPY_LIST = re.compile(r"\s*array\((\[.*\]),\s*dtype='[<>=|]U\d+'\)\s*", re.DOTALL)
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
        ranker: ``pairwise``, ``cross_encoder``, ``both``, or ``None`` for the service's default.
        top_n: keep only the best; ``None`` keeps all.
        return_documents: put the texts into the results.
        request_id: the caller's, or empty.
    """

    pairs: tuple[tuple[str, str], ...]
    ranker: Optional[str] = None
    top_n: Optional[int] = None
    return_documents: bool = False
    request_id: str = ""

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
        unknown = [key for key in fields if key not in _FIELDS]
        if unknown:
            raise InvalidField(f"unknown; known are {', '.join(_FIELDS)}", field=unknown[0])
        plain = ("query", "ranker", "request_id")
        decoded = {k: v if k in plain else _decode(v, k) for k, v in fields.items()}
        return cls.from_fields(decoded, limits)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], limits: Limits) -> RankRequest:
        """Check decoded fields of the fuller shape, such as a JSON object's.

        Raises:
            RequestError: which field, and what is wrong with it.
        """
        unknown = [key for key in fields if key not in _FIELDS]
        if unknown:
            raise InvalidField(f"unknown; known are {', '.join(_FIELDS)}", field=unknown[0])
        for key in ("query", "documents"):
            if key not in fields:
                raise InvalidField("missing", field=key)
        query = _check_text(fields["query"], "query", limits.max_query_chars)
        documents = fields["documents"]
        if not isinstance(documents, (list, tuple)):
            raise InvalidField("must be a list of strings", field="documents")
        _check_count(len(documents), "documents", limits)
        pairs = tuple(
            (query, _check_text(d, f"documents[{i}]", limits.max_document_chars, empty=True))
            for i, d in enumerate(documents)
        )
        return cls(
            pairs,
            ranker=_check_ranker(fields.get("ranker")),
            top_n=_check_top_n(fields.get("top_n")),
            return_documents=_check_bool(fields.get("return_documents"), "return_documents"),
            request_id=_check_request_id(fields.get("request_id")),
        )

    @classmethod
    def _from_pairs(cls, fields: Mapping[str, str], limits: Limits) -> RankRequest:
        """Upstream's shape; options of the fuller shape may stand beside the numbers."""
        numbers = {key for key in fields if key.isdecimal()}
        _check_count(len(numbers), "key", limits)
        if numbers != {str(i) for i in range(len(numbers))}:
            raise MalformedRequest(
                f'keys must be "0" to "{len(numbers) - 1}", each once', field="key"
            )
        options = {key: value for key, value in fields.items() if key not in numbers}
        for key in options:
            if key not in ("top_n", "return_documents", "ranker", "request_id"):
                raise InvalidField("does not go with numbered pairs", field=key)
        plain = ("ranker", "request_id")
        decoded = {k: v if k in plain else _decode(v, k) for k, v in options.items()}
        return cls(
            tuple(_pair(fields[str(i)], str(i), limits) for i in range(len(numbers))),
            ranker=_check_ranker(decoded.get("ranker")),
            top_n=_check_top_n(decoded.get("top_n")),
            return_documents=_check_bool(decoded.get("return_documents"), "return_documents"),
            request_id=_check_request_id(decoded.get("request_id")),
        )


@dataclass(frozen=True)
class Ranking:
    """One ranker's answer.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        bundle: version of the bundle that scored.
        scores: one per pair, in input order, in [0, 1].
        order: indices from best to worst, cut to ``top_n``.
    """

    ranker: str
    bundle: str
    scores: tuple[float, ...]
    order: tuple[int, ...]


@dataclass(frozen=True)
class RankResponse:
    """The answer to a request.

    Attributes:
        rankings: one, or two when the request asked for ``both``; the default ranker's first.
        documents: texts in input order when asked for, else ``None``.
        request_id: the request's.
        tokens: tokens scored, special tokens included, over all rankings.
        truncated: indices of pairs whose text was cut.
        timings_ms: where the time went: ``tokenize``, ``queue``, ``compute``.
    """

    rankings: tuple[Ranking, ...]
    documents: Optional[tuple[str, ...]] = None
    request_id: str = ""
    tokens: int = 0
    truncated: tuple[int, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    def to_wire(self) -> dict[str, str]:
        """String keys and values; ``predict`` comes first, as existing clients read ``value[0]``.

        ``predict`` holds the scores in input order, nested one by one for the pair-wise ranker
        and flat for the cross-encoder, as upstream's two services shape them.
        """
        first = self.rankings[0]
        nested = first.ranker == RANKERS[0]
        wire = {
            "predict": json.dumps([[s] for s in first.scores] if nested else list(first.scores)),
            "results": self._dump(self._results(first)),
            "ranker": first.ranker if len(self.rankings) == 1 else BOTH,
            "bundle": first.bundle,
            "request_id": self.request_id,
            "usage": self._dump({"tokens": self.tokens, "truncated": list(self.truncated)}),
            "timings_ms": self._dump({k: round(v, 3) for k, v in self.timings_ms.items()}),
        }
        if len(self.rankings) > 1:
            wire["rankings"] = self._dump(
                {
                    ranking.ranker: {
                        "bundle": ranking.bundle,
                        "scores": list(ranking.scores),
                        "order": list(ranking.order),
                    }
                    for ranking in self.rankings
                }
            )
        return wire

    def _results(self, ranking: Ranking) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for index in ranking.order:
            result: dict[str, Any] = {"index": index, "score": ranking.scores[index]}
            if self.documents is not None:
                result["document"] = self.documents[index]
            results.append(result)
        return results

    @staticmethod
    def _dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)


def _decode(text: str, name: str) -> Any:
    """JSON, or else the Python literals that existing clients send.

    These are ``str(dict)`` of upstream's ranking clients and ``repr(numpy.array(list))``, which
    PipelineClient makes of a list. Only strings in one dict or list are taken: ``literal_eval`` of
    arbitrary text such as ``1+1+1...`` overflows the C stack and ends the process.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        pass
    array = _NUMPY_LIST.fullmatch(text)
    literal = array.group(1) if array else text.strip()
    if literal in ("True", "False", "None"):
        return ast.literal_eval(literal)
    if _FLAT_LITERAL.fullmatch(literal):
        try:
            return ast.literal_eval(literal)
        except (ValueError, SyntaxError) as error:
            raise MalformedRequest(
                f"not a Python literal ({error}); send JSON", field=name
            ) from error
    raise MalformedRequest("neither JSON nor a Python literal of strings; send JSON", field=name)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _pair(text: str, name: str, limits: Limits) -> tuple[str, str]:
    pair = _decode(text, name)
    if not isinstance(pair, dict):
        raise MalformedRequest("must be an object with query and title", field=name)
    for key in ("query", "title"):
        if key not in pair:
            raise InvalidField("missing", field=f"{name}.{key}")
    return (
        _check_text(pair["query"], f"{name}.query", limits.max_query_chars),
        _check_text(pair["title"], f"{name}.title", limits.max_document_chars, empty=True),
    )


def _check_text(value: Any, name: str, limit: int, *, empty: bool = False) -> str:
    """An empty title is scored like any other; a ranking without a query means nothing."""
    if not isinstance(value, str):
        raise InvalidField(f"must be a string, got {type(value).__name__}", field=name)
    if len(value) > limit:
        raise RequestTooLarge(f"{len(value)} characters, at most {limit} allowed", field=name)
    if not empty and not value.strip():
        raise InvalidField("must not be empty", field=name)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(
            "holds a lone surrogate; send well-formed Unicode", field=name
        ) from error
    return value


def _check_count(count: int, name: str, limits: Limits) -> None:
    if count == 0:
        raise InvalidField("must hold at least one document", field=name)
    if count > limits.max_documents:
        raise RequestTooLarge(
            f"{count} documents, at most {limits.max_documents} allowed", field=name
        )


def _check_ranker(value: Any) -> Optional[str]:
    if value is None:
        return None
    if value not in RANKER_CHOICES:
        raise InvalidField(
            f"must be one of {', '.join(RANKER_CHOICES)}, got {value!r}", field="ranker"
        )
    return str(value)


def _check_top_n(value: Any) -> Optional[int]:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidField(f"must be a whole number of at least 1, got {value!r}", field="top_n")
    return int(value)


def _check_bool(value: Any, name: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidField(f"must be true or false, got {value!r}", field=name)
    return value


def _check_request_id(value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _REQUEST_ID.fullmatch(value):
        raise InvalidField("must be 1 to 128 printable ASCII characters", field="request_id")
    return value


def wire_fields(keys: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """Join the two parallel lists of the wire.

    Raises:
        MalformedRequest: lengths differ or a key stands twice.
    """
    if len(keys) != len(values):
        raise MalformedRequest(f"{len(keys)} keys but {len(values)} values", field="value")
    fields = dict(zip(keys, values))
    if len(fields) != len(keys):
        repeated = next(key for key in keys if list(keys).count(key) > 1)
        raise MalformedRequest("the key stands twice", field=repeated)
    return fields
