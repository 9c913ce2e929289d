# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a bundle: their names, their hashes, and the version made of these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Union

from contract.errors import BundleError

MANIFEST_FILE = "manifest.json"
GOLDEN_FILE = "golden.jsonl"
SERVER_DIR = "serving_server"
CLIENT_DIR = "serving_client"
TOKENIZER_DIR = "tokenizer"
SERVER_CONF = "serving_server_conf.prototxt"
# by which a bundle can be read as a checkpoint; nothing that serves needs them
CONFIG_FILE = "config.json"
PARAMETER_NAMES_FILE = "parameters.json"
# a plot that the model card of a calibrated bundle shows
RELIABILITY_FILE = "reliability.svg"

PathLike = Union[str, Path]


def hash_files(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each path, keyed by its posix path relative to ``root``, sorted."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


def content_version(files: Mapping[str, str]) -> str:
    """12 hex digits that change when any file of the bundle does; see :func:`content_digest`."""
    return content_digest(files)[:12]


def content_digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the hashes of all files.

    Args:
        files: SHA-256 by path, as :func:`hash_files` gives it.
    """
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def verify_files(root: Path, files: Mapping[str, str], part: str) -> None:
    """Compare the files with their hashes.

    Args:
        root: the bundle's directory.
        files: SHA-256 by path relative to ``root``.
        part: only paths that begin so are compared; empty for all.

    Raises:
        BundleError: a file is missing, or is not what was hashed.
    """
    for name, digest in files.items():
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


def read_text(path: Path) -> str:
    """The text of one file.

    Raises:
        BundleError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(
            f"cannot read it ({error}); export the bundle again", field=str(path)
        ) from error
