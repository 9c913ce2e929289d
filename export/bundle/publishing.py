# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Put a bundle together, prove it and publish it, or refuse it and leave the old one in place.

What stands under a bundle's name has always been opened, and each of its graphs has scored the
golden pairs in every engine of this environment that reads it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from contract.bundle import Bundle
from contract.bundle.embeddings import check_tables
from contract.bundle.files import (
    CLIENT_DIR,
    CONFIG_FILE,
    GOLDEN_FILE,
    MANIFEST_FILE,
    PARAMETER_NAMES_FILE,
    RELIABILITY_FILE,
    SERVER_DIR,
    TOKENIZER_DIR,
    hash_files,
)
from contract.bundle.golden import FP32_TOLERANCE, LOW_PRECISION_TOLERANCE, read_golden
from contract.bundle.graphs import JSON, OLD_MODEL, OLD_PARAMS, PDMODEL, GraphFiles, GraphSpec
from contract.bundle.manifest import Manifest
from contract.calibration import Calibration
from contract.errors import BundleError, SetUpError
from contract.tensors import TensorSpec
from contract.text.unicode_table import UNICODE_VERSION
from export.bundle.facts import ExportFacts
from export.bundle.replace import replacement
from export.bundle.serving_conf import serving_config, write_both_confs
from export.bundle.split_files import copy_split
from export.graphs.graph_sources import check_one_of_each
from export.proof.parity import check_parity
from export.proof.proving_engines import engines_of
from export.proof.split_parity import check_split

MODEL_CARD_FILE = "MODEL_CARD.md"

# where a .json lies when a .pdmodel is there too: LocalPredictor takes any .pdiparams beside that
PADDLE3_DIR = "paddle3"


@dataclass(frozen=True)
class BundleParts:
    """Where a bundle's files come from.

    Attributes:
        export_dir: holds the tokenizer and the golden pairs; an export or another bundle.
        graphs: of the same weights, each of another format.
        facts: of the export.
        feeds: inputs with their aliases.
        fetches: outputs with their aliases.
        model_card: a file for people, or ``None``.
        precision: of the weights, as in the manifest.
        golden: instead of the golden pairs of ``export_dir``.
        report: what was measured of the bundle, put beside the manifest, or ``None``.
        calibration: of its scores, or ``None``.
        split_dir: holds the graphs of a split ranker instead of ``export_dir``.
    """

    export_dir: Path
    graphs: tuple[GraphFiles, ...]
    facts: ExportFacts
    feeds: tuple[TensorSpec, ...]
    fetches: tuple[TensorSpec, ...]
    model_card: Optional[Path] = None
    precision: str = "fp32"
    golden: Optional[Path] = None
    report: Optional[Path] = None
    calibration: Optional[Calibration] = None
    split_dir: Optional[Path] = None


def republished(
    bundle: Bundle, graphs: Sequence[GraphFiles], source: Mapping[str, str]
) -> BundleParts:
    """The parts of an opened bundle with other graphs, and more facts on where they came from."""
    manifest = bundle.manifest
    logits = next(spec.name for spec in manifest.fetches if spec.alias == manifest.logits)
    facts = ExportFacts(
        ranker=manifest.ranker,
        score_function=manifest.score_function,
        logits=logits,
        max_seq_length=manifest.max_seq_length,
        model_filename=graphs[0].model.name,
        params_filename=graphs[0].params.name if graphs[0].params else "",
        outputs=tuple(spec.name for spec in manifest.fetches),
        source={**manifest.source, **source},
        **manifest.text_rules._asdict(),
        split=manifest.split,
    )
    card = bundle.root / MODEL_CARD_FILE
    return BundleParts(
        bundle.root,
        tuple(graphs),
        facts,
        manifest.feeds,
        manifest.fetches,
        card if card.is_file() else None,
        calibration=manifest.calibration,
    )


@dataclass(frozen=True)
class Published:
    """What was published, as one line for the terminal."""

    path: Path
    manifest: Manifest
    size: int

    def __str__(self) -> str:
        """``serving_models/pairwise: pairwise 0123456789ab, 3.42 MB in 9 files``."""
        return (
            f"{self.path}: {self.manifest.ranker} {self.manifest.version}, "
            f"{self.size / 1e6:.2f} MB in {len(self.manifest.files)} files"
        )


def publish_bundle(
    parts: BundleParts, target: Path, check: Optional[Callable[[Path], None]] = None
) -> Published:
    """Assemble, verify and put in place.

    Args:
        parts: where the files come from.
        target: the bundle's directory.
        check: raises when the assembled directory must not be published; ``None`` is
            :func:`verify`.

    Raises:
        SetUpError: a part is missing, or ``target`` is something else than a bundle.
        BundleError: the parity check failed; what stood at ``target`` still does.
    """
    check_target(target)
    try:
        with replacement(target.resolve()) as staging:
            manifest = assemble(parts, staging)
            try:
                (check or verify)(staging)
            except BundleError as error:
                # the staging directory is gone when the message is read
                field = (error.field or "").replace(str(staging), str(target))
                raise BundleError(error.message, field=field) from error
            size = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
    except OSError as error:
        raise SetUpError(f"cannot be written ({error})", field=f"bundle {target}") from error
    return Published(target, manifest, size)


