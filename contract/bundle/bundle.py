# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens a bundle, the directory that export publishes and a service serves.

    <bundle>/
      serving_server/   graphs, serving_server_conf.prototxt (+ .stream.prototxt)
      serving_client/   serving_client_conf.prototxt (+ .stream.prototxt)
      tokenizer/        vocab.txt tokenizer_config.json ...
      manifest.json     see contract.bundle.manifest
      golden.jsonl      scored pairs, see contract.bundle.golden
      split/            two graphs more of a split ranker, see contract.bundle.split
      config.json parameters.json   to load the model for training again

A directory that upstream's tools exported has only the first two; :meth:`Bundle.adopt` opens it
when it is told what its manifest would have said.
"""

from __future__ import annotations

from pathlib import Path

from contract.bundle.files import (
    MANIFEST_FILE,
    SERVER_CONF,
    SERVER_DIR,
    TOKENIZER_DIR,
    PathLike,
    read_text,
    verify_files,
)
from contract.bundle.graphs import GraphFiles, GraphSpec, Reader, choose, graphs_among
from contract.bundle.manifest import Manifest
from contract.bundle.places import check_places
from contract.bundle.upstream import upstream_manifest
from contract.encoding import PairEncoder
from contract.errors import BundleError
from contract.scoring import SCORE_FUNCTIONS, ScoreFunction


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
            BundleError: missing, damaged, without a manifest, or not what its version says.
        """
        root = cls.root_of(path)
        manifest_path = root / MANIFEST_FILE
        if not manifest_path.is_file():
            raise BundleError(
                f"no {MANIFEST_FILE} in {root}; publish it by `python -m export.export_to_serving`",
                field=str(path),
            )
        manifest = Manifest.from_json(read_text(manifest_path), str(manifest_path))
        check_places(root, manifest.files, part)
        if verify:
            verify_files(root, manifest.files, part)
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
        manifest = upstream_manifest(
            server_dir,
            ranker=ranker,
            max_seq_length=max_seq_length,
            score_function=score_function,
        )
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
        """The map from this bundle's logits to scores, calibrated if the bundle is."""
        function = SCORE_FUNCTIONS[self.manifest.score_function]
        return function.calibrated(self.manifest.calibration)

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
        """A new encoder with this bundle's vocabulary, length and rules."""
        manifest = self.manifest
        return PairEncoder.load(
            self.tokenizer_dir, manifest.max_seq_length, manifest.text_rules, backend=backend
        )
