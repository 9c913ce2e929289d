# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks the running service for the scores of both rankers on a file of graded lists.

Run as ``python -m experiments.scored_lists --file LISTS --out FILE``. It sends ``ranker: both`` and
writes the JSON lines that :mod:`experiments.lists.scored_lists` describes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import httpx
import numpy as np

from contract.errors import RankingError, ServiceError
from experiments.lists.graded_lists import GradedList, padded, read_graded_lists
from experiments.traffic.ranking_calls import DEFAULT_URL, RANK_PATH, CallFailed, call, connections

_IN_FLIGHT = 4
_TIMEOUT_S = 60.0


async def _ask(client: httpx.AsyncClient, graded: GradedList) -> dict[str, Any]:
    body = {"query": graded.query, "documents": graded.documents, "ranker": "both"}
    fields = await call(client, RANK_PATH, body)
    try:
        rankings = json.loads(fields["rankings"])
        scores = {name: ranking["scores"] for name, ranking in rankings.items()}
        logits = {name: r["logits"] for name, r in rankings.items() if "logits" in r}
        bundles = {name: ranking["bundle"] for name, ranking in rankings.items()}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise CallFailed("answer", f"no rankings of both ({error})") from error
    return {
        "query": graded.query,
        "labels": graded.grades,
        "scores": scores,
        "logits": logits,
        "bundles": bundles,
    }


async def _ask_all(url: str, lists: Sequence[GradedList]) -> list[dict[str, Any]]:
    slots = asyncio.Semaphore(_IN_FLIGHT)

    async def one(client: httpx.AsyncClient, graded: GradedList) -> dict[str, Any]:
        async with slots:
            return await _ask(client, graded)

    async with connections(url, _IN_FLIGHT, _TIMEOUT_S) as client:
        return await asyncio.gather(*(one(client, graded) for graded in lists))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.scored_lists",
        description="Score graded lists with both rankers of the running service.",
    )
    add = parser.add_argument
    add("--url", default=DEFAULT_URL, help="base URL of the service [%(default)s]")
    add("--file", type=Path, required=True, help="graded lists: JSON lines or a TSV")
    add("--out", type=Path, required=True, help="where the JSON lines go")
    add("--lists", type=int, default=500, help="so many of the file, at random [%(default)s]")
    add("--pad_from", type=int, default=20, help="fill lists shorter than this [%(default)s]")
    add("--seed", type=int, default=1, help="of the choice and of the filling [%(default)s]")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    args = _options().parse_args(argv)
    try:
        lists = padded(read_graded_lists(args.file), args.pad_from, args.seed)
        lists = [graded for graded in lists if graded.can_be_ranked]
        chosen = np.random.default_rng(args.seed).permutation(len(lists))[: args.lists]
        answers = asyncio.run(_ask_all(args.url, [lists[i] for i in chosen]))
        lines = [json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers]
        args.out.write_text("".join(lines), encoding="utf-8")
    except RankingError as error:
        print(f"experiments.scored_lists: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    except OSError as error:
        print(f"experiments.scored_lists: error: {args.out}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"{len(answers)} lists written to {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
