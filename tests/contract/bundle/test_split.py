# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a manifest says of a split ranker, and how rows are cut for its graphs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE
from contract.bundle.manifest import Manifest, version_of
from contract.bundle.split import Part, Split, pad_parts, parts_of, refusal_of
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, Row
from contract.errors import BundleError, InferenceFailed, InvalidField
from contract.rankers import CROSS_ENCODER
from contract.wire.token_rows import check_parts


@pytest.fixture(scope="module")
def fields(bundles: Path) -> dict[str, Any]:
    """A manifest that takes its whole graph for both parts."""
    manifest = Bundle.open(bundles / CROSS_ENCODER).manifest
    found: dict[str, Any] = json.loads(manifest.sealed().to_json())
    (graph,) = (graph for graph in found["graphs"] if graph["format"] == "pdmodel")
    sizes = {"joint_layers": 1, "state_size": 8, "state_type": "fp32", "phrase_size": 0}
    return {**found, "split": {**sizes, "encoder": graph, "scorer": graph}}


def parsed(fields: dict[str, Any]) -> Manifest:
    return Manifest.from_json(json.dumps({**fields, "version": version_of(fields)}), MANIFEST_FILE)


def test_it_is_read_as_it_was_written(fields: dict[str, Any]) -> None:
    manifest = parsed(fields)
    assert manifest.split is not None
    assert manifest.split.encoder_outputs == ("states",)
    assert parsed(json.loads(manifest.to_json())) == manifest


def test_the_version_covers_it(fields: dict[str, Any]) -> None:
    other = {**fields, "split": {**fields["split"], "state_size": 9}}
    assert parsed(other).version != parsed(fields).version


def test_a_version_that_does_not_cover_it_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="schema 1 does not cover a split"):
        parsed({**fields, "schema": 1})


def test_a_manifest_of_a_whole_ranker_does_not_name_it(fields: dict[str, Any]) -> None:
    whole = parsed({name: value for name, value in fields.items() if name != "split"})
    assert whole.split is None
    assert "split" not in json.loads(whole.to_json())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state_size": 0}, "state_size 0 is no whole number from 1 on"),
        ({"joint_layers": True}, "joint_layers True is no whole number"),
        ({"state_type": "int8"}, "state_type 'int8' is none of"),
        ({"phrase_size": -1}, "phrase_size -1 is no whole number from 0 on"),
        ({"encoder": {"format": "pdmodel", "path": "x.pdmodel"}}, "'x.pdmodel' is not among files"),
        ({"scorer": {"format": "x", "path": "x.x"}}, "'x' is not one of"),
        ({"further": 1}, "further"),
    ],
)
def test_a_wrong_one_is_refused(
    fields: dict[str, Any], changes: dict[str, object], said: str
) -> None:
    with pytest.raises(BundleError, match=said):
        parsed({**fields, "split": {**fields["split"], **changes}})


@pytest.mark.parametrize("wrong", [[], "x", 1, {}])
def test_what_is_no_split_is_refused(fields: dict[str, Any], wrong: object) -> None:
    with pytest.raises(BundleError, match="not a manifest of this project"):
        parsed({**fields, "split": wrong})


def test_evidence_adds_an_output(fields: dict[str, Any]) -> None:
    split = Split.parse({**fields["split"], "phrase_size": 4})
    assert split.encoder_outputs == ("states", "phrases")


def test_padding_within_a_row_is_a_part_of_it() -> None:
    feed = {
        INPUT_IDS: np.array([[1, 5, 0, 2, 6, 0, 7, 2, 0], [1, 2, 8, 2, 0, 0, 0, 0, 0]]),
        TOKEN_TYPE_IDS: np.array([[0, 0, 0, 0, 1, 1, 1, 1, 0], [0, 0, 1, 1, 0, 0, 0, 0, 0]]),
    }
    found = [[part.input_ids.tolist() for part in parts] for parts in parts_of(feed, 0)]
    assert found == [[[1, 5, 0, 2], [6, 0, 7, 2]], [[1, 2], [8, 2]]]


@pytest.mark.parametrize(
    "types", [[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 0, 2]]
)
def test_rows_without_two_parts_are_refused(types: list[int]) -> None:
    ids = np.array([[1, 5, 6, 2, 0]] * 2)
    feed = {INPUT_IDS: ids, TOKEN_TYPE_IDS: np.array([[0, 0, 1, 1, 0], [*types, 0]])}
    with pytest.raises(InferenceFailed, match=r"token_type_ids\[1\]: must be 0 for the query's"):
        list(parts_of(feed, 0))
    good, bad = (Row(row[:4], kinds[:4], False) for row, kinds in zip(ids, feed[TOKEN_TYPE_IDS]))
    check_parts([good])
    with pytest.raises(InvalidField, match=r"token_type_ids\[1\]: must be 0 for the query's"):
        check_parts([good, bad])


def test_parts_are_padded_to_a_multiple() -> None:
    parts = [Part(np.array([1, 5, 2]), 0), Part(np.array([6, 2]), 1)]
    padded = pad_parts(parts, 9, 4)
    assert padded[INPUT_IDS].tolist() == [[1, 5, 2, 9], [6, 2, 9, 9]]
    assert padded[TOKEN_TYPE_IDS].tolist() == [[0, 0, 0, 0], [1, 1, 0, 0]]
    assert pad_parts(parts, 9)[INPUT_IDS].shape == (2, 3)


def test_rows_are_cut_where_the_document_begins(bundles: Path) -> None:
    encoder = Bundle.open(bundles / CROSS_ENCODER).encoder()
    feed = encoder.pad(encoder.encode_pairs([("感冒", "感冒多喝水"), ("劳动合同到期", "水")]))
    for ids, types, (query, document) in zip(
        feed[INPUT_IDS], feed[TOKEN_TYPE_IDS], parts_of(feed, encoder.pad_id)
    ):
        assert query.input_ids[0] == ids[0], "[CLS]"
        assert query.input_ids[-1] == document.input_ids[-1], "both end with [SEP]"
        joined = np.concatenate([query.input_ids, document.input_ids])
        np.testing.assert_array_equal(joined, ids[ids != encoder.pad_id])
        assert len(document.input_ids) == types.sum()
        assert (document.feed[TOKEN_TYPE_IDS] == 1).all()
        assert (query.feed[TOKEN_TYPE_IDS] == 0).all()


@pytest.mark.parametrize("precision", ["bf16", "fp16", "int8"])
def test_rounded_states_are_for_fp32_alone(fields: dict[str, Any], precision: str) -> None:
    kept = parsed(fields).split
    assert kept is not None
    rounded = replace(kept, state_type="fp16")
    assert refusal_of(None, precision) is refusal_of(kept, precision) is None
    assert refusal_of(rounded, "fp32") is None
    assert "--state_type fp32" in str(refusal_of(rounded, precision))
