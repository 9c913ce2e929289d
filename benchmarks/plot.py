# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the result of a run as SVG: a bar for each system's best pairs/s.

``python -m benchmarks.plot results.json`` draws an older one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Optional

_COLOURS = {"ours": "#2a6f97", "upstream": "#8d99ae", "peer": "#bc6c25"}
_BAR_INCHES = 0.34


def draw(report: Mapping[str, Any], path: Path) -> bool:
    """Write ``path``; false where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    from matplotlib import pyplot

    bars: dict[str, tuple[str, float]] = {}
    for row in report["rows"]:
        name, rate = f"{row['system']}, {row['way']}", median(row["pairs_per_s"])
        if name not in bars or bars[name][1] < rate:
            bars[name] = row["owner"], rate
    names = list(bars)
    figure, axes = pyplot.subplots(figsize=(9, 1.6 + _BAR_INCHES * len(names)))
    drawn = axes.barh(
        names, [bars[n][1] for n in names], color=[_COLOURS[bars[n][0]] for n in names]
    )
    axes.bar_label(drawn, fmt="%.1f", padding=3)
    axes.invert_yaxis()
    roofline = report["roofline"]
    for precision, gflops in roofline["gflops"].items():
        limit = gflops / roofline["gflop_per_pair"]
        axes.axvline(limit, linestyle="--", linewidth=1, color="#444444")
        axes.annotate(
            f"{precision} roofline {limit:.0f}",
            (limit, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.set_xlabel(
        f"pairs/s, best number of clients; {report['shape']} shape, {report['cpu']}, "
        f"{report['cores']} cores, commit {report['commit']}"
    )
    axes.margins(x=0.12)
    figure.savefig(path, bbox_inches="tight")
    pyplot.close(figure)
    return True


def main(arguments: Optional[list[str]] = None) -> int:
    """``python -m benchmarks.plot FILE.json``."""
    (name,) = arguments or sys.argv[1:]
    path = Path(name)
    target = path.with_suffix(".svg")
    if not draw(json.loads(path.read_text(encoding="utf-8")), target):
        print("matplotlib is not installed; run `make setup-dev`", file=sys.stderr)
        return 2
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
