# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An op's keys in, an opened bundle out; and its engine, which still scores as at export.

Called by pipeline.web_service: bundles are opened before anything runs, engines are loaded where
their op runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

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
from pipeline.engines import Engine, EngineSource

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


class CheckedSource(EngineSource, Protocol):
    """A source that also tells what its first engine was found to be."""

    @property
    def summary(self) -> str:
        """What was opened and checked, in words; known once the first open() has returned."""


def engine_source(
    config: ServiceConfig, ranker: str, bundle: Bundle, encoder: PairEncoder, index: int
) -> CheckedSource:
    """What opens the engines of one ranker.

    Args:
        config: of the service.
        ranker: whose op this is.
        bundle: as opened.
        encoder: about to serve with the engines.
        index: number of the op's process.
    """
    return _PaddleSource(config, ranker, bundle, encoder, index)


class _PaddleSource:
    """One Paddle engine; it uses ``thread_num`` threads itself."""

    count = 1

    def __init__(
        self, config: ServiceConfig, ranker: str, bundle: Bundle, encoder: PairEncoder, index: int
    ) -> None:
        self._conf = config.ranker_op(ranker).local_service_conf
        self._where = f"op.{OP_OF_RANKER[ranker]}.local_service_conf"
        self._bundle, self._encoder, self._index = bundle, encoder, index
        self.summary = ""

    def open(self) -> Engine:
        """Load the bundle's graph and score its golden pairs again.

        Raises:
            SetUpError: the graph does not load, or scores differently than at export.
        """
        from pipeline.engines.paddle import PaddleEngine

        engine = PaddleEngine(self._bundle, self._conf, self._where, self._index)
        self.summary = _check(self._bundle, self._conf.precision, engine, self._encoder)
        return engine


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
