# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The file ``export.json``, by which ``export_model`` tells later commands what its graph is.

An export directory of upstream has no such file; :func:`read_facts` returns ``None`` for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from contract.bundle.split import Split
from contract.errors import BundleError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.text.rules import OF_OLDER_FILES, TextRules

FACTS_FILE = "export.json"
PREDICT = "predict"
LOGITS = "logits"

# upstream's file names
GRAPH_NAMES: Mapping[str, str] = {PAIRWISE: "inference.predict", CROSS_ENCODER: "inference"}

# outputs of each ranker's graph by position; clients of the tensor service read the first
OUTPUTS: Mapping[str, tuple[str, ...]] = {PAIRWISE: (PREDICT, LOGITS), CROSS_ENCODER: (PREDICT,)}

# the output that the score function takes
LOGITS_OUTPUT: Mapping[str, str] = {PAIRWISE: LOGITS, CROSS_ENCODER: PREDICT}

_SCHEMA = 1


@dataclass(frozen=True)
class ExportFacts:
    """Facts of one export directory.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        score_function: a key of :data:`contract.scoring.SCORE_FUNCTIONS`.
        logits: name of the output that the score function takes.
        max_seq_length: longest row in tokens.
        model_filename: the graph, relative to the directory.
        params_filename: its parameters.
        outputs: names of the graph's outputs, by position.
        source: checkpoint, command and package versions.
        truncation: how pairs were cut in training.
        normalization: how their texts were normalized.
        split: what a manifest says of a split ranker, its graphs relative to the directory; or
            ``None``.
    """

    ranker: str
    score_function: str
    logits: str
    max_seq_length: int
    model_filename: str
    params_filename: str
    outputs: tuple[str, ...]
    source: Mapping[str, str]
    truncation: str = OF_OLDER_FILES.truncation
    normalization: str = OF_OLDER_FILES.normalization
    split: Optional[Split] = None

    @property
    def text_rules(self) -> TextRules:
        """How texts become rows."""
        return TextRules(self.truncation, self.normalization)

    def write(self, directory: Path) -> None:
        """Write ``export.json``."""
        fields = {"schema": _SCHEMA, **asdict(self)}
        # a whole ranker's are read by releases that know of no split
        if self.split is None:
            del fields["split"]
        text = json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False)
        (directory / FACTS_FILE).write_text(text + "\n", encoding="utf-8")


def read_facts(directory: Path) -> Optional[ExportFacts]:
    """Facts of an export directory, or ``None`` when upstream's tools made it.

    Raises:
        BundleError: ``export.json`` is damaged or speaks of things unknown.
    """
    path = directory / FACTS_FILE
    if not path.exists():
        return None
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = fields.pop("schema")
        if fields.get("split") is not None:
            fields["split"] = Split.parse(fields["split"])
        facts = ExportFacts(**{**fields, "outputs": tuple(fields["outputs"])})
        known = schema == _SCHEMA and facts.ranker in RANKERS
        facts.text_rules.checked(str(path))
        if not known or facts.score_function not in SCORE_FUNCTIONS:
            raise ValueError("this version does not know its schema, ranker or score function")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{error}; run export_model again", field=str(path)) from error
    return facts
