# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Give bundles of older exports a version that covers their manifest's facts, too.

Run as ``python -m export.seal serving_models/pairwise``. It opens the bundle, and writes its
``manifest.json`` anew with schema 2; no other file changes. The version does, so pages that name it
follow, and services that divide their traffic by version are told the new one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE
from contract.errors import SetUpError
from export.command import run_command


def seal(directory: Path) -> str:
    """Write the manifest anew, in one step.

    Returns:
        One line: the bundle, its version before, and its version now.

    Raises:
        BundleError: it does not open; nothing is written.
        SetUpError: the manifest cannot be written.
    """
    bundle = Bundle.open(directory)
    manifest = bundle.manifest.sealed()
    target = bundle.root / MANIFEST_FILE
    fresh = target.with_name(f".{MANIFEST_FILE}.{os.getpid()}")
    try:
        fresh.write_text(manifest.to_json(), encoding="utf-8")
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SetUpError(f"cannot be written ({error.strerror})", field=str(target)) from error
    return f"{directory}: {bundle.manifest.version} is now {manifest.version}"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="seal", description="Write a bundle's manifest anew, its version over all its facts."
    )
    parser.add_argument(
        "bundles", type=Path, nargs="+", metavar="BUNDLE", help="such as serving_models/pairwise"
    )

    def run(options: argparse.Namespace) -> None:
        for directory in options.bundles:
            print(seal(directory))

    return run_command(run, parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
