# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a published bundle as the checkpoint that it was made from.

New bundles hold the model's configuration, ``config.json``, and in ``parameters.json`` the name of
each parameter by the graph's name for it. Of older ones the configuration is read from the graph,
and parameters are matched in the order in which Paddle made them. Either way the model has to
repeat the bundle's golden logits, or the bundle is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.files import (
    CONFIG_FILE,
    GOLDEN_FILE,
    MANIFEST_FILE,
    PARAMETER_NAMES_FILE,
    SERVER_CONF,
)
from contract.bundle.golden import Feed, Tolerance, check_golden, read_golden
from contract.bundle.graphs import PDMODEL, Reader
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, SetUpError
from contract.scoring import SCORE_FUNCTIONS
from train.model.checkpoint import read_json, sha256
from train.model.evidence.phrases import unpacked
from train.model.family import Backbone, family_of
from train.model.graph_parameters import PaddleGraph, read_graph
from train.model.layers import build_model, config_of, pack_evidence
from train.model.parameters import graph_names

# in scores and logits; in logits also as a part of what lies between the lowest and the highest
GOLDEN_TOLERANCE = Tolerance(score=1e-5, logit=1e-5, of_spread=1e-5)
_READER = Reader("a checkpoint's reader", (PDMODEL,))


def is_bundle(path: Union[str, Path]) -> bool:
    """Whether a directory is a bundle, or the ``serving_server`` of one."""
    path = Path(path)
    if (path / SERVER_CONF).is_file():
        path = path.resolve().parent
    return (path / MANIFEST_FILE).is_file()


def bundle_backbone(path: Path, name: str) -> Backbone:
    """The model of a bundle, with its head, tokenizer, rules and length.

    Raises:
        BundleError: the bundle is damaged.
        SetUpError: it holds no weights that can be trained, or they do not repeat its golden
            logits.
    """
    bundle = Bundle.open(path)
    manifest = bundle.manifest
    if manifest.precision != "fp32":
        source = manifest.source.get("quantized_from", "")
        raise SetUpError(
            f"is {manifest.precision}, which has no weights to load; name the fp32 bundle"
            f"{f' {source}' if source else ''} or the checkpoint that it was made from",
            field=f"bundle {name}",
        )
    if not any(graph.format == PDMODEL for graph in bundle.graphs):
        raise SetUpError(
            "has no .pdmodel, the only kind of graph whose weights can be read; name the "
            "checkpoint that it was made from",
            field=f"bundle {name}",
        )
    files = bundle.graph(_READER)
    graph = read_graph(files)
    content = _config(bundle, graph)
    family = family_of(content, bundle.root / CONFIG_FILE)
    logits = bundle.score.width
    backbone = Backbone(
        name,
        family,
        family.config.from_dict(content),
        None,
        bundle.tokenizer_dir,
        manifest.ranker,
        logits=logits,
        rules=manifest.text_rules,
        max_seq_length=manifest.max_seq_length,
        digest=sha256(files.params) if files.params else None,
    )
    model = build_model(manifest.ranker, backbone, logits)
    pack_evidence(model)
    named = _named(bundle, graph, model, name)
    for key, parameter in model.state_dict().items():
        if list(parameter.shape) != list(named[key].shape):
            raise _unlike(name, f"{key} has shape {list(named[key].shape)} there")
        parameter.set_value(named[key])
    _prove(bundle, model, name)
    return replace(backbone, parameters=unpacked(named))


def _config(bundle: Bundle, graph: PaddleGraph) -> dict[str, Any]:
    """Of a new bundle as it was trained with, else as its graph tells."""
    if CONFIG_FILE in bundle.manifest.files:
        return read_json(bundle.root / CONFIG_FILE)
    return {"model_type": "ernie", "pad_token_id": bundle.encoder().pad_id, **graph.config()}


def _named(bundle: Bundle, graph: PaddleGraph, model: Any, name: str) -> dict[str, NDArray[Any]]:
    """The graph's arrays by the model's names."""
    own: Mapping[str, str]
    if PARAMETER_NAMES_FILE in bundle.manifest.files:
        own = read_json(bundle.root / PARAMETER_NAMES_FILE)
    else:
        found = graph_names(model)
        if sorted(map(_kind, found)) != sorted(map(_kind, graph.arrays)):
            raise _unlike(
                name, f"it has {len(graph.arrays)} parameters, an ERNIE ranker {len(found)}"
            )
        in_order = zip(sorted(graph.arrays, key=_place), sorted(found, key=_place))
        own = {theirs: found[ours] for theirs, ours in in_order}
    named = {own[key]: value for key, value in graph.arrays.items() if key in own}
    missing = sorted(set(model.state_dict()) - set(named))
    if missing:
        raise _unlike(name, f"{missing[0]} is not among its parameters")
    return named


def _kind(name: str) -> tuple[str, str]:
    """``linear_12.w_0`` is the ``w_0`` of a ``linear``."""
    layer, _, part = name.partition(".")
    return layer.rpartition("_")[0], part


def _place(name: str) -> tuple[str, str, int]:
    """Its place among its kind: Paddle numbers layers as they are made."""
    number = name.partition(".")[0].rpartition("_")[2]
    return (*_kind(name), int(number) if number.isdigit() else -1)


def _prove(bundle: Bundle, model: Any, name: str) -> None:
    import paddle

    def run(feed: Feed) -> NDArray[np.float32]:
        with paddle.no_grad():
            logits = model(
                paddle.to_tensor(feed[INPUT_IDS]), paddle.to_tensor(feed[TOKEN_TYPE_IDS])
            )
        found = np.asarray(logits.numpy(), dtype=np.float32)
        # an older graph returns scores alone, so that its golden pairs have no logits
        return found if score.has_logits else sigmoid(found)[:, None].astype(np.float32)

    score, sigmoid = bundle.score, SCORE_FUNCTIONS["sigmoid"]
    model.eval()
    golden = read_golden(bundle.root / GOLDEN_FILE)
    try:
        check_golden(golden, bundle.encoder(), run, score, GOLDEN_TOLERANCE)
    except BundleError as error:
        raise _unlike(name, str(error)) from error


def _unlike(name: str, reason: str) -> SetUpError:
    return SetUpError(
        f"the model that was read from it is not the one it was made from: {reason}; name the "
        "checkpoint that it was made from",
        field=f"bundle {name}",
    )


def write_model_facts(model: Any, directory: Path) -> None:
    """Write the two files by which a bundle can be read as a checkpoint.

    Args:
        model: the ranker whose graph is exported.
        directory: of the export.
    """
    config_of(model).save_pretrained(str(directory))
    text = json.dumps(graph_names(model), indent=2, sort_keys=True)
    (directory / PARAMETER_NAMES_FILE).write_text(text + "\n", encoding="utf-8")
