# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of a bundle: its ranker, how its graph is fed, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional

from contract.bundle.files import content_version
from contract.bundle.graphs import GraphSpec, parse_graphs
from contract.bundle.places import check_names
from contract.bundle.split import Split
from contract.calibration import Calibration
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError
from contract.rankers import RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.tensors import TensorSpec
from contract.text.rules import OF_OLDER_FILES, TextRules
from contract.text.unicode_table import UNICODE_VERSION

# the version covers the files; of older exports
FILES_SCHEMA = 1
# it covers all other facts of the manifest that decide ids or scores, too
FACTS_SCHEMA = 2
_SCHEMAS = (FILES_SCHEMA, FACTS_SCHEMA)
# facts that decide nothing: the version itself, and where the weights came from
_NOT_COVERED = ("version", "source")
_COMPACT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        version: 12 hex digits over the contents, see :func:`version_of`; two bundles with one
            version are equal.
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
        truncation: how pairs were cut that it was trained on, see
            :class:`contract.text.rules.TextRules`.
        normalization: how their texts were normalized, alike.
        schema: what the version covers.
        calibration: makes probabilities of the logits; ``None`` where scores are those of the score
            function.
        split: the two graphs of a split ranker; ``None`` of any other.
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
    schema: int = FILES_SCHEMA
    truncation: str = OF_OLDER_FILES.truncation
    normalization: str = OF_OLDER_FILES.normalization
    calibration: Optional[Calibration] = None
    split: Optional[Split] = None

    @property
    def text_rules(self) -> TextRules:
        """How texts become rows."""
        return TextRules(self.truncation, self.normalization)

    def sealed(self) -> Manifest:
        """The same facts with a version that covers all of them; export writes no other."""
        fresh = replace(self, schema=FACTS_SCHEMA)
        return replace(fresh, version=version_of(json.loads(fresh.to_json())))

    def to_json(self) -> str:
        """The text of ``manifest.json``: stable key order, two-space indent."""
        fields = asdict(self)
        # a bundle without them is read by releases that know of none
        for name in ("calibration", "split"):
            if fields[name] is None:
                del fields[name]
        return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Manifest:
        """Parse and check ``manifest.json``.

        Raises:
            BundleError: not JSON, another schema, a key missing, values that disagree, files that
                it does not name or that are not the bundle's, or another version than theirs.
        """
        try:
            read: dict[str, Any] = json.loads(text, parse_constant=_refuse_constant)
            # half of a surrogate pair is no text, and has no version
            _COMPACT(read).encode("utf-8")
            fields, schema = dict(read), read["schema"]
            for key in ("feeds", "fetches"):
                fields[key] = tuple(
                    TensorSpec(**{**spec, "shape": tuple(spec["shape"])}) for spec in fields[key]
                )
            fields["graphs"] = parse_graphs(fields.get("graphs", ()))
            if fields.get("calibration") is not None:
                fields["calibration"] = Calibration.parse(fields["calibration"], where)
            if fields.get("split") is not None:
                fields["split"] = Split.parse(fields["split"])
            manifest = cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError(
                f"not a manifest of this project ({error}); export the bundle again", field=where
            ) from error
        # True and 2.0 are equal to one
        if type(schema) is not int or schema not in _SCHEMAS:
            raise BundleError(
                f"schema {schema!r} is not one of {_SCHEMAS}; serve the bundle with the release "
                "that exported it, or export it again",
                field=where,
            )
        check_consistent(manifest, where)
        check_names(manifest.files, manifest.graphs, where)
        version = version_of(read)
        if manifest.version != version:
            raise BundleError(
                f"version {manifest.version!r} is not that of its contents, {version}: somebody "
                "has edited the manifest; export the bundle again",
                field=where,
            )
        return manifest


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, which are no JSON; other languages do not."""
    raise ValueError(f"{name} is no JSON")


def version_of(fields: Mapping[str, Any]) -> str:
    """The version that the contents of a manifest have.

    Schema 1: :func:`contract.bundle.files.content_version` of the files. Schema 2: the first 12 hex
    digits of the SHA-256 of a line for each key but ``version`` and ``source``, by name:
    ``<key> <value>``, the value as JSON without spaces, its keys sorted, in UTF-8.

    Args:
        fields: the JSON object of ``manifest.json``.
    """
    if fields["schema"] == FILES_SCHEMA:
        return content_version(fields["files"])
    lines = [
        f"{key} {_COMPACT(fields[key])}\n" for key in sorted(fields) if key not in _NOT_COVERED
    ]
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()[:12]


def check_consistent(manifest: Manifest, where: str) -> None:
    """Refuse a manifest whose values disagree with each other or with this release.

    Raises:
        BundleError: another Unicode version, an unknown rule, ranker or score function, a graph
            that is not among the files, or tensors that no ranker has; ``where`` is its field.
    """
    if manifest.unicode_version != UNICODE_VERSION:
        raise BundleError(
            f"its texts are normalized by Unicode {manifest.unicode_version!r}, this release has "
            f"the table of {UNICODE_VERSION}; serve it with the release that exported it, or "
            "export it again",
            field=where,
        )
    manifest.text_rules.checked(where)
    if manifest.ranker not in RANKERS:
        raise BundleError(
            f"ranker {manifest.ranker!r} is not one of {', '.join(RANKERS)}", field=where
        )
    if manifest.score_function not in SCORE_FUNCTIONS:
        known = ", ".join(SCORE_FUNCTIONS)
        raise BundleError(
            f"score_function {manifest.score_function!r} is not one of {known}", field=where
        )
    _check_graphs(manifest, where)
    if manifest.calibration and not SCORE_FUNCTIONS[manifest.score_function].has_logits:
        raise BundleError(
            f"calibration takes logits, which {manifest.score_function} has not; export the bundle "
            "again",
            field=where,
        )
    if manifest.calibration and manifest.schema == FILES_SCHEMA:
        raise BundleError(
            f"the version of schema {manifest.schema} does not cover a calibration; calibrate the "
            "bundle again",
            field=where,
        )
    _check_tensors(manifest, where)


def _check_graphs(manifest: Manifest, where: str) -> None:
    for graph in manifest.graphs:
        for name in (graph.path, *filter(None, [graph.params])):
            if name not in manifest.files:
                raise BundleError(
                    f"graphs: {name!r} is not among files; export the bundle again", field=where
                )
    if manifest.split is not None:
        manifest.split.check(manifest.files, where)
        if manifest.schema == FILES_SCHEMA:
            raise BundleError(
                f"the version of schema {manifest.schema} does not cover a split; export the "
                "bundle again",
                field=where,
            )


def _check_tensors(manifest: Manifest, where: str) -> None:
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
