# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl: each signs itself, and so is its own authority."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def make_certificate(directory: Path, name: str = "x") -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and ::1, and its key; made again, they are replaced."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    files = directory / f"{name}.crt", directory / f"{name}.key"
    new = [path.with_suffix(f"{path.suffix}.new") for path in files]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1",
         "-out", new[0], "-keyout", new[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    for made, path in zip(new, files):
        made.replace(path)
    return files
