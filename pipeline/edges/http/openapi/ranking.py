# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAPI descriptions of the routes that rank, and of that of feedback.

The fields are those of the readers: contract.wire.request, contract.wire.feedback and
pipeline.edges.http.routes.rerank_shapes; a test holds each table to its reader's.
"""

from __future__ import annotations

from typing import Any

from contract.rankers import BM25, CASCADE, RANKERS
from contract.wire.request import BOTH, FIELDS, MAX_CHUNKS, RANKER_CHOICES
from contract.wire.values import MAX_ID_CHARS
from pipeline.door.services import DEFAULT_SERVICE, FEEDBACK_SERVICE
from pipeline.edges.http.openapi.parts import (
    FIVE_FIELDS,
    ID_HEADER,
    RANKING_HEADERS,
    RANKING_REFUSALS,
    Schema,
    array,
    field,
    operation,
    optional,
    path_value,
    refusals,
    response,
    schema,
)

_TAG = "ranking"
_TEXT = field("string")
_WHOLE = {"minimum": 1}
_ID = optional("string", "Of 1 to 128 printable ASCII characters.", pattern="^[!-~]{0,128}$")
_UNIT = {"minLength": 1, "maxLength": MAX_ID_CHARS}
_OPTIONS: dict[str, Schema] = {
    "query": field("string", "What is looked for.", minLength=1),
    "documents": array(_TEXT, "Texts to rank; scores come back by their index.", minItems=1),
    "top_n": optional("integer", "Keep only the best.", **_WHOLE),
    "return_documents": optional("boolean", "Whether results carry the texts."),
    "ranker": optional("string", "Who ranks.", enum=[*RANKER_CHOICES, None]),
    "request_id": _ID,
    "unit_id": optional("string", "Keeps its variant of an experiment.", **_UNIT),
    "user_id": optional("string", "Stands for unit_id in a body without.", **_UNIT),
    "max_tokens_per_doc": optional("integer", "A longer document is cut there.", **_WHOLE),
    "max_chunks_per_doc": optional(
        "integer",
        "A document over a row's length is divided into as many rows; the best counts.",
        minimum=1,
        maximum=MAX_CHUNKS,
    ),
}
RANK_FIELDS = {name: _OPTIONS[name] for name in FIELDS}
WIRE_FIELDS: dict[str, Schema] = {
    "key": array(_TEXT, '"0", "1", ... for upstream\'s pairs, or names of the fuller fields.'),
    "value": array(_TEXT, "One for each key: {query, title} as JSON, or a field's value."),
    "tensors": {
        "type": ["array", "null"],
        "description": "Further values, as tensors of strings.",
        "items": schema(
            {
                "name": field("string"),
                "elem_type": field("integer", "12: strings."),
                "str_data": {"type": ["array", "null"], "items": _TEXT},
                # of upstream's message; a string has neither
                "shape": {},
                "lod": {},
            }
        ),
    },
    "name": field("string", "Repeats the service of the path."),
    "method": field("string", "Repeats the method of the path."),
    "logid": {"description": "The caller's number of the call, for the log."},
    "clientip": {"description": "Read by no one."},
}
FEEDBACK_FIELDS: dict[str, Schema] = {
    "request_id": field("string", "Of the answer.", pattern="^[!-~]{1,128}$"),
    "clicks": {
        **array(field("integer", minimum=0), "Indices of documents as in the request."),
        "type": ["array", "null"],
    },
    "grades": {
        "type": ["array", "null"],
        "description": "Pairs of a document's index and its relevance.",
        "items": array({"type": "number", "minimum": 0, "maximum": 1e6}, minItems=2, maxItems=2),
    },
}
_DOCUMENT: Schema = {
    "type": ["string", "object"],
    "description": "Of an object the fields of rank_fields are ranked; without: text, else title.",
}
_SILENT = {"description": "Taken; it changes no answer."}
# both shapes of /rerank: a client may write the word in place of the value, or more than there is
_WORD = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"


def _flag(about: str) -> Schema:
    return {"type": ["boolean", "string", "null"], "pattern": _WORD, "description": about}


_CUT = "false: one that does not fit is refused, not cut."
_COMMON_FIELDS: dict[str, Schema] = {
    "model": optional("string", "A ranker, an alias or an experiment; see GET /v1/models."),
    "query": _OPTIONS["query"],
    "top_n": optional("integer", "Keep only the best; 0 and below: all."),
    "top_k": optional("integer", "Voyage's name of top_n; of documents, its answer too."),
    "return_documents": _flag("Whether results carry the documents."),
    "raw_scores": _flag("Logits in place of scores."),
    "max_tokens_per_doc": optional(
        "integer", "A longer one is cut there; 0: as without.", minimum=0
    ),
    "max_chunks_per_doc": optional(
        "integer", f"Rows of a longer one; the best counts. At most {MAX_CHUNKS}.", minimum=1
    ),
    **{name: _OPTIONS[name] for name in ("request_id", "unit_id", "user_id")},
    **dict.fromkeys(("user", "priority"), _SILENT),
}
RERANK_FIELDS: dict[str, Schema] = {
    **_COMMON_FIELDS,
    "documents": array(_DOCUMENT, "Texts, or objects that hold one.", minItems=1),
    "rank_fields": {
        "type": ["array", "null"],
        "description": "Fields of documents that are objects; their values in order, one a line.",
        "items": field("string", minLength=1, maxLength=256),
        "maxItems": 64,
        "uniqueItems": True,
    },
    "truncation": _flag(_CUT),
    "return_len": _flag("Whether meta.tokens has output_tokens, for Xinference's clients."),
}
TEXTS_FIELDS: dict[str, Schema] = {
    **_COMMON_FIELDS,
    "texts": array(_TEXT, "Texts to rank.", minItems=1),
    "truncate": _flag(_CUT),
    "truncation_direction": optional("string", "Right.", pattern="^[Rr][Ii][Gg][Hh][Tt]$"),
    "return_text": _flag("Whether results carry the texts."),
}
_STAGE: dict[str, Schema] = {
    "stage": field("string", "Of a cascade: the ranker that scored it last."),
    "stage_index": field("integer", "The number of that stage, from 0.", minimum=0),
    "stage_score": field("number", "Of that stage; compares within the stage only."),
}
_STAGE_RUN = schema(
    {
        "ranker": field("string", enum=[BM25, *RANKERS]),
        "bundle": field("string", "Of the ranker; BM25 has none."),
        "documents": field("integer", "That it scored.", minimum=0),
        "dropped": field("string", "Code of the error for which it did not score."),
    },
    ["ranker", "documents"],
)
_RESULT = schema(
    {
        "index": field("integer", minimum=0),
        "relevance_score": field("number"),
        "document": {
            "anyOf": [_TEXT, {"type": "object", "required": ["text"]}],
            "description": "As it came; an object in any case, but a text for Voyage and Infinity.",
        },
        "team": field("string", "The variant that drafted it, when orders are interleaved."),
        "team_score": field("number"),
        **_STAGE,
    },
    ["index", "relevance_score"],
)
_COUNT = field("integer", minimum=0)
_RERANK_ANSWER: Schema = {
    **schema(
        {
            "id": _TEXT,
            "model": _TEXT,
            "object": _TEXT,
            "results": array(_RESULT, "Best first."),
            "data": array(_RESULT, "The same, for Voyage's clients."),
            "usage": {
                "type": "object",
                "properties": {
                    "prompt_tokens": _COUNT,
                    "total_tokens": _COUNT,
                    "truncated_documents": _COUNT,
                },
                "required": ["prompt_tokens", "total_tokens"],
            },
            "meta": {"type": "object", "description": "As Cohere's clients read it."},
            "ranker": field("string", enum=[*RANKERS, CASCADE]),
            "bundle": _TEXT,
            "experiment": _TEXT,
            "variant": _TEXT,
            "timings_ms": {"type": "object", "additionalProperties": {"type": "number"}},
            "stages": array(_STAGE_RUN, "Of a cascade: what each stage did, the first one first."),
            "warnings": array(_TEXT),
        },
        ["id", "model", "usage"],
    ),
    "anyOf": [{"required": ["results"]}, {"required": ["data"]}],
    # clients of several makers are served: what one of them reads may be added
    "additionalProperties": True,
}
_TEXTS_ANSWER = array(
    schema(
        {
            "index": field("integer", minimum=0),
            "score": field("number"),
            "text": _TEXT,
            **_STAGE,
        },
        ["index", "score"],
    ),
    "Best first.",
)


_RERANK_PROBLEM: Schema = {
    "type": "object",
    "description": "error is a text for texts and for Voyage's clients, else an object.",
    "properties": {
        "error": {"anyOf": [_TEXT, {"type": "object", "required": ["code", "message", "field"]}]},
        "message": _TEXT,
        "detail": {"anyOf": [_TEXT, array({"type": "object"})]},
        "error_type": _TEXT,
        "code": _TEXT,
        "field": _TEXT,
    },
    "required": ["error", "message"],
    "additionalProperties": False,
}
_ROUTE = {
    name: {"description": about, "schema": {"type": "string"}}
    for name, about in (
        ("x-ranker", "Who ranked."),
        ("x-bundle", "The version of its bundle."),
        ("x-experiment", "Empty without one."),
        ("x-variant", "Empty without one."),
        ("x-warnings", "Of texts alone: what makes the answer doubtful, percent-encoded."),
    )
}


def ranking_schemas() -> dict[str, Schema]:
    """The bodies, by name."""
    return {
        "Rank": schema(RANK_FIELDS, ["query", "documents"], "The fuller shape."),
        "Wire": schema(WIRE_FIELDS, ["key", "value"], "The shape of Paddle Serving's gateway."),
        "Rerank": _lenient(RERANK_FIELDS, "documents", "Cohere, Jina, Infinity, vLLM, Xinference"),
        "RerankTexts": _lenient(TEXTS_FIELDS, "texts", "Text Embeddings Inference"),
        "RerankAnswer": _RERANK_ANSWER,
        "RerankTextsAnswer": _TEXTS_ANSWER,
        "RerankProblem": _RERANK_PROBLEM,
        "Feedback": {
            **schema(FEEDBACK_FIELDS, ["request_id"], "clicks, grades or both."),
            "anyOf": [{"required": ["clicks"]}, {"required": ["grades"]}],
        },
    }


def _lenient(fields: dict[str, Schema], texts: str, makers: str) -> Schema:
    about = f"{makers}. Further fields are not used, and named in the answer's warnings."
    return {**schema(fields, ["query", texts], about), "additionalProperties": True}


def _of(*names: str, among: str = "oneOf") -> Schema:
    return {among: [{"$ref": f"#/components/schemas/{name}"} for name in names]}


def prediction(services: tuple[str, ...], method: str) -> dict[str, Any]:
    """POST /{service}/{method}.

    Args:
        services: names that answer.
        method: the only one.
    """
    answers = {
        "200": response(
            "Scores in predict, in input order; the order, best first, in results.",
            FIVE_FIELDS,
            ID_HEADER,
        ),
        **refusals(RANKING_REFUSALS, FIVE_FIELDS),
    }
    return operation(
        "predict",
        "Rank, as Paddle Serving's gateway does",
        answers,
        tag=_TAG,
        about=f"Also takes feedback under the name {FEEDBACK_SERVICE}, as POST /feedback does. "
        f"{DEFAULT_SERVICE} answers with any ranker, or with {BOTH}.",
        body=_of("Rank", "Wire", "Feedback", among="anyOf"),
        parameters=[
            path_value("service", "Who answers.", [*services, FEEDBACK_SERVICE]),
            path_value("method", "What is done.", [method]),
            *RANKING_HEADERS,
        ],
        keyed=True,
    )


def rerank(path: str) -> dict[str, Any]:
    """POST of one of the paths of re-rankers' clients."""
    answers = {
        "200": response(
            "In the shape of the request: an object for documents, a list for texts.",
            _of("RerankAnswer", "RerankTextsAnswer"),
            {**ID_HEADER, **_ROUTE},
        ),
        **refusals(RANKING_REFUSALS, _of("RerankProblem")),
    }
    return operation(
        path.strip("/").replace("/", "_") or "rerank_at_root",
        "Rank, as clients of other re-rankers ask",
        answers,
        tag=_TAG,
        about="documents make a body Cohere's, texts that of Text Embeddings Inference.",
        body=_of("Rerank", "RerankTexts"),
        parameters=RANKING_HEADERS,
        keyed=True,
    )


def feedback() -> dict[str, Any]:
    """POST /feedback."""
    answers = {
        "200": response("Kept.", FIVE_FIELDS),
        **refusals((400, 401, 405, 408, 413, 422, 429, 500, 503), FIVE_FIELDS),
    }
    return operation(
        "feedback",
        "Say what was clicked, or how documents are graded",
        answers,
        tag="experiments",
        body=_of("Feedback", "Wire", among="anyOf"),
        keyed=True,
    )
