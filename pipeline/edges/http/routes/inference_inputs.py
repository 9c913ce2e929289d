# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""From the inputs of an Open Inference request to a ranking request: texts, or token rows.

:mod:`.inference_tensors` has read the tensors; :mod:`.open_inference`, the route, calls this.
"""

from __future__ import annotations

from collections.abc import Mapping

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import InvalidField
from contract.wire.request import Limits, RankRequest
from contract.wire.token_rows import TokenRows
from contract.wire.values import check_count, check_request_id, check_text
from pipeline.edges.http.routes.inference_tensors import BYTES, INT64, Inference, Tensor

QUERY, TITLE = "query", "title"
_DOCUMENTS = "documents"
_TEXT_FIELDS = frozenset((QUERY, TITLE, _DOCUMENTS))
_TOKEN_FIELDS = frozenset((INPUT_IDS, TOKEN_TYPE_IDS))


def read_request(asked: Inference, limits: Limits) -> RankRequest:
    """Inputs to a request.

    Raises:
        RequestError: which input, and what is wrong with it.
    """
    names = frozenset(asked.inputs)
    request_id = check_request_id(asked.id)
    if names == _TOKEN_FIELDS:
        return RankRequest((), request_id=request_id, tokens=_tokens(asked.inputs, limits))
    if QUERY in names and len(names) == 2 and names <= _TEXT_FIELDS:
        several = len(asked.inputs[QUERY].values) > 1
        named = f"{QUERY}[{{}}]" if several else f"{QUERY}[0]"
        pairs = _pairs(asked.inputs, limits)
        return RankRequest(pairs, request_id=request_id, query_field=named)
    raise InvalidField(
        f"must be {QUERY} and {TITLE} (or {_DOCUMENTS}), or {INPUT_IDS} and {TOKEN_TYPE_IDS}; "
        f"got {', '.join(sorted(names)) or 'none':.200}",
        field="inputs",
    )


def _tokens(inputs: Mapping[str, Tensor], limits: Limits) -> TokenRows:
    ids, types = inputs[INPUT_IDS], inputs[TOKEN_TYPE_IDS]
    for name, tensor in ((INPUT_IDS, ids), (TOKEN_TYPE_IDS, types)):
        _check_kind(tensor, name, INT64)
        if len(tensor.shape) != 2:
            raise InvalidField("must have the shape [rows, length]", field=name)
    if ids.shape != types.shape:
        raise InvalidField(
            f"has the shape {list(types.shape)}, and {INPUT_IDS} {list(ids.shape)}",
            field=TOKEN_TYPE_IDS,
        )
    check_count(ids.shape[0], INPUT_IDS, limits.max_documents)
    return TokenRows(ids.values, types.values)


def _pairs(inputs: Mapping[str, Tensor], limits: Limits) -> tuple[tuple[str, str], ...]:
    name = TITLE if TITLE in inputs else _DOCUMENTS
    queries, titles = _texts(inputs[QUERY], QUERY), _texts(inputs[name], name)
    check_count(len(titles), name, limits.max_documents)
    if len(queries) not in (1, len(titles)):
        raise InvalidField(f"must hold one text, or {len(titles)} as {name} does", field=QUERY)
    for i, query in enumerate(queries):
        check_text(query, f"{QUERY}[{i}]", limits.max_query_chars)
    for i, title in enumerate(titles):
        check_text(title, f"{name}[{i}]", limits.max_document_chars, empty=True)
    if len(queries) == 1:
        queries = queries * len(titles)
    return tuple(zip(queries, titles))


def _texts(tensor: Tensor, name: str) -> list[str]:
    _check_kind(tensor, name, BYTES)
    if len(tensor.shape) == 2 and tensor.shape[1] != 1:
        raise InvalidField("must have the shape [texts] or [texts, 1]", field=name)
    texts: list[str] = tensor.values
    return texts


def _check_kind(tensor: Tensor, name: str, datatype: str) -> None:
    if tensor.datatype != datatype:
        raise InvalidField(f"must be {datatype}, got {tensor.datatype}", field=name)
