# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of the pages, each page from its top, two pages at a time.

Importing PaddleNLP takes a core for seconds at each command of training; the other core goes on
with the other pages.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import yaml

from tests.docs.blocks import Block
from tests.docs.working_copy import WorkingCopy

# calls no service
_ALONE = "docs/train.md"
# names the experiment that runs, and where records go
_EXPERIMENTS = "docs/experiments.md"

_Done = subprocess.CompletedProcess[str]


class PageRunner:
    """Results of blocks, by block."""

    def __init__(self, copy: WorkingCopy, blocks: Sequence[Block], wanted: set[str]) -> None:
        """Begin.

        Args:
            copy: where to run.
            blocks: of all pages.
            wanted: pages whose blocks are asked for.
        """
        self._copy = copy
        self._results: dict[Block, Future[_Done]] = {}
        self._pool = ThreadPoolExecutor(2)
        pages = [page for page in dict.fromkeys(b.page for b in blocks) if page in wanted]
        if _ALONE in pages:
            self._submit([b for b in blocks if b.page == _ALONE and b.runs])
        rest = [b for b in blocks if b.page in pages and b.page != _ALONE and b.runs]
        if rest:
            self._serve(blocks)
            self._submit(rest)

    def _serve(self, blocks: Sequence[Block]) -> None:
        config = self._copy.root / "config_nlp.yml"
        fragment = next(b for b in blocks if b.page == _EXPERIMENTS and b.language == "yaml")
        merged = {**yaml.safe_load(config.read_text("utf-8")), **yaml.safe_load(fragment.text)}
        config.write_text(yaml.safe_dump(merged), encoding="utf-8")
        for block in blocks:
            if block.serves:
                for line in filter(None, (x.partition("#")[0].strip() for x in _lines(block))):
                    self._copy.serve(line)
        self._copy.wait_ready()

    def _submit(self, blocks: Sequence[Block]) -> None:
        futures = {block: Future[_Done]() for block in blocks}
        self._results.update(futures)
        self._pool.submit(self._run, futures)

    def _run(self, futures: dict[Block, Future[_Done]]) -> None:
        for block, future in futures.items():
            try:
                future.set_result(self._copy.run(block.language, block.text, block.card))
            except BaseException as error:
                future.set_exception(error)

    def result(self, block: Block) -> _Done:
        """Of one block; waits for it."""
        return self._results[block].result()

    def stop(self) -> None:
        """Wait for what runs, and stop the services."""
        self._pool.shutdown()
        self._copy.stop()


def _lines(block: Block) -> list[str]:
    return block.text.splitlines()
