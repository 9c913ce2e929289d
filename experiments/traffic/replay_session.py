# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends graded lists to the running service, and the clicks of a simulated reader on each answer.

Which list, which unit and which clicks a request has depends on the seed, its number and the order
answered alone.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import httpx

from contract.list_metrics import Places, ndcg
from experiments.lists.graded_lists import GradedList
from experiments.readers.click_model import ClickModel
from experiments.traffic.ranking_calls import FEEDBACK_PATH, RANK_PATH, CallFailed, call
from experiments.traffic.replay_summary import ReplaySummary


@dataclass(frozen=True)
class Plan:
    """What is sent.

    Attributes:
        lists: the queries.
        model: the readers.
        units: how many there are.
        requests: how many to send.
        seed: of all that is drawn.
        run: first part of every request id; ids of two runs must differ in a service's log.
        send_grades: whether feedback holds the true grades of what was shown, too.
    """

    lists: Sequence[GradedList]
    model: ClickModel
    units: int
    requests: int
    seed: int
    run: str
    send_grades: bool = False


def draw_units(units: int, requests: int, seed: int) -> list[int]:
    """The number of each request's unit, by Zipf's law: a few readers ask much, many seldom.

    The first unit asks most, the k-th one 1/k as often.
    """
    weights = list(accumulate(1.0 / k for k in range(1, units + 1)))
    return random.Random(f"{seed}:units").choices(range(units), cum_weights=weights, k=requests)


def draw_lists(lists: int, requests: int, seed: int) -> list[int]:
    """The number of each request's list; every list comes once before one comes again."""
    draw = random.Random(f"{seed}:lists")
    rounds = -(-requests // lists)
    return [number for _ in range(rounds) for number in draw.sample(range(lists), lists)]


class ReplaySession:
    """Sends one request after the other, each with its reader."""

    def __init__(self, plan: Plan, client: httpx.AsyncClient, summary: ReplaySummary) -> None:
        """Draw which list and which unit each request has."""
        self._plan, self._client, self._summary = plan, client, summary
        self._units = draw_units(plan.units, plan.requests, plan.seed)
        self._numbers = draw_lists(len(plan.lists), plan.requests, plan.seed)

    async def send(self, number: int, due: float) -> None:
        """One request, its answer, its reader's clicks.

        Args:
            number: of the request, from 0.
            due: when it should have been sent, by the event loop's clock.
        """
        graded = self._plan.lists[self._numbers[number]]
        request_id = f"{self._plan.run}-{number:06d}"
        body = {
            "query": graded.query,
            "documents": graded.documents,
            "unit_id": f"unit-{self._units[number]}",
            "request_id": request_id,
        }
        try:
            fields = await call(self._client, RANK_PATH, body)
            latency_ms = 1000 * (asyncio.get_running_loop().time() - due)
            results = _results(fields, len(graded.documents))
        except CallFailed as error:
            self._summary.failed(error.kind, error.message)
            return
        order = [result["index"] for result in results]
        seed = f"{self._plan.seed}:{number}"
        clicked = self._plan.model.read([graded.grades[index] for index in order], seed)
        quality = ndcg(Places.of_order(order), graded.grades)
        self._note(fields, latency_ms, len(clicked), quality)
        self._note_teams(fields, results, clicked)
        await self._feedback(request_id, graded, order, clicked)

    def _note(
        self, fields: Mapping[str, str], latency_ms: float, clicks: int, quality: float
    ) -> None:
        figures = self._summary.variant(fields.get("experiment", ""), fields.get("variant", ""))
        figures.latencies_ms.append(latency_ms)
        figures.clicks += clicks
        figures.clicked += clicks > 0
        figures.ndcg.append(quality)
        figures.rankers[f"{fields.get('ranker', '')} {fields.get('bundle', '')}".strip()] += 1

    def _note_teams(
        self, fields: Mapping[str, str], results: Sequence[Any], clicked: Sequence[int]
    ) -> None:
        if not all("team" in result for result in results):
            return
        figures = self._summary.variant(fields.get("experiment", ""), fields.get("variant", ""))
        figures.team_wins[_winner([str(results[place]["team"]) for place in clicked])] += 1

    async def _feedback(
        self, request_id: str, graded: GradedList, order: Sequence[int], clicked: Sequence[int]
    ) -> None:
        """Sent without clicks as well: a reader who found nothing is a result."""
        body: dict[str, Any] = {
            "request_id": request_id,
            "clicks": [order[place] for place in clicked],
        }
        if self._plan.send_grades:
            body["grades"] = [[index, graded.grades[index]] for index in order]
        try:
            await call(self._client, FEEDBACK_PATH, body)
        except CallFailed as error:
            self._summary.failed(error.kind, error.message, feedback=True)


def _winner(votes: Sequence[str]) -> str:
    """The team with more votes than the other; empty when there is none."""
    ranked = Counter(votes).most_common(2)
    tied = not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1])
    return "" if tied else ranked[0][0]


def _results(fields: Mapping[str, str], documents: int) -> list[Any]:
    """The answer's results, best first.

    Raises:
        CallFailed: they are missing, or not distinct documents of the request.
    """
    try:
        results: list[Any] = json.loads(fields["results"])
        indices = [result["index"] for result in results]
        good = len(set(indices)) == len(indices) and set(indices) <= set(range(documents))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        message = f"no results ({type(error).__name__}: {error})"
        raise CallFailed("answer", message) from error
    if not good or not results:
        raise CallFailed("answer", f"results are not documents of the request: {indices!r:.80}")
    return results
