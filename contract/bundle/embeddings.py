# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds a tokenizer against the embedding tables of a graph: no id may be outside of them.

An engine that looks a row up behind the end of a table fails, or reads other memory and answers
nonsense. Called before engines are opened, and before a bundle is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from contract.bundle.bundle import Bundle
from contract.bundle.graph_ops import Op, Ops, Shape, read_ops
from contract.bundle.graphs import ONNX, GraphFiles
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.errors import BundleError
from contract.tensors import TensorSpec

# they hand on the ids that they get
# fmt: off
_HAND_ON = frozenset((
    "assign", "cast", "convert", "identity", "reshape", "reshape2", "share_data_", "squeeze",
    "squeeze2", "unsqueeze", "unsqueeze2",
))
# fmt: on
# a table goes through them before it is read: padding set to zero, weights kept in int8
_OF_TABLES = _HAND_ON | {"dequantizelinear", "mul", "multiply", "sub", "subtract", "transpose"}
# what makes positions of ids
_COUNTING = frozenset(("arange", "cumsum", "range"))
_POSITIONS = "positions"


class Tables(NamedTuple):
    """Rows of a graph's embedding tables; ``None`` where the graph does not tell.

    Attributes:
        words: one for each id of the vocabulary.
        token_types: one for the query, one for the title.
        positions: one for each token of the longest row.
    """

    words: Optional[int] = None
    token_types: Optional[int] = None
    positions: Optional[int] = None

    @property
    def untold(self) -> tuple[str, ...]:
        """Which tables the graph does not tell, in words."""
        told = {"vocabulary": self.words, "token types": self.token_types}
        told["positions"] = self.positions
        return tuple(name for name, rows in told.items() if rows is None)


def tables_of(graph: GraphFiles, feeds: Sequence[TensorSpec] = ()) -> Tables:
    """The tables of a graph; none of a file that cannot be read, which an engine will refuse.

    Args:
        graph: in any format.
        feeds: its inputs, where their names are not their aliases.
    """
    alias_of = {spec.name: spec.alias for spec in feeds}
    try:
        ops = read_ops(graph.model, graph.format)
    except Exception:
        return Tables()
    rows: dict[str, int] = {}
    for lookup in ops.lookups:
        shape = _shape(ops, lookup.inputs[0]) if len(lookup.inputs) > 1 else ()
        if len(shape) == 2:
            name = _looked_up(ops, lookup.inputs[1])
            name = alias_of.get(name, name)
            # the smallest decides: an id has to be in all of them
            rows[name] = min(shape[0], rows.get(name, shape[0]))
    return Tables(rows.get(INPUT_IDS), rows.get(TOKEN_TYPE_IDS), rows.get(_POSITIONS))


def _shape(ops: Ops, value: str) -> Shape:
    """Of a table, or of the one that a value was computed from."""
    while value not in ops.shapes:
        op = ops.made_by.get(value)
        if op is None or op.kind not in _OF_TABLES:
            return ()
        found = [ops.shapes[one] for one in op.inputs if len(ops.shapes.get(one, ())) == 2]
        if found:
            # what it is multiplied with may be a column
            return max(found)
        value = op.inputs[0]
    return ops.shapes[value]


def _looked_up(ops: Ops, ids: str) -> str:
    """Which of the graph's inputs the ids are, or ``positions``, or nothing known."""
    op: Optional[Op] = ops.made_by.get(ids)
    while op is not None and op.kind in _HAND_ON:
        ids = op.inputs[0]
        op = ops.made_by.get(ids)
    if op is None:
        return ops.names.get(ids, ids)
    waiting, seen = [ids], {ids}
    while waiting:
        op = ops.made_by.get(waiting.pop())
        if op is None:
            continue
        if op.kind in _COUNTING:
            return _POSITIONS
        waiting += [value for value in op.inputs if value not in seen]
        seen.update(op.inputs)
    return ""


def check_bundle(bundle: Bundle, encoder: PairEncoder) -> Tables:
    """Refuse a bundle whose graphs have no place for its tokenizer; see :func:`check_tables`.

    The graphs have the same weights: the first that tells all tables is enough, and an .onnx, which
    holds all weights, is read last.
    """
    tables = Tables()
    for spec in sorted(bundle.graphs, key=lambda spec: spec.format == ONNX):
        found = check_tables(bundle.files_of(spec), encoder, bundle.manifest.feeds)
        tables = Tables(*(one or other for one, other in zip(tables, found)))
        if not tables.untold:
            break
    return tables


def check_tables(
    graph: GraphFiles, encoder: PairEncoder, feeds: Sequence[TensorSpec] = ()
) -> Tables:
    """Refuse a tokenizer, or a longest row, that a graph has no place for.

    Args:
        graph: about to be served or published.
        encoder: of the bundle: its vocabulary and its longest row.
        feeds: the graph's inputs, where their names are not their aliases.

    Returns:
        What the graph tells; see :attr:`Tables.untold`.

    Raises:
        BundleError: a table is too small; both numbers, and what to do.
    """
    tables = tables_of(graph, feeds)
    wanted = (
        (tables.words, encoder.vocab_size, "the tokenizer has {} tokens", "tokens",
         "use the vocab.txt that the graph was trained with"),
        (tables.token_types, encoder.layout.token_types, "rows have {} token types", "token types",
         "train on a backbone with type_vocab_size 2"),
        (tables.positions, encoder.max_seq_length, "max_seq_length is {}", "positions",
         "export it with a max_seq_length up to that"),
    )  # fmt: skip
    for rows, needed, said, name, remedy in wanted:
        if rows is not None and rows < needed:
            raise BundleError(
                f"{said.format(needed)}, but the graph has {rows} {name}; {remedy}",
                field=str(graph.model),
            )
    return tables
