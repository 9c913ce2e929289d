# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles and a workload in, a table of pairs/s out: the service beside Paddle Inference alone.

``make bench`` and ``python -m benchmarks.run`` run it. Both sides score the same pairs with the
same tokenizer, graph options and threads, in turns; scores are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine
from benchmarks.child import REPOSITORY
from benchmarks.direct import DirectRanker
from benchmarks.report import (
    RESULTS,
    RankerReport,
    ServiceReport,
    as_json,
    footer,
    header,
    table,
    write_json,
)
from benchmarks.rounds import (
    System,
    check_agreement,
    padded,
    run_rounds,
    sorted_by_call,
    sorted_over_all,
    through_service,
)
from benchmarks.service import OP_OF_RANKER, RunningService, service_config
from benchmarks.workload import Workload, load_workload
from clients.http_client import HttpRankerClient
from clients.ranker_client import RankerClient
from clients.rpc_client import RpcRankerClient
from contract.bundle import MANIFEST_FILE, RANKERS, Bundle
from contract.cpu import prepare_math_library
from contract.errors import BundleError, RankingError, ServiceError
from contract.golden import FP32_TOLERANCE, LOW_PRECISION_TOLERANCE
from export.inference import InferenceOptions

DEFAULT_BUNDLES = REPOSITORY / "serving_models"
# a call of the workload takes seconds on a slow machine with a large bundle
_TIMEOUT_S = 300.0


def options() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    add = parser.add_argument
    add("--bundles", type=Path, default=DEFAULT_BUNDLES, help="directory of <ranker>/ bundles")
    add("--workload", type=Path, help='JSON: [{"query": text, "docs": [text, ...]}, ...]')
    add("--rounds", type=_at_least_one, default=3, help="passes of each system [%(default)s]")
    add(
        "--clients",
        type=_at_least_one,
        nargs="+",
        default=[1, 4],
        help="numbers of clients at once [1 4]",
    )
    add("--results", type=Path, default=RESULTS, help="where the JSON goes [benchmarks/results]")
    return parser


def measure(
    bundle: Bundle,
    config: dict[str, Any],
    service: RunningService,
    args: argparse.Namespace,
    workload: Workload,
) -> RankerReport:
    """Compare and time every system on one bundle."""
    manifest = bundle.manifest
    local = config["op"][OP_OF_RANKER[manifest.ranker]]["local_service_conf"]
    direct = DirectRanker(bundle, _same_options(local))
    with ExitStack() as stack:
        systems: dict[str, System] = {
            "Paddle Inference, padded as they come": padded(direct),
            "Paddle Inference, each call sorted by length": sorted_by_call(direct),
            "Paddle Inference, all calls sorted together": sorted_over_all(direct),
        }
        for clients in args.clients:
            for name in ("HTTP", "RPC"):
                connections = [
                    stack.enter_context(_connection(name, service)) for _ in range(clients)
                ]
                label = f"service by {name}, {clients} client{'s' * (clients > 1)}"
                systems[label] = through_service(connections, manifest.ranker)
        low = "bf16" in (local.get("precision"), manifest.precision) or manifest.precision == "int8"
        tolerance = LOW_PRECISION_TOLERANCE if low else FP32_TOLERANCE
        _tell(f"{manifest.ranker}: comparing the scores of {len(systems)} systems")
        difference = check_agreement(systems, workload, tolerance)
        _tell(f"{manifest.ranker}: {args.rounds} rounds")
        measured = run_rounds(systems, workload, args.rounds)
    return RankerReport(
        manifest.ranker,
        manifest.version,
        local.get("precision", "fp32"),
        direct.tokens(workload.calls),
        difference,
        measured,
    )


def _connection(name: str, service: RunningService) -> RankerClient:
    if name == "HTTP":
        return HttpRankerClient(service.url, timeout_s=_TIMEOUT_S)
    return RpcRankerClient(service.endpoint, timeout_s=_TIMEOUT_S)


def _same_options(local: dict[str, Any]) -> InferenceOptions:
    """The options of ``local_service_conf``, with Paddle Serving's own defaults."""
    return InferenceOptions(
        precision=local.get("precision", "fp32"),
        cpu_threads=local.get("thread_num", 2),
        enable_mkldnn=local.get("use_mkldnn", False),
        ir_optim=local.get("ir_optim", False),
    )


def _tell(progress: str) -> None:
    """What takes the next minutes; not part of the report."""
    print(progress, file=sys.stderr, flush=True)


def benchmark(args: argparse.Namespace) -> None:
    """Run all of it and print the tables."""
    workload = load_workload(args.workload)
    rankers = tuple(r for r in RANKERS if (args.bundles / r / MANIFEST_FILE).is_file())
    if not rankers:
        raise BundleError(
            f"holds none of {', '.join(RANKERS)}; name a directory of bundles",
            field=str(args.bundles),
        )
    facts = machine.facts()
    print(header(facts, workload, args.rounds), flush=True)
    config = service_config(args.bundles, rankers)
    reports = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        RunningService(config, Path(directory)) as service,
    ):
        for ranker in rankers:
            bundle = Bundle.open(args.bundles / ranker)
            reports.append(measure(bundle, config, service, args, workload))
            print(f"\n{table(reports[-1], workload)}", flush=True)
        took = ServiceReport(
            service.first_answer_s, service.memory_mb(), service.memory_mb(peak=True)
        )
    print(f"\n{footer(took)}")
    print(f"written to {write_json(as_json(facts, workload, reports, took), args.results)}")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 when a system failed, 2 for a usage error."""
    args = options().parse_args(argv)
    prepare_math_library()
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


def _unwind_when_terminated() -> None:
    """Make SIGTERM stop the service too: its session of its own keeps the signal from it."""
    prepare_math_library()
    import paddle

    # paddle's handler, set when it is imported, ends the process on the spot
    paddle.disable_signal_handler()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


if __name__ == "__main__":
    _unwind_when_terminated()
    sys.exit(main())
