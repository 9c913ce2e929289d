# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Click metrics of one request, as SQL over its ``order``, ``teams``, ``clicks`` and ``grades``.

A click names a document; its place is where ``order`` holds it. Of each request, with the first k
places:

    click_through   1 when any of them was clicked, else 0
    clicks          how many of them were clicked, each counted once
    mrr             1 / the uppermost clicked place, 0 when none of them was clicked
    ndcg            sum of 1 / log2(1 + place) over clicked ones, over what it would be with all
                    clicked documents on top; 0 without a click
    graded_ndcg     the same with the grade as gain (linear, as in trec_eval);
                    null without a grade above 0, and then not part of the mean

Clicks on documents that ``order`` does not hold are counted as ``outside``.
"""

from __future__ import annotations

import math

# clicks of a request come in any number of records; of two grades of a document the later counts
FEEDBACK_OF_REQUESTS = """
WITH grades AS (
    SELECT request_id, map(list(document), list(grade)) AS grade_of
    FROM (
        SELECT request_id, grade[1]::INTEGER AS document, arg_max(grade[2], time) AS grade
        FROM (SELECT request_id, time, unnest(grades) AS grade FROM good_feedback)
        WHERE len(grade) = 2 AND grade[1] IS NOT NULL AND grade[2] IS NOT NULL
        GROUP BY ALL
    ) GROUP BY request_id
), clicks AS (
    SELECT request_id, list_distinct(flatten(list(clicks) FILTER (clicks IS NOT NULL))) AS clicks
    FROM good_feedback GROUP BY request_id
)
SELECT request_id, coalesce(clicks, []) AS clicks, grade_of
FROM clicks LEFT JOIN grades USING (request_id)
"""


def places() -> str:
    """The clicked places, first is 1, in ascending order."""
    found = 'list_transform(coalesce(clicks, []), lambda d: list_position("order", d))'
    return f"list_sort(list_filter({found}, lambda p: p > 0))"


def columns(k: int) -> dict[str, str]:
    """SQL of each metric, by name, over ``places`` and the columns of the request."""
    top = f"list_filter(places, lambda p: p <= {k})"
    ideal = f"least(len(places), {k})"
    sums, total = ["0.0"], 0.0
    for place in range(1, k + 1):
        total += 1.0 / math.log2(place + 1)
        sums.append(repr(total))
    gained = f"list_sum(list_transform({top}, lambda p: 1.0 / log2(p + 1)))"
    return {
        "click_through": f"(len({top}) > 0)::FLOAT",
        "clicks": f"len({top})::FLOAT",
        "mrr": f"coalesce(1.0 / {top}[1], 0.0)::FLOAT",
        "ndcg": f"coalesce({gained} / [{', '.join(sums)}][{ideal} + 1], 0.0)::DOUBLE",
        "graded_ndcg": _graded(k),
    }


def _graded(k: int) -> str:
    """Null where no grade is above 0, as 0 / 0 would be."""
    shown = f'list_transform("order"[:{k}], lambda d: coalesce(grade_of[d], 0.0))'
    best = f"list_reverse_sort(map_values(grade_of))[:{k}]"
    discounted = "list_sum(list_transform({}, lambda g, i: g / log2(i + 1)))"
    dcg, ideal = discounted.format(shown), discounted.format(best)
    return f"CASE WHEN grade_of IS NOT NULL THEN {dcg} / nullif({ideal}, 0.0) END::DOUBLE"