def check_target(target: Path) -> None:
    """Whether a bundle may be published there.

    Raises:
        SetUpError: something else is there.
    """
    if target.is_dir() and ((target / MANIFEST_FILE).is_file() or not any(target.iterdir())):
        return
    if target.exists() or target.is_symlink():
        raise SetUpError(
            "exists and is not a bundle; name another directory", field=f"bundle {target}"
        )


def assemble(parts: BundleParts, directory: Path) -> Manifest:
    """Write every file of a bundle; the manifest comes last.

    The model card is for people: it is not hashed, so that it can name the version it describes.
    """
    server = directory / SERVER_DIR
    write_both_confs(serving_config(parts.feeds, parts.fetches), server, directory / CLIENT_DIR)
    graphs = copy_graphs(parts.graphs, server)
    for name in (TOKENIZER_DIR, GOLDEN_FILE):
        if not (parts.export_dir / name).exists():
            raise SetUpError(
                f"{parts.export_dir} has no {name}; run export_model again", field="dirname"
            )
    shutil.copytree(
        parts.export_dir / TOKENIZER_DIR, directory / TOKENIZER_DIR, copy_function=shutil.copyfile
    )
    shutil.copyfile(parts.golden or parts.export_dir / GOLDEN_FILE, directory / GOLDEN_FILE)
    model_facts = [parts.export_dir / name for name in (CONFIG_FILE, PARAMETER_NAMES_FILE)]
    if parts.precision == "fp32" and all(file.is_file() for file in model_facts):
        for file in model_facts:
            shutil.copyfile(file, directory / file.name)
    # its graphs would not score as a quantized whole one does
    split = parts.facts.split if parts.precision == "fp32" else None
    if split is not None:
        copy_split(split, parts.split_dir or parts.export_dir, directory)
    if parts.report is not None:
        shutil.copyfile(parts.report, directory / parts.report.name)
    files = hash_files(directory, [path for path in directory.rglob("*") if path.is_file()])
    manifest = Manifest(
        ranker=parts.facts.ranker,
        version="",
        score_function=parts.facts.score_function,
        logits=_logits_alias(parts),
        max_seq_length=parts.facts.max_seq_length,
        precision=parts.precision,
        feeds=parts.feeds,
        fetches=parts.fetches,
        files=files,
        source=parts.facts.source,
        unicode_version=UNICODE_VERSION,
        graphs=tuple(_below_server_dir(graph) for graph in graphs),
        **parts.facts.text_rules._asdict(),
        calibration=parts.calibration,
        split=split,
    ).sealed()
    if parts.model_card is not None:
        shutil.copyfile(parts.model_card, directory / MODEL_CARD_FILE)
    plot = _reliability_plot(parts)
    if plot is not None:
        shutil.copyfile(plot, directory / RELIABILITY_FILE)
    (directory / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _reliability_plot(parts: BundleParts) -> Optional[Path]:
    """The plot that the card shows, beside it, or else that of the bundle that was exported."""
    card = parts.model_card
    shown = card is not None and RELIABILITY_FILE in card.read_text(encoding="utf-8")
    places = ([card.parent] if card is not None and shown else []) + [parts.export_dir]
    plots = (place / RELIABILITY_FILE for place in places)
    return next((plot for plot in plots if plot.is_file()), None)


def _logits_alias(parts: BundleParts) -> str:
    return next(spec.alias for spec in parts.fetches if spec.name == parts.facts.logits)


def _below_server_dir(graph: GraphSpec) -> GraphSpec:
    params = f"{SERVER_DIR}/{graph.params}" if graph.params else ""
    return GraphSpec(graph.format, f"{SERVER_DIR}/{graph.path}", params)


def copy_graphs(graphs: Sequence[GraphFiles], server_dir: Path) -> list[GraphSpec]:
    """Put graphs where every engine finds its own, each with its weights under its own name.

    Returns:
        What lies where, relative to ``server_dir``.

    Raises:
        SetUpError: two of them have the same format, of which an engine would take either.
    """
    check_one_of_each(graphs)
    formats = [graph.format for graph in graphs]
    placed = []
    for graph in graphs:
        aside = graph.format == JSON and PDMODEL in formats
        folder = Path(PADDLE3_DIR) if aside else Path()
        (server_dir / folder).mkdir(parents=True, exist_ok=True)
        path = folder / graph.model.name
        shutil.copyfile(graph.model, server_dir / path)
        params = ""
        if graph.params is not None:
            old = graph.format == OLD_MODEL
            named = path.with_name(OLD_PARAMS) if old else path.with_suffix(graph.params.suffix)
            params = named.as_posix()
            shutil.copyfile(graph.params, server_dir / params)
        placed.append(GraphSpec(graph.format, path.as_posix(), params))
    return placed


def verify(directory: Path) -> None:
    """Open a bundle as a service does and have all engines that are here score its golden pairs.

    Raises:
        BundleError: it does not open, a score or an order is not that of the trained model, the two
            graphs of a split ranker are not its whole one, or it holds a graph that no engine of
            this environment reads.
    """
    bundle = Bundle.open(directory)
    golden = read_golden(directory / GOLDEN_FILE)
    tolerance = FP32_TOLERANCE if bundle.manifest.precision == "fp32" else LOW_PRECISION_TOLERANCE
    for spec in bundle.graphs:
        check_tables(bundle.files_of(spec), bundle.encoder(), bundle.manifest.feeds)
        engines = engines_of(bundle, bundle.files_of(spec))
        for parity in check_parity(golden, bundle.encoder(), engines, bundle.score, tolerance):
            print(parity)
    for line in check_split(bundle, golden):
        print(line)
