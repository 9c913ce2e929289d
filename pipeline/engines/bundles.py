# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens the bundles that the configuration names, and finds what can compute each of them.

Bundles are opened before anything runs; engines are loaded later, where their op runs.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Optional, Protocol

from contract.bundle import Bundle
from contract.bundle.embeddings import check_bundle, tables_of
from contract.bundle.files import MANIFEST_FILE, SERVER_CONF, TOKENIZER_DIR, content_digest
from contract.bundle.graphs import paddle_reader, readable
from contract.bundle.upstream import UPSTREAM_SCORE_FUNCTIONS
from contract.encoding import VOCAB_FILE, PairEncoder
from contract.environment.cpu import describe_cpu
from contract.errors import ConfigError
from pipeline.engines.apart import TimedApart
from pipeline.engines.auto import AutoSource
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import candidates, check_rounding
from pipeline.engines.engine import EngineSource
from pipeline.engines.golden import CheckedSource, GoldenPairs
from pipeline.engines.paddle import PaddleSource
from pipeline.engines.remote.source import RemoteEngines
from pipeline.engines.split import split_of
from pipeline.request.route import Target
from pipeline.settings.ops import SplitConfig
from pipeline.settings.service import AUTO, OP_OF_RANKER, OPENVINO, PADDLE, REMOTE, ServiceConfig
from pipeline.states.store import StateStore

_LOGGER = logging.getLogger(__name__)

# with another version of one of these another engine may be the fastest
_PACKAGES = ("openvino", "paddlepaddle", "paddlepaddle-gpu")


class SummedUpSource(EngineSource, Protocol):
    """An EngineSource that tells what it opened."""

    @property
    def summary(self) -> str:
        """What computes and what was checked; known once the first open() has returned."""

    @property
    def states(self) -> Optional[StateStore]:
        """Where it keeps encoded texts; ``None``: it keeps none. Known then, too."""


def open_bundles(config: ServiceConfig) -> dict[Target, Bundle]:
    """Open and verify the bundles of every ranker in the configuration.

    Returns:
        By ranker and version, the default ranker first, and of each ranker that of
        ``model_config`` first.

    Raises:
        BundleError: missing, damaged, or of another ranker.
        ConfigError: a directory without a manifest lacks a key that its manifest would answer, two
            directories hold the same bundle, or one has no graphs for the key ``split``.
    """
    opened: dict[Target, Bundle] = {}
    for ranker in config.rankers:
        op = config.ranker_op(ranker)
        where = f"op.{config.op_name(ranker)}"
        named = {f"{where}.local_service_conf.model_config": op.local_service_conf.model_config}
        named.update({f"{where}.more_bundles[{i}]": p for i, p in enumerate(op.more_bundles)})
        for key, path in named.items():
            bundle = _open(config, ranker, str(path), key)
            if op.split is not None:
                split_of(bundle, f"{where}.split")
            target = Target(ranker, bundle.manifest.version)
            if target in opened:
                raise ConfigError(f"{target.bundle} is named already", field=key)
            opened[target] = bundle
    return opened


def served(bundles: Mapping[Target, Bundle]) -> dict[str, list[str]]:
    """By ranker, the versions of its bundles, that of ``model_config`` first."""
    versions: dict[str, list[str]] = {}
    for ranker, version in bundles:
        versions.setdefault(ranker, []).append(version)
    return versions


def _open(config: ServiceConfig, ranker: str, named: str, key: str) -> Bundle:
    op = config.ranker_op(ranker)
    where = f"op.{config.op_name(ranker)}"
    path = config.resolve(named)
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
            score_function=op.score_function or UPSTREAM_SCORE_FUNCTIONS[ranker],
        )
        bundle = _within_positions(bundle, f"{where}.max_seq_length")
    if bundle.manifest.ranker != ranker:
        raise ConfigError(
            f"{path} is a {bundle.manifest.ranker} bundle, not {ranker}; name it as "
            f"op.{OP_OF_RANKER[bundle.manifest.ranker]}, or leave all other rankers out",
            field=key,
        )
    return bundle


