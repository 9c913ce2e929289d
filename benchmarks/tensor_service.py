# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the C++ tensor service beside its engine called in process, with tensors and with texts.

``make bench-tensor-service`` and ``python -m benchmarks.tensor_service`` run it: the time of a
lone request, the rate at 32 connections, what overload does to those who are served, and memory
over many requests. Texts make rows of as many tokens, on ``POST /rerank``. Engine and service take
turns; the load generator shares the machine with them.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Optional

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine
from benchmarks.report import RESULTS, write_json
from child_services.child import REPOSITORY
from child_services.tensor_process import PROGRAM, TensorProcess
from contract.bundle import Bundle
from contract.errors import RankingError, ServiceError, SetUpError
from general_model_service.program import with_libraries

BENCH = PROGRAM.with_name("tensor_service_bench")
DEFAULT_BUNDLE = REPOSITORY / "serving_models" / "pairwise"
TENSORS, TEXTS = "proto", "rerank"
PROTOCOLS = (TENSORS, "json", "baidu_std", TEXTS)
# what a request holds, as the table calls it
HELD = {TENSORS: "tensors", TEXTS: "texts"}
CONNECTIONS = 32
# rows of a request in the comparison of rates: one pair, a short list, a long one
REQUEST_ROWS = (1, 8, 50)
# batches that let the engine alone be at its best
ENGINE_ROWS = (1, 8, 16, 32)

Figures = Mapping[str, float]


@dataclass
class Results:
    """Everything measured; each figure is the median of its rounds.

    Attributes:
        alone: name to the figures of 1 row of 32 tokens, one request at a time.
        engine_best: the engine's highest pairs/s over its settings, and the setting.
        rates: "texts, 8 rows" and the like to the service's figures at 32 connections; with
            ``service_cpu_s`` and ``generator_cpu_s``, what both took of the cores.
        capacity: "texts" and "tensors" to the requests of one row that 32 connections get answered
            in a second.
        loads: "texts, 80 %" and the like, of that capacity, to the figures of those rates.
        memory_mb: requests with texts of mixed length answered so far to resident memory.
    """

    alone: dict[str, Figures] = field(default_factory=dict)
    engine_best: tuple[str, float] = ("", 0.0)
    rates: dict[str, Figures] = field(default_factory=dict)
    capacity: dict[str, float] = field(default_factory=dict)
    loads: dict[str, Figures] = field(default_factory=dict)
    memory_mb: dict[int, float] = field(default_factory=dict)


class Meter:
    """Runs the bench program and reads its line."""

    def __init__(self, model: Path, precision: str, tokens: int, seconds: float) -> None:
        """Measure that model, with rows of so many tokens, for so many seconds each time."""
        self._engine = ["--model", str(model), "--precision", precision]
        self._every = ["--tokens", str(tokens)]
        self._seconds = seconds
        self._env = with_libraries(os.environ)

    def engine(self, rows: int = 1, streams: int = 1, threads: int = 1) -> Figures:
        """The engine in a process of its own, without a service."""
        counts = ["--streams", str(streams), "--math_threads", str(threads)]
        return self._run("engine", *self._engine, *counts, "--rows", str(rows))

    def load(self, port: int, **options: Any) -> Figures:
        """Requests to the service."""
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return self._run("load", "--port", str(port), *words)

    def mixed(self, port: int, requests: int) -> None:
        """So many requests with texts of many lengths, 1 to 16 of them, short and long ones."""
        words = ["--port", str(port), "--connections", str(CONNECTIONS), "--protocol", TEXTS]
        longest = ["--rows", "16", "--tokens", "96"]
        self._run("load", *words, "--mixed", "--requests", str(requests), *longest)

    def _run(self, *words: str) -> Figures:
        command = [str(BENCH), *words, *([] if "--tokens" in words else self._every)]
        if "--seconds" not in words:
            command += ["--seconds", str(self._seconds)]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetUpError(done.stderr.strip().splitlines()[-1], field=BENCH.name)
        figures: dict[str, float] = json.loads(done.stdout)
        if figures["failed"]:
            raise SetUpError(f"{figures['failed']:.0f} requests failed", field=BENCH.name)
        return figures


