# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle on disk: what export writes, and all that a service needs to read.

    <bundle>/
      serving_server/   graphs (contract.graphs), serving_server_conf.prototxt (+ .stream.prototxt)
      serving_client/   serving_client_conf.prototxt (+ .stream.prototxt)
      tokenizer/        vocab.txt tokenizer_config.json
      manifest.json     this module's Manifest
      golden.jsonl      scored pairs, see contract.golden

A directory exported by upstream's tools has only the first two; :meth:`Bundle.adopt` opens it with
the facts its manifest would have held.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Union

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.errors import BundleError
from contract.graphs import GraphFiles, GraphSpec, Reader, choose, graphs_among, parse_graphs
from contract.scoring import SCORE_FUNCTIONS, ScoreFunction
from contract.unicode_table import UNICODE_VERSION

MANIFEST_FILE = "manifest.json"
GOLDEN_FILE = "golden.jsonl"
SERVER_DIR = "serving_server"
CLIENT_DIR = "serving_client"
TOKENIZER_DIR = "tokenizer"
SERVER_CONF = "serving_server_conf.prototxt"

PAIRWISE = "pairwise"
CROSS_ENCODER = "cross_encoder"
RANKERS = (PAIRWISE, CROSS_ENCODER)
# of upstream's exports: the pair-wise graph ends in a sigmoid, the cross-encoder does not
UPSTREAM_SCORE_FUNCTIONS = {PAIRWISE: "identity", CROSS_ENCODER: "softmax_positive"}

SCHEMA_VERSION = 1

# elem_type of GeneralModelConfig's feed_type and fetch_type
ELEM_TYPES: Mapping[int, str] = {
    0: "int64",
    1: "float32",
    2: "int32",
    3: "float64",
    4: "int16",
    5: "float16",
    6: "bfloat16",
    7: "uint8",
    8: "int8",
    9: "bool",
}

PathLike = Union[str, Path]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of the graph.

    Attributes:
        name: variable name inside the graph.
        alias: the name clients use.
        dtype: a numpy type name, as in :data:`ELEM_TYPES`.
        shape: without the batch axis; -1 is a length that varies.
    """

    name: str
    alias: str
    dtype: str
    shape: tuple[int, ...]


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
        _check_consistent(manifest, where)
        return manifest


class Bundle:
    """An opened bundle: its manifest, its directories, its encoder."""

    def __init__(self, manifest: Manifest, server_dir: Path, tokenizer_dir: Path) -> None:
        """Bind what :meth:`open` or :meth:`adopt` found."""
        self.manifest = manifest
        self.server_dir = server_dir
        self.tokenizer_dir = tokenizer_dir

    @classmethod
    def open(cls, path: PathLike, *, verify: bool = True, part: str = "") -> Bundle:
        """Open a bundle by its directory or by its ``serving_server`` directory.

        Args:
            path: ``serving_models/pairwise`` or ``serving_models/pairwise/serving_server``.
            verify: compare the SHA-256 of every file with the manifest.
            part: verify only the files of this directory of the bundle, for a caller that has or
                needs no others.

        Raises:
            BundleError: missing, damaged, or without a manifest.
        """
        root = cls.root_of(path)
        manifest_path = root / MANIFEST_FILE
        if not manifest_path.is_file():
            raise BundleError(
                f"no {MANIFEST_FILE} in {root}; publish it by `python -m export.export_to_serving`",
                field=str(path),
            )
        manifest = Manifest.from_json(_read_text(manifest_path), str(manifest_path))
        if verify:
            _verify_files(root, manifest, part)
        return cls(manifest, root / SERVER_DIR, root / TOKENIZER_DIR)

    @classmethod
    def adopt(
        cls,
        server_dir: PathLike,
        *,
        ranker: str,
        tokenizer_dir: PathLike,
        max_seq_length: int,
        score_function: str,
    ) -> Bundle:
        """Open a ``serving_server`` directory that has no manifest, as upstream exports it.

        The files are hashed for the version but, with nothing to compare to, not verified, and
        there are no golden pairs.

        Raises:
            BundleError: the directory is not a Paddle Serving model, or its tensors do not fit.
        """
        server_dir = Path(server_dir)
        feeds, fetches = read_serving_conf(server_dir / SERVER_CONF)
        files = hash_files(server_dir.parent, [p for p in server_dir.iterdir() if p.is_file()])
        manifest = Manifest(
            ranker=ranker,
            version=content_version(files),
            score_function=score_function,
            logits=fetches[0].alias,
            max_seq_length=max_seq_length,
            precision="fp32",
            feeds=feeds,
            fetches=fetches,
            files=files,
            source={"adopted_from": str(server_dir)},
            unicode_version=UNICODE_VERSION,
        )
        _check_consistent(manifest, str(server_dir))
        return cls(manifest, server_dir, Path(tokenizer_dir))

    @staticmethod
    def root_of(path: PathLike) -> Path:
        """The bundle's directory, given it or its ``serving_server`` directory."""
        path = Path(path)
        if not path.is_dir():
            raise BundleError("no such directory", field=str(path))
        return path.resolve().parent if (path / SERVER_CONF).is_file() else path

    @property
    def root(self) -> Path:
        """The bundle's directory."""
        return self.server_dir.parent

    @property
    def score(self) -> ScoreFunction:
        """The map from this bundle's logits to scores."""
        return SCORE_FUNCTIONS[self.manifest.score_function]

    @property
    def graphs(self) -> tuple[GraphSpec, ...]:
        """What the manifest lists, or else what lies among its files."""
        return self.manifest.graphs or graphs_among(self.manifest.files)

    def graph(self, reader: Reader) -> GraphFiles:
        """The graph that an engine takes.

        Raises:
            BundleError: the engine reads none that the bundle holds.
        """
        return self.files_of(choose(self.graphs, reader, str(self.server_dir)))

    def files_of(self, graph: GraphSpec) -> GraphFiles:
        """Where one of :attr:`graphs` lies."""
        params = self.root / graph.params if graph.params else None
        return GraphFiles(graph.format, self.root / graph.path, params)

    def encoder(self, backend: str = "auto") -> PairEncoder:
        """A new encoder with this bundle's vocabulary and length."""
        return PairEncoder.load(self.tokenizer_dir, self.manifest.max_seq_length, backend=backend)


