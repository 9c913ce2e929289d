# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures this project beside what a user would take instead: pairs/s, latency and memory.

``make bench`` and ``python -m benchmarks.run`` run it: this project's service and engines beside
upstream's service, sentence-transformers and Infinity on the same weights, and the machine's
roofline. Scores are compared before anything is timed; systems take turns. It prints a table, and
writes JSON and a plot.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Optional, Union

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine, own_systems, peer_systems, plot
from benchmarks.candidates import Candidate, LeftOut
from benchmarks.measure import Outcome, Plan, measure
from benchmarks.own_systems import CARD_VARIANTS, OWN_VARIANTS, VARIANTS
from benchmarks.peer_systems import CROSS_ENCODERS, INFINITY_NAME, PEERS, UPSTREAM_NAME
from benchmarks.report import RESULTS, Roofline, Subject, as_json, header, table, write_json
from benchmarks.roofline import Sizes
from benchmarks.shapes import BUILT, MEDIUM, SHAPES, bundles_of
from benchmarks.workload import RankCall, Workload, load_workload
from child_services.child import run_module
from contract.bundle import Bundle
from contract.errors import BundleError, InferenceFailed, RankingError, ServiceError, SetUpError
from contract.rankers import PAIRWISE, RANKERS

ROOFLINE = "roofline"
GROUPS = {"ours": tuple(OWN_VARIANTS), "card": tuple(CARD_VARIANTS), "peers": PEERS}
DEFAULT_SYSTEMS = (*OWN_VARIANTS, UPSTREAM_NAME, *PEERS, ROOFLINE)
SYSTEMS = (*VARIANTS, UPSTREAM_NAME, *PEERS, ROOFLINE)

# --quick measures less of everything
_ROUNDS, _QUICK_ROUNDS = 2, 1
_CLIENTS, _QUICK_CLIENTS = (1, 4, 16), (1, 4)
_BUDGET_S, _QUICK_BUDGET_S = 10.0, 3.0
_IDLE_CALLS, _QUICK_IDLE_CALLS = 100, 30
_LONG_DOCUMENTS = 1000


def options() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--shape", choices=SHAPES, default=MEDIUM, help="which bundles [%(default)s]")
    add("--bundles", type=Path, help="a directory of <ranker>/ bundles instead of a shape's")
    add("--ranker", choices=RANKERS, default=PAIRWISE, help="[%(default)s]")
    add("--workload", type=Path, help='JSON: [{"query": text, "docs": [text, ...]}, ...]')
    add(
        "--systems",
        nargs="+",
        choices=(*SYSTEMS, *GROUPS),
        default=list(DEFAULT_SYSTEMS),
        metavar="NAME",
        help=f"some of {', '.join((*SYSTEMS, *GROUPS))} [all but card]",
    )
    add("--clients", type=_at_least_one, nargs="+", help="numbers of clients at once [1 4 16]")
    add("--rounds", type=_at_least_one, help=f"passes of each system, at most [{_ROUNDS}]")
    add(
        "--quick", action="store_true", help="less of everything: minutes instead of a quarter hour"
    )
    add("--results", type=Path, default=RESULTS, help="where JSON and plot go [benchmarks/results]")
    return parser


def plan_of(args: argparse.Namespace) -> Plan:
    """How much the arguments ask for."""
    quick = args.quick
    return Plan(
        clients=tuple(args.clients or (_QUICK_CLIENTS if quick else _CLIENTS)),
        rounds=args.rounds or (_QUICK_ROUNDS if quick else _ROUNDS),
        budget_s=_QUICK_BUDGET_S if quick else _BUDGET_S,
        idle_calls=_QUICK_IDLE_CALLS if quick else _IDLE_CALLS,
        long_documents=0 if quick else _LONG_DOCUMENTS,
    )