def middle(rounds: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return {name: median(figures[name] for figures in rounds) for name in rounds[0]}


def measure_alone(meter: Meter, port: int, cores: int, rounds: int) -> dict[str, Figures]:
    """One request at a time: the engine with one thread and with all, then each protocol."""
    names = {f"engine in process, {n} thread{'s' * (n > 1)}": n for n in sorted({1, cores})}
    taken: dict[str, list[Figures]] = {}
    for _ in range(rounds):
        for name, threads in names.items():
            taken.setdefault(name, []).append(meter.engine(threads=threads))
        for protocol in PROTOCOLS:
            taken.setdefault(f"service, {protocol}", []).append(meter.load(port, protocol=protocol))
    return {name: middle(figures) for name, figures in taken.items()}


def measure_rates(
    meter: Meter, service: TensorProcess, cores: int, rounds: int, results: Results
) -> None:
    """The most pairs a second: the engine over its settings, the service at 32 connections."""
    engine: dict[str, list[float]] = {}
    rates: dict[str, list[Figures]] = {}
    for _ in range(rounds):
        for streams, threads in sorted({(cores, 1), (1, cores)}):
            for rows in ENGINE_ROWS:
                name = f"{streams} x {threads} threads, {rows} rows a batch"
                figures = meter.engine(rows=rows, streams=streams, threads=threads)
                engine.setdefault(name, []).append(figures["pairs_per_s"])
        for rows in REQUEST_ROWS:
            for protocol, held in HELD.items():
                name = f"{held}, {rows} row{'s' * (rows > 1)}"
                before = service.processor_s()
                figures = meter.load(
                    service.port, connections=CONNECTIONS, rows=rows, protocol=protocol
                )
                used = {"service_cpu_s": service.processor_s() - before}
                rates.setdefault(name, []).append({**figures, **used})
    best = max(engine, key=lambda name: median(engine[name]))
    results.engine_best = best, median(engine[best])
    results.rates = {name: middle(figures) for name, figures in sorted(rates.items())}


def measure_overload(meter: Meter, port: int, rounds: int, results: Results) -> None:
    """Requests at random times, at 80 % and at twice what the service can answer."""
    taken: dict[str, list[Figures]] = {}
    capacities: dict[str, list[float]] = {}
    for _ in range(rounds):
        for protocol, held in HELD.items():
            full = meter.load(port, connections=CONNECTIONS, protocol=protocol)
            capacities.setdefault(held, []).append(full["pairs_per_s"])
            for name, share in (("80 %", 0.8), ("200 %", 2.0)):
                rate = share * median(capacities[held])
                figures = meter.load(port, connections=256, rate=rate, protocol=protocol)
                taken.setdefault(f"{held}, {name}", []).append(figures)
    results.capacity = {held: median(rates) for held, rates in capacities.items()}
    results.loads = {name: middle(figures) for name, figures in sorted(taken.items())}


def measure_memory(meter: Meter, service: TensorProcess, requests: int, results: Results) -> None:
    """Resident memory every tenth of so many requests."""
    part = max(1, requests // 10)
    for done in range(part, part * 10 + 1, part):
        meter.mixed(service.port, part)
        results.memory_mb[done] = service.memory_mb()


def _rates(results: Results, cores: int) -> list[str]:
    """Pairs a second, and how the service and the load generator shared the cores."""
    name, best = results.engine_best
    head = f"{'pairs/s':44}  pairs/s  of the engine's best"
    lines = ["", f"{head}  generator  service  of the best on what the generator leaves"]
    lines.append(f"  {'engine, ' + name:42}  {best:7.0f}                  100%")
    for name, figures in results.rates.items():
        rate, machine_s = figures["pairs_per_s"], figures["seconds"] * cores
        generator = figures["generator_cpu_s"] / machine_s
        lines.append(
            f"  {f'service, {CONNECTIONS} connections, {name}':42}  {rate:7.0f}"
            f"  {rate / best:20.0%}  {generator:9.0%}  {figures['service_cpu_s'] / machine_s:7.0%}"
            f"  {rate / best / (1 - generator):4.0%}"
        )
    return lines


def table(results: Results, cores: int) -> str:
    """What a reader compares, as text."""
    lines = [f"{'one row of 32 tokens, alone':44}  p50 us  p90 us  p99 us"]
    for name, figures in results.alone.items():
        times = "  ".join(f"{figures[f'p{q}_us']:6.0f}" for q in (50, 90, 99))
        lines.append(f"  {name:42}  {times}")
    lines += _rates(results, cores)
    lines += [
        "",
        f"{'requests at random times':44}  answered/s  refused/s  p50 us  p99 us  refused p99",
    ]
    for name, figures in results.loads.items():
        seconds = figures["seconds"]
        lines.append(
            f"  {name + ' of ' + format(results.capacity[name.split(',')[0]], '.0f'):42}  "
            f"{figures['requests'] / seconds:10.0f}  {figures['refused'] / seconds:9.0f}  "
            f"{figures['p50_us']:6.0f}  {figures['p99_us']:6.0f}  "
            f"{figures['refused_p99_us']:11.0f}"
        )
    if results.memory_mb:
        memory = ", ".join(f"{mb:.0f}" for mb in results.memory_mb.values())
        lines += ["", f"memory in MB, every {min(results.memory_mb)} requests: {memory}"]
    return "\n".join(lines)


def options() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tensor_service")
    add = parser.add_argument
    add("--bundle", type=Path, default=DEFAULT_BUNDLE, help="[serving_models/pairwise]")
    add("--precision", choices=("fp32", "bf16"), default="fp32", help="[%(default)s]")
    add("--tokens", type=int, default=32, help="of a row [%(default)s]")
    add("--rounds", type=int, default=5, help="[%(default)s]")
    add("--seconds", type=float, default=2.0, help="of each measurement [%(default)s]")
    add("--requests", type=int, default=100000, help="over which memory is watched [%(default)s]")
    add("--results", type=Path, default=RESULTS, help="where the JSON goes [benchmarks/results]")
    add("service_flags", nargs="*", help="of the service, after --, beside --pad_dynamic")
    return parser


def benchmark(args: argparse.Namespace) -> None:
    """Run all of it and print the table."""
    bundle = Bundle.open(args.bundle)
    (model,) = bundle.server_dir.glob("*.pdmodel")
    facts = machine.facts()
    about = f"bundle {bundle.manifest.ranker} {bundle.manifest.version}, {args.precision}"
    print(f"{machine.line(facts)}\n{about}")
    meter = Meter(model, args.precision, args.tokens, args.seconds)
    flags = ("--pad_dynamic", "--precision", args.precision, *args.service_flags)
    results = Results()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        TensorProcess(bundle.server_dir, Path(directory), *flags) as service,
    ):
        results.alone = measure_alone(meter, service.port, facts["cores"], args.rounds)
        measure_rates(meter, service, facts["cores"], args.rounds, results)
        measure_overload(meter, service.port, args.rounds, results)
        measure_memory(meter, service, args.requests, results)
    print(f"service flags: {' '.join(flags)}\n\n{table(results, facts['cores'])}")
    report = {**facts, "bundle": bundle.manifest.version, "flags": flags, **asdict(results)}
    path = write_json(report, args.results)
    print(f"\nwritten to {path}")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 when a system failed, 2 for a usage error."""
    args = options().parse_args(argv)
    try:
        benchmark(args)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except RankingError as error:
        print(f"benchmarks.tensor_service: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
