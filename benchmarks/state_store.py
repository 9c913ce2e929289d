# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the store of states brings a service: pairs a second by the share of documents it has.

Run as ``python -m benchmarks.state_store --model_name_or_path MODEL --joint_layers 1``, in the
environment that trains. MODEL may be a configuration without weights. The engines are those of the
Pipeline, as many side by side as ``--engines`` says, with one thread each; rows come in batches as
its scheduler forms them. Each request has a new query. Before each round the whole graph's logits
are compared with the others'.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.split_ranker import add_request_options, export_graphs
from contract.bundle import Bundle
from contract.bundle.manifest import Manifest
from contract.bundle.split import LOGITS
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError
from contract.tensors import TensorSpec
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import EngineSource, Feed, Logits
from pipeline.engines.openvino import OpenVinoSource
from pipeline.engines.split import SplitSource
from pipeline.settings.ops import SplitConfig
from train.option_types import positive_int
from train.options import run_command

_TOLERANCE = 1e-4
_FIRST_TOKEN = 5
_MULTIPLE = 8
_SHARES = (0, 50, 90, 100)
_Ids = NDArray[np.int64]


class Row(NamedTuple):
    """The two parts of a pair."""

    query: _Ids
    document: _Ids


class Engines:
    """Engines of one source, each in a thread of its own, that share the batches they are given."""

    def __init__(self, source: EngineSource, count: int) -> None:
        """Open them."""
        self._given: queue.SimpleQueue[tuple[int, Feed]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Logits | BaseException]] = queue.SimpleQueue()
        for _ in range(count):
            threading.Thread(target=self._work, args=(source,), daemon=True).start()

    def _work(self, source: EngineSource) -> None:
        engine = source.open()
        while True:
            place, feed = self._given.get()
            try:
                self._done.put((place, engine.run(feed)))
            except BaseException as error:
                self._done.put((place, error))

    def run(self, batches: Sequence[Feed]) -> list[Logits]:
        """Logits of all batches, in their order."""
        for job in enumerate(batches):
            self._given.put(job)
        found: dict[int, Logits] = {}
        for _ in batches:
            place, logits = self._done.get()
            if isinstance(logits, BaseException):
                raise logits
            found[place] = logits
        return [found[place] for place in range(len(batches))]