class Starter:
    """Starts the systems that were asked for, and keeps why others did not start."""

    def __init__(
        self, args: argparse.Namespace, bundle: Bundle, directory: Path, stack: ExitStack
    ) -> None:
        """``stack`` ends what is started; ``directory`` takes logs."""
        self._asked = {name for asked in args.systems for name in GROUPS.get(asked, (asked,))}
        self._bundle = bundle
        self._bundles, self._ranker = bundle.root.parent, args.ranker
        self._directory, self._stack = directory, stack
        self.candidates: list[Candidate] = []
        self.left_out: list[LeftOut] = []

    def start(self, workload: Workload, expected_ids: list[list[int]]) -> None:
        """Ours first: the first of them is what the others' scores are compared with."""
        place = (self._bundles, self._ranker, self._directory, self._stack)
        for name in VARIANTS:
            self._try(name, own_systems.open_in_process, name, *place)
        for name in VARIANTS:
            if any(candidate.system == name for candidate in self.candidates):
                self._try(name, own_systems.open_service, name, *place)
        directory, stack = self._directory, self._stack
        self._try(UPSTREAM_NAME, peer_systems.open_upstream, self._bundle, directory, stack)
        if not self._asked & set(PEERS):
            return
        try:
            model = peer_systems.exported(self._bundle, BUILT)
        except SetUpError as error:
            self.left_out.append(LeftOut("sentence-transformers, Infinity", str(error)))
            return
        for name in CROSS_ENCODERS:
            self._try(name, self._cross_encoder, name, model, workload, expected_ids)
        self._try(INFINITY_NAME, peer_systems.open_infinity, model, directory, stack)

    def _cross_encoder(
        self, name: str, model: Path, workload: Workload, expected: list[list[int]]
    ) -> Candidate:
        candidate, worker = peer_systems.open_cross_encoder(
            name, model, self._directory, self._stack
        )
        ids = worker.input_ids(workload.calls)
        other = sum(a != b for a, b in zip(ids, expected)) + abs(len(ids) - len(expected))
        if other:
            raise SetUpError(f"its tokenizer gives {other} pairs other ids", field=name)
        return candidate

    def _try(
        self, name: str, open_it: Callable[..., Union[Candidate, list[Candidate]]], *arguments: Any
    ) -> None:
        if name not in self._asked:
            return
        tell(f"starting {name}")
        try:
            opened = open_it(*arguments)
        except (SetUpError, InferenceFailed) as error:
            self.left_out.append(LeftOut(name, str(error)))
        else:
            self.candidates += opened if isinstance(opened, list) else [opened]


def tell(progress: str) -> None:
    """What takes the next minutes; not part of the report."""
    print(progress, file=sys.stderr, flush=True)


def measure_roofline(bundle: Bundle, lengths: Sequence[int]) -> Roofline:
    """Measure it in a process of its own, over the pairs' real lengths."""
    tell("measuring the roofline")
    try:
        printed = run_module("benchmarks.roofline", ["--bundle", str(bundle.root.resolve())])
    except SetUpError as error:
        raise InferenceFailed(error.message, field=ROOFLINE) from error
    answer = json.loads(printed)
    operations = Sizes(**answer["sizes"]).operations(lengths)
    return Roofline(answer["gflops"], operations / len(lengths) / 1e9)


def benchmark(args: argparse.Namespace) -> None:
    """Run all of it and print the table."""
    plan = plan_of(args)
    workload = load_workload(args.workload)
    bundles = args.bundles or bundles_of(args.shape, args.ranker)
    if not bundles.is_dir():
        raise BundleError(f"holds no {args.ranker} bundle", field=str(bundles))
    bundle = Bundle.open(bundles / args.ranker)
    encoder = bundle.encoder()
    ids: dict[RankCall, list[list[int]]] = {
        call: [row.input_ids.tolist() for row in encoder.encode(call.query, call.documents)]
        for call in workload.calls
    }
    tokens = {call: sum(map(len, rows)) for call, rows in ids.items()}
    workload = workload.representative(tokens)
    shape = str(args.bundles) if args.bundles else args.shape
    subject = Subject(
        args.ranker,
        shape,
        bundle.manifest.version,
        workload,
        sum(tokens[c] for c in workload.calls),
    )
    facts = machine.facts()
    print(header(facts, subject, plan), flush=True)
    expected = [row for call in workload.calls for row in ids[call]]
    asked_roofline = ROOFLINE in args.systems
    roofline = (
        measure_roofline(bundle, [len(r) for r in expected]) if asked_roofline else Roofline()
    )
    outcome = Outcome()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        starter = Starter(args, bundle, directory, stack)
        starter.start(workload, expected)
        outcome.left_out += starter.left_out
        measure(starter.candidates, workload, plan, outcome, tell)
    print(f"\n{table(outcome, roofline)}")
    content = as_json(facts, subject, plan, outcome, roofline)
    path = write_json(content, args.results)
    drawn = plot.draw(content, path.with_suffix(".svg"))
    print(f"written to {path}" + (" and .svg" if drawn else "; no plot, matplotlib is missing"))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 when a system failed, 2 for a usage error."""
    args = options().parse_args(argv)
    try:
        benchmark(args)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except RankingError as error:
        print(f"benchmarks.run: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    return 0


def _at_least_one(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


if __name__ == "__main__":
    # SIGTERM must stop the services too: their sessions of their own keep the signal from them
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
