# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The records of an experiment: exposures, shadow comparisons and feedback, one JSON line each.

The service writes them and ``experiments`` reads them. No text of a query or a title is in a record
unless the service was told to keep texts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Optional

from contract.errors import InvalidField

# modes of an experiment
SPLIT, SHADOW, INTERLEAVE = "split", "shadow", "interleave"
MODES = (SPLIT, SHADOW, INTERLEAVE)
# variant of an answer that holds the orders of both
INTERLEAVED = "interleaved"
# why a unit got its variant: by its bucket, or because a list names it
BY_BUCKET, BY_LIST = "bucket", "allow_list"

EXPOSURES_FILE, FEEDBACK_FILE = "exposures", "feedback"
_QUERY_UNIT = "query:"


def logged_unit(unit: str, *, is_query: bool) -> str:
    """The unit as records name it: an id as it is, a query as its BLAKE2b hash."""
    if not is_query:
        return unit
    digest = hashlib.blake2b(unit.encode("utf-8", "surrogatepass"), digest_size=12)
    return _QUERY_UNIT + digest.hexdigest()


@dataclass(frozen=True)
class Exposure:
    """One answer of an experiment, or one refusal.

    Attributes:
        time: of the answer, seconds since 1970, UTC.
        request_id: joins feedback to it.
        experiment: its name.
        mode: one of :data:`MODES`.
        variant: assigned; :data:`INTERLEAVED` in mode interleave.
        reason: :data:`BY_BUCKET` or :data:`BY_LIST`; only the first belongs into an analysis.
        unit: see :func:`logged_unit`.
        assigned_ranker: of the variant.
        assigned_bundle: version of its bundle.
        served_ranker: who answered; empty when nobody did. Another than assigned: a fallback.
        served_bundle: version of its bundle.
        err_no: 0 for an answer.
        documents: in the request.
        order: indices of documents as shown, best first, at most as many as the log keeps.
        scores: of these documents, by who served them.
        teams: in mode interleave, the variant to which each place of ``order`` belongs.
        latency_ms: from reading the request to its answer.
        queue_ms: of that, waiting for an engine.
        compute_ms: of that, in an engine.
        query: text, only when the service keeps texts.
        titles: texts of ``order``, only when the service keeps texts.
        stages: of a cascade that answered alone, for each place of ``order`` the number of the
            stage whose score it has; else it is not in the line.
    """

    kind: ClassVar[str] = "exposure"

    time: float
    request_id: str
    experiment: str
    mode: str
    variant: str
    reason: str
    unit: str
    assigned_ranker: str
    assigned_bundle: str
    served_ranker: str = ""
    served_bundle: str = ""
    err_no: int = 0
    documents: int = 0
    order: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    teams: tuple[str, ...] = ()
    latency_ms: float = 0.0
    queue_ms: float = 0.0
    compute_ms: float = 0.0
    query: str = ""
    titles: tuple[str, ...] = ()
    stages: tuple[int, ...] = ()


@dataclass(frozen=True)
class ShadowComparison:
    """What another ranker would have answered, beside what was answered.

    Attributes:
        time: of the comparison, seconds since 1970, UTC.
        request_id: of the request answered.
        experiment: its name.
        variant: that answered.
        shadow_variant: that was only scored.
        ranker: that answered.
        bundle: version of its bundle.
        shadow_ranker: that was only scored.
        shadow_bundle: version of its bundle.
        err_no: 0 when the shadow scored; without a score the figures below are 0.
        documents: scored by both.
        kendall_tau: of the two score lists, tau-b, -1 to 1.
        top1_same: 1 when both put the same document first, else 0.
        top10_overlap: share of the first ten (or all, when fewer) that both have.
        score_difference: mean over documents of shadow's score minus the answer's; ``None``, and
            not in the line, where either is a cascade, whose scores do not compare.
        score_distance: mean over documents of the absolute difference; ``None`` likewise.
        shadow_ms: from its start to its scores.
        incomplete: 1 when a stage of a cascade, on either side, did not score: the figures are of
            a cheaper order. Only then it is in the line.
    """

    kind: ClassVar[str] = "shadow"

    time: float
    request_id: str
    experiment: str
    variant: str
    shadow_variant: str
    ranker: str
    bundle: str
    shadow_ranker: str
    shadow_bundle: str
    err_no: int = 0
    documents: int = 0
    kendall_tau: float = 0.0
    top1_same: int = 0
    top10_overlap: float = 0.0
    score_difference: Optional[float] = 0.0
    score_distance: Optional[float] = 0.0
    shadow_ms: float = 0.0
    incomplete: int = 0


@dataclass(frozen=True)
class Feedback:
    """What a reader did with one answer.

    Attributes:
        time: when the service got it, seconds since 1970, UTC.
        request_id: of the answer.
        clicks: indices of documents, as in the request.
        grades: pairs of a document's index and its relevance, 0 or more.
    """

    kind: ClassVar[str] = "feedback"

    time: float
    request_id: str
    clicks: tuple[int, ...] = ()
    grades: tuple[tuple[int, float], ...] = ()


_RECORDS = {cls.kind: cls for cls in (Exposure, ShadowComparison, Feedback)}
_TIMES = {
    kind: [field.name for field in fields(cls) if field.name.endswith("_ms")]
    for kind, cls in _RECORDS.items()
}
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SCORE_FIGURES = ("score_difference", "score_distance")
Record = Any  # one of the three


def to_line(record: Record) -> str:
    """One JSON line, its end included; scores keep seven digits, times their milliseconds."""
    values = {"kind": record.kind, **vars(record), "time": round(record.time, 3)}
    if record.kind == Exposure.kind:
        values["scores"] = [round(score, 7) for score in record.scores]
        if not record.query:
            del values["query"], values["titles"]
        if not record.stages:
            del values["stages"]
    if record.kind == ShadowComparison.kind:
        absent = [name for name in _SCORE_FIGURES if values[name] is None]
        for name in [*absent, *([] if record.incomplete else ["incomplete"])]:
            del values[name]
    for name in _TIMES[record.kind]:
        values[name] = round(values[name], 3)
    return _ENCODE(values) + "\n"


def from_line(line: str) -> Record:
    """The record of a line.

    Raises:
        InvalidField: the line is not a JSON object of a known kind with its fields.
    """
    try:
        values = json.loads(line)
        cls = _RECORDS[values.pop("kind")]
        if cls is ShadowComparison:
            values = {**dict.fromkeys(_SCORE_FIGURES), **values}
        lists = {name: _frozen(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InvalidField(f"no record ({type(error).__name__}: {error})", field="line") from error


def _frozen(values: list[Any]) -> tuple[Any, ...]:
    return tuple(tuple(v) if isinstance(v, list) else v for v in values)