def _within_positions(bundle: Bundle, key: str) -> Bundle:
    """An adopted bundle, its rows no longer than its graph has positions: 512 is only a default.

    The line that is shown at the start says how many tokens a row has.
    """
    told = [tables_of(bundle.files_of(spec)).positions for spec in bundle.graphs]
    positions = min((rows for rows in told if rows is not None), default=None)
    asked = bundle.manifest.max_seq_length
    if positions is None or positions >= asked:
        return bundle
    _LOGGER.info(
        "%s: %d, but the graph has %d positions; rows are cut to them", key, asked, positions
    )
    manifest = replace(bundle.manifest, max_seq_length=positions)
    return Bundle(manifest, bundle.server_dir, bundle.tokenizer_dir)


def engine_source(
    config: ServiceConfig, ranker: str, bundle: Bundle, encoder: PairEncoder, index: int
) -> SummedUpSource:
    """What opens a ranker's engines, each of which scores the golden pairs first.

    Args:
        config: of the service.
        ranker: whose op this is.
        bundle: as opened.
        encoder: about to serve with the engines.
        index: number of the op's process.

    Raises:
        SetUpError: nothing on this machine can run the bundle as the configuration asks, or reads
            a graph that it holds, or the graph has no place for the tokenizer's ids, or cannot be
            computed in the precision that is asked for.
    """
    untold = check_bundle(bundle, encoder).untold
    if untold:
        _LOGGER.warning(
            "%s: the graph does not tell its %s; ids outside of it are not refused at the start",
            ranker,
            " and ".join(untold),
        )
    op = config.ranker_op(ranker)
    conf = op.local_service_conf
    where = f"op.{config.op_name(ranker)}.local_service_conf"
    check_rounding(bundle, conf.precision, where)
    golden = GoldenPairs(bundle, encoder)
    if op.engine == REMOTE:
        return RemoteEngines(
            op.server_endpoints or (),
            bundle,
            timeout_s=op.timeout / 1000.0 if op.timeout > 0 else None,
            admit=(lambda engine: golden.check(engine, conf.precision)) if golden else None,
            texts_of=(encoder, config.limits.max_tokens) if op.takes_texts else None,
        )
    if op.split is not None:
        # the two graphs are for OpenVINO; of engine auto the precision is left to choose
        op = replace(op, engine=OPENVINO, split=_resolved(config, op.split))
    if op.engine == AUTO and not golden:
        # nothing could prove another engine's scores
        conf = replace(
            conf, ir_optim=True, precision="fp32" if conf.precision == AUTO else conf.precision
        )
        engine = PADDLE if readable(bundle.graphs, paddle_reader()) else OPENVINO
        op = replace(op, engine=engine, local_service_conf=conf)
    if op.engine == PADDLE:
        source = PaddleSource(bundle, conf, where, index)
        return CheckedSource(source, f"paddle {conf.precision}", conf.precision, golden)
    if op.engine == OPENVINO and conf.precision == AUTO and not golden:
        op = replace(op, local_service_conf=replace(conf, precision="fp32"))
    cache = EngineCache.open(config.engine_cache_directory)
    found = candidates(bundle, op, where, index, cache)
    facts = {
        "files": content_digest(bundle.manifest.files),
        "keys": asdict(conf),
        "cpu": describe_cpu(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }
    max_tokens = config.scheduler.max_batch_tokens
    apart = TimedApart(config.path, Target(ranker, bundle.manifest.version), index)
    return AutoSource(ranker, found, golden, cache, facts, max_tokens, apart)


def _resolved(config: ServiceConfig, split: SplitConfig) -> SplitConfig:
    return replace(split, corpus=str(config.resolve(split.corpus))) if split.corpus else split


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def describe(bundle: Bundle, encoder: PairEncoder, summary: str) -> str:
    """One line for the start of the service; ``summary`` is that of the engine's source."""
    manifest = bundle.manifest
    return (
        f"{manifest.ranker}: bundle {manifest.version} {manifest.precision}, at most "
        f"{manifest.max_seq_length} tokens, {encoder.backend}; {summary}"
    )
