# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Model directories that upstream's tools exported: the manifest that export would have written.

Such a directory holds the graph and its ``serving_server_conf.prototxt``, and no manifest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

from contract.bundle.files import (
    MANIFEST_FILE,
    SERVER_CONF,
    SERVER_DIR,
    content_version,
    hash_files,
)
from contract.bundle.manifest import Manifest, check_consistent
from contract.errors import BundleError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.text.rules import UPSTREAM_RULES
from contract.text.unicode_table import UNICODE_VERSION

# the pair-wise graph ends in a sigmoid, the cross-encoder does not
UPSTREAM_SCORE_FUNCTIONS = {PAIRWISE: "identity", CROSS_ENCODER: "softmax_positive"}


def ranker_of(path: Path) -> Optional[str]:
    """Which ranker a bundle's directory holds, or its ``serving_server``, also without a manifest.

    Returns:
        ``None`` where that cannot be told; opening the bundle says why.
    """
    from contract.bundle.serving_conf import read_serving_conf

    server = path if (path / SERVER_CONF).is_file() else path / SERVER_DIR
    manifest = server.resolve().parent / MANIFEST_FILE
    try:
        if manifest.is_file():
            ranker = json.loads(manifest.read_text(encoding="utf-8"))["ranker"]
            return ranker if ranker in RANKERS else None
        _, fetches = read_serving_conf(server / SERVER_CONF)
    except (OSError, ValueError, TypeError, LookupError, BundleError):
        return None
    shape = fetches[0].shape
    return PAIRWISE if shape == (1,) else CROSS_ENCODER if shape == (2,) else None


def upstream_manifest(
    server_dir: Path, *, ranker: str, max_seq_length: int, score_function: str
) -> Manifest:
    """The manifest of a ``serving_server`` directory that has none.

    Args:
        server_dir: the directory.
        ranker: one of :data:`contract.rankers.RANKERS`.
        max_seq_length: longest row in tokens.
        score_function: a key of :data:`contract.scoring.SCORE_FUNCTIONS`.

    Raises:
        BundleError: the directory is not a Paddle Serving model, or its tensors do not fit.
    """
    # needs protobuf, which opening a bundle that has a manifest does not
    from contract.bundle.serving_conf import read_serving_conf

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
        **UPSTREAM_RULES._asdict(),
    )
    check_consistent(manifest, str(server_dir))
    return manifest
