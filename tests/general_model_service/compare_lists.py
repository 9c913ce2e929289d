# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Real lists through the Pipeline and the C++ service on one bundle: where do the answers differ.

``python -m tests.general_model_service.compare_lists FILE... --lists 2000`` reads JSON lines with
``query`` and ``docs``, asks both for each list, one request at a time, and prints how many bodies
differ in other bytes than times and ids, how many orders, and the largest difference of a score.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from child_services.child import REPOSITORY
from contract.rankers import CROSS_ENCODER, RANKERS
from tests.general_model_service.twins import Told, Twins, twins


class Found(NamedTuple):
    """What one list showed.

    Attributes:
        documents: of it.
        bytes_differ: whether a score, or anything else, is written otherwise.
        rest_differs: whether anything but scores is: the order, the counts, the warnings.
        difference: the largest of a score.
    """

    documents: int
    bytes_differ: bool
    rest_differs: bool
    difference: float


def lists_of(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Requests of all files, in turn, so that each has its share of the first ones."""
    for lines in itertools.zip_longest(*(file.open(encoding="utf-8") for file in files)):
        for line in filter(None, lines):
            row = json.loads(line)
            yield {"query": row["query"], "documents": [doc["text"] for doc in row["docs"]]}


def look(both: Twins, body: dict[str, Any]) -> Found:
    """Ask both."""
    told: tuple[Told, Told] = both.ask("/rerank", {**body, "raw_scores": True})
    one, other = told
    pairs = zip(one.numbers, other.numbers)
    rest = one._replace(numbers=[]) != other._replace(numbers=[])
    difference = max((abs(a - b) for a, b in pairs), default=0.0)
    return Found(len(body["documents"]), one != other, rest, difference)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--lists", type=int, default=2000)
    parser.add_argument("--bundles", type=Path, default=REPOSITORY / "serving_models")
    parser.add_argument("--ranker", choices=RANKERS, default=CROSS_ENCODER)
    parser.add_argument("--flags", default="", help="of the C++ service")
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as directory,
        twins(given.bundles, given.ranker, Path(directory), *given.flags.split()) as both,
    ):
        found = [look(both, body) for body in itertools.islice(lists_of(given.files), given.lists)]
    print(
        f"{len(found)} lists, {sum(one.documents for one in found)} documents, logits in place of "
        f"scores; bodies that differ: {sum(one.bytes_differ for one in found)}, in more than "
        f"scores: {sum(one.rest_differs for one in found)}; largest difference of a logit: "
        f"{max(one.difference for one in found):.3g}"
    )
    return int(any(one.rest_differs for one in found))


if __name__ == "__main__":
    raise SystemExit(main())
