# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of a bundle: its ranker, how its graph is fed, and the hashes of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contract.bundle.graphs import GraphSpec, parse_graphs
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError
from contract.rankers import RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.tensors import TensorSpec
from contract.text.unicode_table import UNICODE_VERSION

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        version: 12 hex digits over the contents; two bundles with one version are equal.
        score_function: a key of :data:`contract.scoring.SCORE_FUNCTIONS`.
        logits: alias of the output that the score function takes.
        max_seq_length: longest row in tokens.
        precision: ``fp32``, ``bf16`` or ``int8``, of the weights.
        feeds: the graph's inputs, by position.
        fetches: the graph's outputs, by position.
        files: SHA-256 of every file, by path relative to the bundle.
        source: where the weights came from: checkpoint, command, package versions.
        unicode_version: of the table that normalized the texts it was trained on; bundles that do
            not say were exported when it was 13.0.0.
        graphs: of the same weights; empty in a manifest older than this field, whose graphs are
            found among ``files``.
    """

    ranker: str
    version: str
    score_function: str
    logits: str
    max_seq_length: int
    precision: str
    feeds: tuple[TensorSpec, ...]
    fetches: tuple[TensorSpec, ...]
    files: Mapping[str, str]
    source: Mapping[str, str]
    unicode_version: str = "13.0.0"
    graphs: tuple[GraphSpec, ...] = ()

    def to_json(self) -> str:
        """The text of ``manifest.json``: stable key order, two-space indent."""
        fields = {"schema": SCHEMA_VERSION, **asdict(self)}
        return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Manifest:
        """Parse and check ``manifest.json``.

        Raises:
            BundleError: not JSON, another schema, a key missing, or values that disagree.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            schema = fields.pop("schema")
            for key in ("feeds", "fetches"):
                fields[key] = tuple(
                    TensorSpec(**{**spec, "shape": tuple(spec["shape"])}) for spec in fields[key]
                )
            fields["graphs"] = parse_graphs(fields.get("graphs", ()))
            manifest = cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(
                f"not a manifest of this project ({error}); export the bundle again", field=where
            ) from error
        if schema != SCHEMA_VERSION:
            raise BundleError(
                f"schema {schema!r} is not {SCHEMA_VERSION}; export the bundle again", field=where
            )
        check_consistent(manifest, where)
        return manifest


def check_consistent(manifest: Manifest, where: str) -> None:
    """Refuse a manifest whose values disagree with each other or with this release.

    Raises:
        BundleError: another Unicode version, an unknown ranker or score function, a graph that is
            not among the files, or tensors that no ranker has; ``where`` is its field.
    """
    if manifest.unicode_version != UNICODE_VERSION:
        raise BundleError(
            f"its texts are normalized by Unicode {manifest.unicode_version!r}, this release has "
            f"the table of {UNICODE_VERSION}; serve it with the release that exported it, or "
            "export it again",
            field=where,
        )
    if manifest.ranker not in RANKERS:
        raise BundleError(
            f"ranker {manifest.ranker!r} is not one of {', '.join(RANKERS)}", field=where
        )
    if manifest.score_function not in SCORE_FUNCTIONS:
        known = ", ".join(SCORE_FUNCTIONS)
        raise BundleError(
            f"score_function {manifest.score_function!r} is not one of {known}", field=where
        )
    for graph in manifest.graphs:
        for name in (graph.path, *filter(None, [graph.params])):
            if name not in manifest.files:
                raise BundleError(
                    f"graphs: {name!r} is not among files; export the bundle again", field=where
                )
    feeds = {spec.alias for spec in manifest.feeds}
    if feeds != {INPUT_IDS, TOKEN_TYPE_IDS}:
        raise BundleError(
            f"a ranker takes {INPUT_IDS} and {TOKEN_TYPE_IDS}, this graph takes {sorted(feeds)}",
            field=where,
        )
    logits = [spec for spec in manifest.fetches if spec.alias == manifest.logits]
    width = SCORE_FUNCTIONS[manifest.score_function].width
    if len(logits) != 1 or logits[0].shape != (width,):
        raise BundleError(
            f"score_function {manifest.score_function!r} needs one output {manifest.logits!r} of "
            f"shape [{width}], the graph has "
            f"{[(spec.alias, list(spec.shape)) for spec in manifest.fetches]}",
            field=where,
        )
