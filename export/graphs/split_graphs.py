# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write the two graphs of a split ranker: one encodes a text, the other scores a pair of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from contract.bundle.graphs import GraphSpec
from contract.bundle.split import (
    DOCUMENT_IDS,
    DOCUMENT_PHRASES,
    DOCUMENT_STATES,
    ENCODER,
    LOGITS,
    QUERY_IDS,
    QUERY_PHRASES,
    QUERY_STATES,
    SCORER,
    SPLIT_DIR,
    Split,
)
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from export.graphs.static_graph import narrow_last_layer, save_static, written_format


def save_split(model: Any, directory: Path, optimize: bool) -> Optional[Split]:
    """Write both graphs under ``directory/split``, in place of those of an earlier export.

    Args:
        model: either ranker, in eval mode.
        directory: of the export.
        optimize: leave out of the scorer's last layer what no score depends on.

    Returns:
        What the manifest says of them, or ``None`` where the ranker is not split.
    """
    from paddle.static import InputSpec

    from train.model.layers import config_of
    from train.model.split.parts import JointScorer, PartEncoder
    from train.model.split.settings import SplitSettings

    config = config_of(model)
    settings = SplitSettings.of_config(config)
    folder = directory / SPLIT_DIR
    _remove_graphs(folder)
    if settings is None:
        return None
    state_size = settings.state_size or int(config.hidden_size)
    phrase_size = _phrase_size(config)
    split = Split(
        config.num_hidden_layers - settings.lower_layers,
        state_size,
        settings.state_type,
        phrase_size,
        _spec(ENCODER),
        _spec(SCORER),
    )

    def ids(name: str) -> Any:
        return InputSpec([None, None], "int64", name)

    specs = [ids(QUERY_IDS), ids(DOCUMENT_IDS)]
    for name in (QUERY_STATES, DOCUMENT_STATES):
        specs.append(InputSpec([None, None, state_size], "float32", name))
    if phrase_size:
        for name in (QUERY_PHRASES, DOCUMENT_PHRASES):
            specs.append(InputSpec([None, phrase_size], "float32", name))
    folder.mkdir(exist_ok=True)
    encoder_specs = [ids(INPUT_IDS), ids(TOKEN_TYPE_IDS)]
    save_static(PartEncoder(model), encoder_specs, folder / ENCODER, split.encoder_outputs)
    save_static(JointScorer(model), specs, folder / SCORER, [LOGITS])
    if optimize:
        narrow_last_layer(directory / split.scorer.path)
    return split


def _remove_graphs(folder: Path) -> None:
    """Take an earlier export's away; what else lies there is not ours."""
    for name in (ENCODER, SCORER):
        for file in folder.glob(f"{name}.*"):
            file.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _phrase_size(config: Any) -> int:
    from train.model.evidence.settings import EvidenceSettings

    evidence = EvidenceSettings.of_config(config)
    return 0 if evidence is None else evidence.phrase_size


def _spec(name: str) -> GraphSpec:
    path = f"{SPLIT_DIR}/{name}"
    return GraphSpec(written_format(), f"{path}.{written_format()}", f"{path}.pdiparams")
