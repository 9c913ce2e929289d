# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how often the report's statistics are wrong and how often right.

Run as ``python -m experiments.simulate``; it prints the table of
``docs/decisions/experiment-statistics.md``. With ``--write`` it writes the records of one
experiment instead, to try the report on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

from experiments.simulation.error_rates import detection_rates, mismatches_found, with_power
from experiments.simulation.record_writer import write_split
from experiments.simulation.simulated_experiments import Design


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m experiments.simulate", description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000, help="simulated [%(default)s]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write records instead")
    parser.add_argument("--requests", type=int, default=100_000, help="to write [%(default)s]")
    parser.add_argument("--lift", type=float, default=0.01, help="of those of b [%(default)s]")
    options = parser.parse_args(arguments)
    if options.write:
        write_split(options.write, options.requests, options.lift, options.seed)
        return 0
    count, seed = options.experiments, options.seed
    plain = Design()
    planted = with_power(plain, 0.8)
    designs = {
        "A/A, units arrive daily": plain,
        "A/A, all units on day 1": replace(plain, all_at_once=True),
        "A/A, units alike": replace(plain, spread=0.001, all_at_once=True),
        "A/A, 60 days": replace(plain, units=500, days=60),
        f"planted {planted.lift:+.4f}": planted,
        f"planted {2 * planted.lift:+.4f}": replace(planted, lift=2 * planted.lift),
    }
    print(f"differences called at alpha 0.05, % of {count} experiments, seed {seed}")
    print(f"{'design':<26}{'one look':>20}{'looking daily':>22}")
    print(f"{'':<26}{'fixed':>9}{'sequential':>11}{'fixed':>11}{'sequential':>11}")
    for name, design in designs.items():
        rates = detection_rates(design, count, seed)
        once, daily = rates.fixed_once, rates.fixed_daily
        print(
            f"{name:<26}{100 * once:>9.1f}{100 * rates.sequential_once:>11.1f}"
            f"{100 * daily:>11.1f}{100 * rates.sequential_daily:>11.1f}"
        )
    print("splits flagged (p < 0.001), % of experiments of 50:50 with 20,000 units")
    for share in (0.5, 0.49, 0.48):
        found = mismatches_found(share, 20_000, count, seed)
        print(f"  {100 * share:g}:{100 - 100 * share:g} really {100 * found:>10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
