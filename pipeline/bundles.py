# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An op's keys in, an opened bundle out; and its engine, which still scores as at export.

Called by pipeline.web_service: bundles are opened before anything runs, engines are loaded where
their op runs.
"""

from __future__ import annotations

from pathlib import Path

from contract.bundle import (
    CROSS_ENCODER,
    GOLDEN_FILE,
    MANIFEST_FILE,
    PAIRWISE,
    SERVER_CONF,
    TOKENIZER_DIR,
    Bundle,
)
from contract.encoding import VOCAB_FILE, PairEncoder
from contract.errors import BundleError, ConfigError
from contract.golden import (
    FP32_TOLERANCE,
    LOW_PRECISION_TOLERANCE,
    check_golden,
    read_golden,
)
from pipeline.config import OP_OF_RANKER, ServiceConfig
from pipeline.engines import Engine

# what upstream's exports return: the pair-wise graph ends in a sigmoid, the cross-encoder does not
_ADOPTED_SCORE_FUNCTIONS = {PAIRWISE: "identity", CROSS_ENCODER: "softmax_positive"}


def open_bundles(config: ServiceConfig) -> dict[str, Bundle]:
    """Open and verify the bundle of every ranker in the configuration.

    Raises:
        BundleError: missing, damaged, or of another ranker.
        ConfigError: a directory without a manifest lacks a key that its manifest would answer.
    """
    return {ranker: _open(config, ranker) for ranker in config.rankers}


def _open(config: ServiceConfig, ranker: str) -> Bundle:
    op = config.ranker_op(ranker)
    where = f"op.{OP_OF_RANKER[ranker]}"
    key = f"{where}.local_service_conf.model_config"
    path = config.resolve(str(op.local_service_conf.model_config))
    if not path.is_dir():
        raise ConfigError(
            f"no such directory {path}; export a bundle there or name another", field=key
        )
    root = Bundle.root_of(path)
    if (root / MANIFEST_FILE).is_file() or not (path / SERVER_CONF).is_file():
        bundle = Bundle.open(path)
    else:
        tokenizer = config.resolve(op.tokenizer) if op.tokenizer else root / TOKENIZER_DIR
        if not (tokenizer / VOCAB_FILE).is_file():
            raise ConfigError(
                f"{path} has no manifest, and there is no {VOCAB_FILE} in {tokenizer}; "
                "name the directory of its tokenizer",
                field=f"{where}.tokenizer",
            )
        bundle = Bundle.adopt(
            path,
            ranker=ranker,
            tokenizer_dir=tokenizer,
            max_seq_length=op.max_seq_length,
            score_function=op.score_function or _ADOPTED_SCORE_FUNCTIONS[ranker],
        )
    if bundle.manifest.ranker != ranker:
        raise ConfigError(f"{path} is a {bundle.manifest.ranker} bundle, not {ranker}", field=key)
    return bundle


def open_engine(
    config: ServiceConfig, ranker: str, bundle: Bundle, encoder: PairEncoder, index: int
) -> tuple[Engine, str]:
    """Load a bundle's graph and score its golden pairs again.

    Args:
        config: of the service.
        ranker: whose op this is.
        bundle: as opened.
        encoder: about to serve with the engine.
        index: number of the engine among those of its op.

    Returns:
        The engine, and what was checked, in words.

    Raises:
        SetUpError: the graph does not load, or scores differently than at export.
    """
    from pipeline.engines.paddle import PaddleEngine

    conf = config.ranker_op(ranker).local_service_conf
    where = f"op.{OP_OF_RANKER[ranker]}.local_service_conf"
    engine = PaddleEngine(bundle, conf, where, index)
    return engine, _check(bundle, conf.precision, engine, encoder)


def _check(bundle: Bundle, precision: str, engine: Engine, encoder: PairEncoder) -> str:
    path: Path = bundle.root / GOLDEN_FILE
    if GOLDEN_FILE not in bundle.manifest.files:
        return "no manifest: files not verified, no golden pairs"
    pairs = read_golden(path)
    exact = precision == "fp32" and bundle.manifest.precision == "fp32"
    tolerance = FP32_TOLERANCE if exact else LOW_PRECISION_TOLERANCE
    try:
        worst = check_golden(pairs, encoder, engine.run, bundle.score, tolerance)
    except BundleError as error:
        raise BundleError(f"{error}; export the bundle again", field=str(path)) from error
    return f"{len(pairs)} golden pairs agree within {worst:.1e}"


def describe(bundle: Bundle, encoder: PairEncoder, checked: str) -> str:
    """One line for the start of the service."""
    manifest = bundle.manifest
    return (
        f"{manifest.ranker}: bundle {manifest.version} {manifest.precision}, at most "
        f"{manifest.max_seq_length} tokens, {encoder.backend}; {checked}"
    )