def batches_of(rows: Sequence[Row], max_tokens: int) -> Iterator[Feed]:
    """Rows alike in length, at most so many padded tokens in a batch."""
    left = sorted((len(row.query) + len(row.document), i) for i, row in enumerate(rows))
    while left:
        padded = -(-left[-1][0] // _MULTIPLE) * _MULTIPLE
        count = max(1, max_tokens // padded)
        chosen, left = [rows[i] for _, i in left[-count:]], left[:-count]
        ids = np.zeros((len(chosen), padded), np.int64)
        types = np.zeros_like(ids)
        for place, (query, document) in enumerate(chosen):
            ids[place, : len(query) + len(document)] = np.concatenate([query, document])
            types[place, len(query) : len(query) + len(document)] = 1
        yield {INPUT_IDS: ids, TOKEN_TYPE_IDS: types}


class Requests:
    """Draws requests of which a share of the documents has been ranked before."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Draw the documents that will be known."""
        self._options = options
        self._draw = np.random.default_rng(0)
        self.known = [self._document() for _ in range(2 * options.documents)]

    def of(self, share: int) -> list[Row]:
        """A new query with documents, ``share`` per cent of them known."""
        count: int = self._options.documents
        kept = round(count * share / 100)
        places = self._draw.permutation(len(self.known))[:kept]
        documents = [self.known[place] for place in places]
        documents += [self._document() for _ in range(count - kept)]
        query = np.array([1, *self._tokens(self._options.query_tokens), 2])
        return [Row(query, document) for document in documents]

    def _document(self) -> _Ids:
        shortest, longest = self._options.document_tokens
        return np.array([*self._tokens(int(self._draw.integers(shortest, longest + 1))), 2])

    def _tokens(self, count: int) -> _Ids:
        found: _Ids = self._draw.integers(_FIRST_TOKEN, self._options.vocabulary, count)
        return found


def open_bundle(options: argparse.Namespace, folder: Path) -> Bundle:
    """Export the model as a bundle of three graphs; nothing of it is proved but by comparing."""
    whole, split = export_graphs(options, options.joint_layers, folder)
    if split is None:
        raise BundleError(
            "as many as the model has layers; take fewer, or nothing is split",
            field="joint_layers",
        )
    longest = options.query_tokens + options.document_tokens[1] + 3
    manifest = Manifest(
        ranker="cross_encoder",
        version="0" * 12,
        score_function="softmax_positive",
        logits=LOGITS,
        max_seq_length=longest,
        precision="fp32",
        feeds=tuple(TensorSpec(n, n, "int64", (-1,)) for n in (INPUT_IDS, TOKEN_TYPE_IDS)),
        fetches=(TensorSpec(LOGITS, LOGITS, "float32", (2,)),),
        files={},
        source={},
        graphs=(whole,),
        split=split,
    )
    tokenizer = options.tokenizer or str(Path(options.model_name_or_path) / "tokenizer")
    return Bundle(manifest, folder / "serving_server", Path(tokenizer))


def measure(options: argparse.Namespace, bundle: Bundle) -> tuple[dict[str, float], str]:
    """Seconds of a request by way, medians; and what the store holds, in words."""
    cache, where = EngineCache(None), "op.rocketqa"
    threads = options.engines
    split = SplitSource(bundle, "fp32", threads, cache, SplitConfig(options.store_bytes), where)
    whole = OpenVinoSource(bundle, "fp32", threads, cache, f"{where}.local_service_conf")
    engines = {name: Engines(one, one.count) for name, one in (("w", whole), ("s", split))}
    requests = Requests(options)
    known = [Row(np.array([1, 2]), document) for document in requests.known]
    engines["s"].run(list(batches_of(known, options.batch_tokens)))
    counts = split.states.counts
    about = f"{counts.bytes / counts.entries:,.0f} bytes for a document"
    times: dict[str, list[float]] = {}
    # the first round is not counted: engines meet their shapes
    for turn in range(options.rounds + 1):
        for share in _SHARES:
            batches = list(batches_of(requests.of(share), options.batch_tokens))
            found = {}
            for key, name in (("w", "whole graph"), ("s", f"two graphs, {share} % of them known")):
                start = time.perf_counter()
                found[key] = engines[key].run(batches)
                if turn:
                    times.setdefault(name, []).append(time.perf_counter() - start)
            worst = max(float(np.abs(a - b).max()) for a, b in zip(found["w"], found["s"]))
            if not worst < _TOLERANCE:
                raise BundleError(f"differ by {worst:.1e} from the whole graph", field="two graphs")
    return {name: median(taken) for name, taken in times.items()}, about


def table(seconds: dict[str, float], documents: int) -> str:
    """Markdown: pairs a second of each way, each beside the first."""
    first = next(iter(seconds.values()))
    lines = ["| graphs and documents | pairs/s | times as fast |", "|---|---|---|"]
    lines += [f"| {n} | {documents / s:.0f} | {first / s:.2f} |" for n, s in seconds.items()]
    return "\n".join(lines)


def run(options: argparse.Namespace) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="states-") as folder:
        seconds, about = measure(options, open_bundle(options, Path(folder)))
    print(machine.line(machine.facts()))
    print(about)
    print(table(seconds, options.documents))


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="state_store", description="Measure a service that keeps encoded documents."
    )
    add_request_options(parser)
    add = parser.add_argument
    add("--joint_layers", type=positive_int, default=1, help="default: 1")
    add("--engines", type=positive_int, default=2, help="side by side, up to 4 (default: 2)")
    add("--batch_tokens", type=positive_int, default=2048, help="of a batch (default: 2048)")
    add("--store_bytes", type=positive_int, default=2**30, help="of the store (default: 1 GiB)")
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
