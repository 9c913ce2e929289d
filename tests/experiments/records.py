# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes records as the service does, and runs the report on them as a command."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from contract.experiments.records import Exposure, Feedback, Record, ShadowComparison, to_line
from experiments.report import main
from tests.conftest import REPOSITORY

START = 1_788_220_800.0  # 2026-09-01 00:00 UTC


def exposure(number: int, variant: str = "a", **fields: Any) -> Exposure:
    """Request ``r-<number>`` of a unit of its own, ten documents in the order of the request."""
    plain = {
        "time": START + number,
        "request_id": f"r-{number}",
        "experiment": "x",
        "mode": "split",
        "reason": "bucket",
        "unit": f"u-{number}",
        "assigned_ranker": variant,
        "assigned_bundle": "1",
        "served_ranker": variant,
        "served_bundle": "1",
        "documents": 10,
        "order": tuple(range(10)),
        "latency_ms": 10.0,
    }
    return Exposure(variant=variant, **{**plain, **fields})


def shadow(number: int, **fields: Any) -> ShadowComparison:
    """Comparison of request ``r-<number>`` answered by a, scored by b too."""
    return ShadowComparison(
        START + number, f"r-{number}", "x", "a", "b", "a", "1", "b", "1", **fields
    )


def feedback(number: int, *clicks: int, **fields: Any) -> Feedback:
    """Clicks on documents of request ``r-<number>``."""
    return Feedback(START + number + 5.0, f"r-{number}", clicks, **fields)


def write(folder: Path, records: Iterable[Record], name: str = "1") -> Path:
    """Write each kind into its file; return the folder."""
    folder.mkdir(exist_ok=True, parents=True)
    lines: dict[str, list[str]] = {"exposures": [], "feedback": []}
    for record in records:
        lines["feedback" if record.kind == "feedback" else "exposures"].append(to_line(record))
    for file, texts in lines.items():
        (folder / f"{file}-{name}.jsonl").write_text("".join(texts), encoding="utf-8")
    return folder


class Reported(NamedTuple):
    status: int
    text: str
    error: str
    json: dict[str, Any]
    html: str

    def values(self, variant: str) -> dict[str, float]:
        (row,) = [r for r in self.json["analysis"]["variants"] if r["name"] == variant]
        return row["values"]

    def difference(self, metric: str, kind: str = "metrics") -> dict[str, Any]:
        (found,) = [d for d in self.json["analysis"][kind] if d["metric"] == metric]
        return found

    def check(self, name: str) -> dict[str, Any]:
        (found,) = [c for c in self.json["analysis"]["checks"] if c["name"] == name]
        return found


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command's entry in this process, which saves its start of some seconds."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            status = main(arguments)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), error.getvalue())


def real_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "experiments.report", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def report(folder: Path, *options: str) -> Reported:
    """Run the command on a folder's records."""
    out, page = folder / "report.json", folder / "report.html"
    inputs = ["--exposures", str(folder), "--feedback", str(folder)]
    done = command(*inputs, "--json", str(out), "--html", str(page), *options)
    written = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    html = page.read_text(encoding="utf-8") if page.exists() else ""
    return Reported(done.returncode, done.stdout, done.stderr, written, html)
