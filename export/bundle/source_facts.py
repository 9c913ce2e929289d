# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a bundle says of its source: paths fit to publish, and versions of packages."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

_PACKAGES = (
    "paddlepaddle",
    "paddlepaddle-gpu",
    "paddlenlp",
    "fast-tokenizer-python",
    "sentencepiece",
    "tokenizers",
)


def package_versions() -> dict[str, str]:
    """Versions of the packages that a graph depends on, for the manifest."""
    installed = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return {name: installed[name] for name in _PACKAGES if name in installed}


def described_path(path: str) -> str:
    """A name or path fit for a published file: relative to here, or its last two parts."""
    if not Path(path).exists():
        return path
    resolved = Path(path).resolve()
    try:
        return resolved.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return "/".join(resolved.parts[-2:])
