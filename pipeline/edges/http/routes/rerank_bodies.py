# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the bodies of other re-rankers' clients; .rerank hands one in and gets a Rerank.

Two shapes, told apart by the body. ``documents``: that of Cohere, which Jina, Infinity, vLLM,
Xinference and Voyage share with additions. ``texts``: that of Text Embeddings Inference, whatever
else such a body holds, since every client that sends ``texts`` reads a bare list.

Where those of the first disagree on the answer, a field that only one of them sends decides:
``top_k`` is Voyage's, ``raw_scores`` is Infinity's. A field that is null is as one that is not
there, but for a ``top_k`` beside ``truncation``: so Voyage's client asks for all. One that nothing
here heeds is no mistake: the answer names it among its warnings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract.errors import InvalidField, MalformedRequest
from contract.wire.request import MAX_CHUNKS
from contract.wire.values import check_bool, check_choice, check_text, check_whole
from pipeline.edges.http.routes.rerank_documents import (
    check_returnable,
    read_rank_fields,
    texts_of,
)
from pipeline.edges.http.routes.rerank_shapes import Rerank

# what RankRequest has under the same name
_SAME = frozenset(("query", "request_id", "unit_id", "user_id"))
_COUNTS = frozenset(("top_n", "top_k", "max_tokens_per_doc", "max_chunks_per_doc"))
_COMMON = _SAME | _COUNTS | {"model", "raw_scores", "return_documents"}
DOCUMENTS_FIELDS = _COMMON | {"documents", "rank_fields", "truncation", "return_len"}
TEXTS_FIELDS = _COMMON | {"texts", "truncate", "truncation_direction", "return_text"}
# of those clients; they change no answer, here or there
SILENT_FIELDS = frozenset(("user", "priority"))
# with these values a field asks for nothing; Xinference's client always sends kwargs as "{}"
_NOTHING: tuple[Any, ...] = ("", "{}", [], {})
_NONE: Sequence[int] = ()
_MOST_NAMED = 8
# what Infinity's client calls the model when its user names none
_UNNAMED_MODEL = "default/not-specified"


def shape_of(body: Mapping[str, Any]) -> Rerank:
    """What decides the shape of a refusal, before the rest has been read."""
    bare = _is_bare(body)
    return Rerank("", {}, bare=bare, list_name="data" if _is_voyage(body) else "results")


def _is_bare(body: Mapping[str, Any]) -> bool:
    return body.get("texts") is not None and body.get("documents") is None


def _is_voyage(body: Mapping[str, Any]) -> bool:
    if "top_k" not in body or _is_bare(body):
        return False
    return body["top_k"] is not None or body.get("truncation") is not None


def read_rerank(body: Mapping[str, Any]) -> Rerank:
    """Tell the shape, and read it.

    Raises:
        RequestError: neither shape, or a value that is not acceptable.
    """
    fields = {name: value for name, value in body.items() if value is not None}
    if "texts" in fields and "documents" in fields:
        raise MalformedRequest("send documents or texts, not both", field="texts")
    return _read_texts(fields) if _is_bare(fields) else _read_documents(fields, _is_voyage(body))


def _read_documents(fields: Mapping[str, Any], voyage: bool) -> Rerank:
    asked, lacking = _counts(fields), _NONE
    documents, rank_fields = fields.get("documents"), fields.get("rank_fields")
    if documents is not None:
        named = None if rank_fields is None else read_rank_fields(rank_fields)
        asked["documents"], lacking = texts_of(documents, named)
    plain, with_texts = voyage or "raw_scores" in fields, _flag(fields, "return_documents")
    return Rerank(
        _model(fields),
        asked,
        with_texts=with_texts,
        raw_scores=_flag(fields, "raw_scores"),
        may_cut=_flag(fields, "truncation", True),
        plain_texts=plain,
        given=check_returnable(documents) if with_texts and not plain else (),
        list_name="data" if voyage else "results",
        with_output_tokens=_flag(fields, "return_len"),
        doubts=(*_doubts(fields, DOCUMENTS_FIELDS), *_lacking_doubts(lacking)),
    )


def _read_texts(fields: Mapping[str, Any]) -> Rerank:
    direction = fields.get("truncation_direction", "right")
    if not isinstance(direction, str):
        raise InvalidField("must be Right", field="truncation_direction")
    check_choice(direction.lower(), "truncation_direction", ["right"])
    with_texts = [_flag(fields, name) for name in ("return_text", "return_documents")]
    return Rerank(
        _model(fields),
        {**_counts(fields), "documents": fields["texts"]},
        bare=True,
        with_texts=any(with_texts),
        raw_scores=_flag(fields, "raw_scores"),
        may_cut=_flag(fields, "truncate", True),
        doubts=_doubts(fields, TEXTS_FIELDS),
    )


def _model(fields: Mapping[str, Any]) -> str:
    name = check_text(fields.get("model", ""), "model", 256, empty=True)
    return "" if name == _UNNAMED_MODEL else name


def _counts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What RankRequest takes, but for the documents; clients have further words for: all."""
    asked = {name: fields[name] for name in _SAME | _COUNTS if name in fields}
    if "top_k" in asked:
        if "top_n" in asked:
            raise InvalidField("send top_n or top_k, not both", field="top_k")
        top_k = asked.pop("top_k")
        asked["top_n"] = top_k if _whole(top_k) else check_whole(top_k, "top_k")
    if "top_n" in asked and _whole(asked["top_n"]) and asked["top_n"] < 1:
        del asked["top_n"]
    if asked.get("max_tokens_per_doc") == 0 and _whole(asked["max_tokens_per_doc"]):
        del asked["max_tokens_per_doc"]
    if "max_chunks_per_doc" in asked and _whole(asked["max_chunks_per_doc"]):
        asked["max_chunks_per_doc"] = min(asked["max_chunks_per_doc"], MAX_CHUNKS)
    return asked


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(fields: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """True or false, also as a text: some clients write the word."""
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return check_bool(value, name)


def _doubts(fields: Mapping[str, Any], known: frozenset[str]) -> tuple[str, ...]:
    known |= SILENT_FIELDS
    unheeded = [n for n, value in fields.items() if n not in known and _asks(n, value)]
    if not unheeded:
        return ()
    names = ", ".join(f"{name!r:.40}" for name in unheeded[:_MOST_NAMED])
    more = len(unheeded) - _MOST_NAMED
    return (f"not used: {names}{f' and {more} more' if more > 0 else ''}",)


def _lacking_doubts(lacking: Sequence[int]) -> tuple[str, ...]:
    if not lacking:
        return ()
    shown, more = ", ".join(map(str, lacking[:_MOST_NAMED])), len(lacking) - _MOST_NAMED
    which = f"{shown}{f' and {more} more' if more > 0 else ''}"
    return (f"documents with none of rank_fields, ranked as empty: {which}",)


def _asks(name: str, value: Any) -> bool:
    # 0 is vLLM's word for: no limit
    return value not in _NOTHING and (name, value) != ("max_tokens_per_query", 0)
