# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
r"""Encodes documents ahead, for a service that keeps the states of a split ranker.

    python -m pipeline.encode_corpus --config config_nlp.yml --ranker cross_encoder \
        --documents documents.txt --max_bytes 20000000000

Reads one document a line and writes to ``op.<ranker>.split.corpus``, a file for each bundle of the
ranker. What is there already is not encoded again, so that a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Optional

from contract.bundle import Bundle
from contract.bundle.split import Part, parts_of
from contract.encoding import PairEncoder
from contract.environment.cpu import prepare_math_library
from contract.errors import ConfigError, SetUpError
from contract.rankers import RANKERS
from pipeline.engines.bundles import engine_source, open_bundles
from pipeline.engines.split import SplitEngine, split_of
from pipeline.settings.service import ServiceConfig, find_config, load_config
from pipeline.states.corpus import CorpusWriter, corpus_file
from pipeline.states.parts import part_key

# read, sorted by length and written at once
_CHUNK = 512


class Done(NamedTuple):
    """What a run has done for one bundle.

    Attributes:
        documents: read.
        encoded: written now; the others were there, or stand twice.
        cut: that fill a row alone, and are cut elsewhere beside a query.
        held: in the file.
    """

    documents: int
    encoded: int
    cut: int
    held: int


def encode_corpus(
    config: ServiceConfig, ranker: str, documents: Path, max_bytes: int
) -> Iterator[tuple[Path, Done]]:
    """Fill the file of each bundle of a ranker.

    Args:
        config: of the service.
        ranker: whose bundles.
        documents: UTF-8, one a line; empty lines are left out.
        max_bytes: of each file.

    Raises:
        SetUpError: the configuration names no corpus, a bundle does not load, or a file has no
            room.
    """
    if ranker not in config.rankers:
        raise ConfigError(f"names no {ranker}; known are {', '.join(config.rankers)}", field="op")
    op, where = config.ranker_op(ranker), f"op.{config.op_name(ranker)}"
    if op.split is None or op.split.corpus is None:
        raise ConfigError("missing; name a directory", field=f"{where}.split.corpus")
    directory = config.resolve(op.split.corpus)
    directory.mkdir(parents=True, exist_ok=True)
    for target, bundle in open_bundles(config).items():
        if target.ranker != ranker:
            continue
        encoder = bundle.encoder()
        engine = engine_source(config, ranker, bundle, encoder, 0).open()
        assert isinstance(engine, SplitEngine)
        path = corpus_file(directory, bundle, op.local_service_conf.precision)
        split = split_of(bundle, f"{where}.split")
        with CorpusWriter(path, split, max_bytes) as writer:
            filling = _Filling(bundle, encoder, engine, writer, config.scheduler.max_batch_tokens)
            yield path, filling.fill(documents)
        engine.close()


class _Filling:
    """Encodes the documents of one file for one bundle."""

    def __init__(
        self,
        bundle: Bundle,
        encoder: PairEncoder,
        engine: SplitEngine,
        writer: CorpusWriter,
        max_tokens: int,
    ) -> None:
        self._manifest = bundle.manifest
        self._encoder = encoder
        self._engine = engine
        self._writer = writer
        self._max_tokens = max_tokens
        self._cut = 0

    def fill(self, documents: Path) -> Done:
        read = encoded = 0
        for texts in _chunks(documents):
            read += len(texts)
            encoded += self._write(texts)
        return Done(read, encoded, self._cut, len(self._writer))

    def _write(self, texts: Sequence[str]) -> int:
        """Encode those that are missing; returns how many."""
        rows = self._encoder.encode_pairs([("", text) for text in texts])
        self._cut += sum(len(row.input_ids) == self._manifest.max_seq_length for row in rows)
        parts = [part for _, part in parts_of(self._encoder.pad(rows), self._encoder.pad_id)]
        by_key = {part_key(part, self._manifest.version): part for part in parts}
        keys = sorted(self._writer.missing(by_key), key=lambda key: len(by_key[key].input_ids))
        left = list(keys)
        while left:
            count = max(1, self._max_tokens // len(by_key[left[-1]].input_ids))
            some, left = left[-count:], left[:-count]
            chosen: list[Part] = [by_key[key] for key in some]
            self._writer.put(dict(zip(some, self._engine.encode(chosen))))
        return len(keys)


def _chunks(documents: Path) -> Iterator[list[str]]:
    try:
        with documents.open(encoding="utf-8") as file:
            lines = (text for text in (line.strip() for line in file) if text)
            while chunk := list(islice(lines, _CHUNK)):
                yield chunk
    except (OSError, UnicodeDecodeError) as error:
        raise SetUpError(f"cannot be read as UTF-8 ({error})", field=str(documents)) from error


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.encode_corpus",
        description="Encode documents ahead for a service that keeps states.",
    )
    add = parser.add_argument
    add("--config", help="config_nlp.yml of the service")
    add("--ranker", required=True, choices=RANKERS)
    add("--documents", required=True, type=Path, help="UTF-8, one document a line")
    add("--max_bytes", required=True, type=int, help="of the file of each bundle")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, or 2 for what cannot be done."""
    options = make_parser().parse_args(argv)
    prepare_math_library()
    try:
        config = load_config(find_config(options.config))
        for path, done in encode_corpus(
            config, options.ranker, options.documents, options.max_bytes
        ):
            print(
                f"{path}: {done.encoded} of {done.documents} documents encoded, {done.held} held, "
                f"{path.stat().st_size} bytes"
            )
            if done.cut:
                print(
                    f"{path}: {done.cut} documents fill a row of the bundle alone; beside a query "
                    "they are cut earlier, and encoded when they are asked for",
                    file=sys.stderr,
                )
    except SetUpError as error:
        print(f"encode_corpus: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
