# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a bundle in, a published bundle out; or a refusal that leaves the old one in place.

Called by the commands that publish. What stands under the bundle's name has always been opened
and has scored its golden pairs, by Paddle Inference and by Paddle Serving's LocalPredictor.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle import (
    CLIENT_DIR,
    GOLDEN_FILE,
    MANIFEST_FILE,
    SERVER_DIR,
    TOKENIZER_DIR,
    Bundle,
    Manifest,
    TensorSpec,
    content_version,
    hash_files,
)
from contract.errors import BundleError, SetUpError
from contract.golden import Feed, RunFeed, read_golden
from contract.serving_packages import make_importable
from contract.unicode_table import UNICODE_VERSION
from export.facts import ExportFacts
from export.inference import GraphPredictor, InferenceOptions, logits_of
from export.parity import check_parity
from export.replace import replacement
from export.serving_conf import serving_config, write_both_confs

MODEL_CARD_FILE = "MODEL_CARD.md"

_LOG_VARIABLE = "SERVING_LOG_PATH"

# the kernels a CPU service may choose; LocalPredictor adds the graph as it is, unfused
_ENGINES = {
    "Paddle Inference": InferenceOptions(),
    "Paddle Inference with oneDNN": InferenceOptions(enable_mkldnn=True),
}


@dataclass(frozen=True)
class BundleParts:
    """Where a bundle's files come from.

    Attributes:
        export_dir: holds the tokenizer and the golden pairs; an export or another bundle.
        model: the graph.
        params: its parameters.
        facts: of the export.
        feeds: inputs with their aliases.
        fetches: outputs with their aliases.
        model_card: a file for people, or ``None``.
        precision: of the weights, as in the manifest.
        golden: instead of the golden pairs of ``export_dir``.
        report: what was measured of the bundle, put beside the manifest, or ``None``.
    """

    export_dir: Path
    model: Path
    params: Path
    facts: ExportFacts
    feeds: tuple[TensorSpec, ...]
    fetches: tuple[TensorSpec, ...]
    model_card: Optional[Path] = None
    precision: str = "fp32"
    golden: Optional[Path] = None
    report: Optional[Path] = None


def republished(
    bundle: Bundle, model: Path, params: Path, source: Mapping[str, str]
) -> BundleParts:
    """The parts of an opened bundle with another graph, and more facts on where it came from."""
    manifest = bundle.manifest
    logits = next(spec.name for spec in manifest.fetches if spec.alias == manifest.logits)
    facts = ExportFacts(
        ranker=manifest.ranker,
        score_function=manifest.score_function,
        logits=logits,
        max_seq_length=manifest.max_seq_length,
        model_filename=model.name,
        params_filename=params.name,
        outputs=tuple(spec.name for spec in manifest.fetches),
        source={**manifest.source, **source},
    )
    card = bundle.root / MODEL_CARD_FILE
    return BundleParts(
        bundle.root,
        model,
        params,
        facts,
        manifest.feeds,
        manifest.fetches,
        card if card.is_file() else None,
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
    _check_target(target)
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
        raise SetUpError(f"cannot write it ({error})", field=f"bundle {target}") from error
    return Published(target, manifest, size)


def _check_target(target: Path) -> None:
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
    shutil.copyfile(parts.model, server / parts.model.name)
    shutil.copyfile(parts.params, server / parts.params.name)
    for name in (TOKENIZER_DIR, GOLDEN_FILE):
        if not (parts.export_dir / name).exists():
            raise SetUpError(
                f"{parts.export_dir} holds no {name}; run export_model again", field="dirname"
            )
    shutil.copytree(
        parts.export_dir / TOKENIZER_DIR, directory / TOKENIZER_DIR, copy_function=shutil.copyfile
    )
    shutil.copyfile(parts.golden or parts.export_dir / GOLDEN_FILE, directory / GOLDEN_FILE)
    if parts.report is not None:
        shutil.copyfile(parts.report, directory / parts.report.name)
    files = hash_files(directory, [path for path in directory.rglob("*") if path.is_file()])
    manifest = Manifest(
        ranker=parts.facts.ranker,
        version=content_version(files),
        score_function=parts.facts.score_function,
        logits=_logits_alias(parts),
        max_seq_length=parts.facts.max_seq_length,
        precision=parts.precision,
        feeds=parts.feeds,
        fetches=parts.fetches,
        files=files,
        source=parts.facts.source,
        unicode_version=UNICODE_VERSION,
    )
    if parts.model_card is not None:
        shutil.copyfile(parts.model_card, directory / MODEL_CARD_FILE)
    (directory / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _logits_alias(parts: BundleParts) -> str:
    return next(spec.alias for spec in parts.fetches if spec.name == parts.facts.logits)


def verify(directory: Path) -> None:
    """Open a bundle as a service does and have both engines score its golden pairs.

    Raises:
        BundleError: it does not open, or a score or an order is not that of the trained model.
    """
    bundle = Bundle.open(directory)
    manifest = bundle.manifest
    model = next(bundle.server_dir.glob("*.pdmodel"))
    # first, because LocalPredictor ends its whole process group on a graph that does not load
    predictors = {
        name: GraphPredictor(model, model.with_suffix(".pdiparams"), options)
        for name, options in _ENGINES.items()
    }
    engines: dict[str, RunFeed] = {
        name: logits_of(predictor, manifest.fetches, manifest.logits)
        for name, predictor in predictors.items()
    }
    engines["LocalPredictor"] = _run_local_predictor(bundle)
    golden = read_golden(directory / GOLDEN_FILE)
    for parity in check_parity(golden, bundle.encoder(), engines, bundle.score):
        print(parity)


def _run_local_predictor(bundle: Bundle) -> RunFeed:
    """Paddle Serving's own predictor, as its pipeline would build it."""
    predictor = _local_predictor()
    with _quiet_stderr():
        predictor.load_model_config(str(bundle.server_dir))
    names = {spec.alias: spec.name for spec in bundle.manifest.fetches}
    output = names[bundle.manifest.logits]

    def run(feed: Feed) -> NDArray[np.float32]:
        fetched = predictor.predict(feed=dict(feed), fetch=[output], batch=True)
        return np.asarray(fetched[output], dtype=np.float32)

    return run


def _local_predictor() -> Any:
    """Import it without what its import leaves behind: a log directory and ten lines a model."""
    with tempfile.TemporaryDirectory(prefix="serving-log-") as folder:
        stated = os.environ.get(_LOG_VARIABLE)
        os.environ[_LOG_VARIABLE] = stated or folder
        try:
            make_importable()
            from paddle_serving_app.local_predict import LocalPredictor
        finally:
            if stated is None:
                del os.environ[_LOG_VARIABLE]
    logging.getLogger("LocalPredictor").setLevel(logging.WARNING)
    return LocalPredictor()


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what Paddle's C++ prints of its passes; LocalPredictor leaves that on."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
