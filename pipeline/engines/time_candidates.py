# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Times candidates of ``engine: auto``; ``pipeline.engines.apart`` runs it as a process of its own.

    python -m pipeline.engines.time_candidates CONFIG RANKER VERSION PROCESS NAME...

Prints one JSON object for each name, in their order: its rate, and what was said of it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from contract.environment.cpu import prepare_math_library
from contract.errors import ConfigError, SetUpError
from pipeline.engines.apart import REFUSAL
from pipeline.engines.auto import AutoSource
from pipeline.engines.bundles import engine_source, open_bundles
from pipeline.request.route import Target
from pipeline.settings.service import load_config


def main(arguments: Sequence[str]) -> int:
    """Time the candidates; returns the exit code."""
    path, ranker, version, process, *names = arguments
    # what engines print by themselves goes where errors go
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    prepare_math_library()
    try:
        source = _source(Path(path), Target(ranker, version), int(process))
    except SetUpError as error:
        lines.write(json.dumps({REFUSAL: str(error)}) + "\n")
        return 2
    for timed in source.measured(names):
        lines.write(json.dumps(timed._asdict(), ensure_ascii=False) + "\n")
    lines.close()
    sys.stderr.flush()
    # Paddle's threads need not be waited for
    os._exit(0)


def _source(path: Path, target: Target, process: int) -> AutoSource:
    config = load_config(path)
    bundle = open_bundles(config).get(target)
    if bundle is None:
        raise ConfigError(f"names no {target.ranker} {target.bundle} any more", field=str(path))
    source = engine_source(config, target.ranker, bundle, bundle.encoder(), process)
    if not isinstance(source, AutoSource):
        raise ConfigError("asks for one engine by now", field=str(path))
    return source


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