def read_serving_conf(path: Path) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Feeds and fetches of a ``serving_*_conf.prototxt``, in its order.

    Raises:
        BundleError: unreadable, not a GeneralModelConfig, or an element type nobody can feed.
    """
    from google.protobuf import text_format

    from contract.model_config import GeneralModelConfig

    config = GeneralModelConfig()
    try:
        text_format.Parse(_read_text(path), config)
        feeds = tuple(_spec(var, var.feed_type) for var in config.feed_var)
        fetches = tuple(_spec(var, var.fetch_type) for var in config.fetch_var)
    except (text_format.ParseError, KeyError) as error:
        raise BundleError(
            f"not a Paddle Serving model config ({error})", field=str(path)
        ) from error
    if not feeds or not fetches:
        raise BundleError("declares no inputs or no outputs", field=str(path))
    return feeds, fetches


def _spec(variable: Any, elem_type: int) -> TensorSpec:
    shape = tuple(variable.shape)
    return TensorSpec(variable.name, variable.alias_name, ELEM_TYPES[elem_type], shape)


def hash_files(root: Path, paths: Any) -> dict[str, str]:
    """SHA-256 of each path, keyed by its posix path relative to ``root``, sorted."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


def content_version(files: Mapping[str, str]) -> str:
    """12 hex digits that change when any file of the bundle does."""
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()[:12]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"cannot read it ({error}); export the bundle again", field=str(path)
        ) from error


def _verify_files(root: Path, manifest: Manifest, part: str) -> None:
    for name, digest in manifest.files.items():
        if not name.startswith(part):
            continue
        path = root / name
        if not path.is_file():
            raise BundleError("missing; export or copy the bundle again", field=str(path))
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BundleError(
                "damaged: its SHA-256 is not the manifest's; export or copy the bundle again",
                field=str(path),
            )


def _check_consistent(manifest: Manifest, where: str) -> None:
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
