# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which files a manifest has to name, and where they may lie.

What a service reads and the manifest does not name could be exchanged without another version; so
could a file behind a link that leads out of the bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from contract.bundle.files import GOLDEN_FILE, SERVER_CONF, SERVER_DIR, TOKENIZER_DIR
from contract.bundle.graphs import (
    FORMATS,
    OLD_MODEL,
    OLD_PARAMS,
    PARAMS_SUFFIXES,
    GraphSpec,
    graphs_among,
)
from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE
from contract.errors import BundleError
from contract.text.sentence_pieces import PIECES_FILE, WORDS_FILE
from contract.text.unigram import UNIGRAM_FILE

_ALWAYS_READ = (f"{SERVER_DIR}/{SERVER_CONF}", f"{TOKENIZER_DIR}/{VOCAB_FILE}", GOLDEN_FILE)
_READ_IF_THERE = (
    *_ALWAYS_READ,
    *(
        f"{TOKENIZER_DIR}/{name}"
        for name in (TOKENIZER_CONFIG_FILE, PIECES_FILE, WORDS_FILE, UNIGRAM_FILE)
    ),
)
_GRAPH_SUFFIXES = frozenset(f".{kind}" for kind in FORMATS) | frozenset(PARAMS_SUFFIXES.values())


def check_names(files: Mapping[str, str], graphs: tuple[GraphSpec, ...], where: str) -> None:
    """Refuse a manifest whose ``files`` lead out of the bundle, or lack what a service reads.

    Raises:
        BundleError: which name; ``where`` is its field.
    """
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or str(path) != name or "\\" in name:
            raise BundleError(
                f"files: {name!r} is no path inside the bundle; export the bundle again",
                field=where,
            )
    for name in _ALWAYS_READ:
        if name not in files:
            raise BundleError(
                f"files: {name!r} is not among them, so nothing shows whether it was changed; "
                "export the bundle again",
                field=where,
            )
    found = graphs or graphs_among(files)
    if not found:
        raise BundleError("files: no graph is among them; export the bundle again", field=where)
    for graph in found:
        if not graph.params and (graph.format in PARAMS_SUFFIXES or graph.format == OLD_MODEL):
            raise BundleError(
                f"files: the weights of {graph.path!r} are not among them; export the bundle again",
                field=where,
            )


def check_places(root: Path, files: Mapping[str, str], part: str) -> None:
    """Refuse files behind links that leave the bundle, and files that no hash holds.

    Links within the bundle are legal, and the bundle itself may be one: ``current -> releases/42``,
    and a mounted ConfigMap, whose entries are links into a directory beside them.

    Args:
        root: the bundle's directory.
        files: of the manifest.
        part: only paths that begin so; empty for all.

    Raises:
        BundleError: which file, and what to do.
    """
    real = root.resolve()
    for name in files:
        # one that is not there is missing, which verify_files says
        if name.startswith(part) and real not in (root / name).resolve().parents:
            raise BundleError(
                "a link leads out of the bundle, to a file that may change without another "
                "version; put the file itself there (cp -L)",
                field=str(root / name),
            )
    for name in _read(root):
        if name.startswith(part) and name not in files:
            raise BundleError(
                "is not among the manifest's files, and would be read; remove it, or export the "
                "bundle again",
                field=str(root / name),
            )


def _read(root: Path) -> Iterator[str]:
    """What is there and a service, or Paddle Serving's own predictor, would read."""
    yield from (name for name in _READ_IF_THERE if (root / name).is_file())
    for path in sorted((root / SERVER_DIR).rglob("*")):
        relative = path.relative_to(root)
        # a ConfigMap's own directories begin with a dot
        hidden = any(part.startswith(".") for part in relative.parts)
        known = path.suffix in _GRAPH_SUFFIXES or path.name in (OLD_MODEL, OLD_PARAMS)
        if known and not hidden and path.is_file():
            yield relative.as_posix()
