# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Load a graph of a bundle in every engine of this environment that can read it, for the proof."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import Feed, RunFeed
from contract.bundle.graphs import OPENVINO, PDMODEL, GraphFiles, GraphSpec, choose, paddle_reader
from contract.environment.serving_packages import make_importable
from contract.errors import BundleError
from export.engines.openvino_inference import run_graph
from export.engines.paddle_inference import GraphPredictor, InferenceOptions, logits_of
from export.graphs.quiet import quiet_stderr

_LOG_VARIABLE = "SERVING_LOG_PATH"

# the kernels a CPU service may choose; LocalPredictor adds the graph as it is, unfused
_PADDLE: Mapping[str, InferenceOptions] = {
    "Paddle Inference": InferenceOptions(),
    "Paddle Inference with oneDNN": InferenceOptions(enable_mkldnn=True),
}


def engines_of(bundle: Bundle, graph: GraphFiles) -> dict[str, RunFeed]:
    """Load one of a bundle's graphs in every engine.

    Returns:
        Functions from feeds to logits, by the names used in messages.

    Raises:
        BundleError: an engine does not load it, or none that is here reads its format, so that
            nothing would prove its scores.
    """
    engines: dict[str, RunFeed] = {}
    name = graph.model.name
    if graph.format in paddle_reader().formats:
        engines.update({f"{kind} on {name}": run for kind, run in _paddle(bundle, graph).items()})
    if graph.format in OPENVINO.formats and find_spec("openvino") is not None:
        engines[f"OpenVINO on {name}"] = run_graph(graph.model, logits_output(bundle))
    if not engines:
        # the words for a graph that Paddle cannot read say what to do
        spec = GraphSpec(graph.format, name)
        try:
            choose([spec], paddle_reader(), str(bundle.server_dir))
        except BundleError as error:
            raise BundleError(
                f"{error.message}; nothing here can prove its scores", field=error.field
            ) from error
    return engines


def logits_output(bundle: Bundle) -> str:
    """The graph's own name of the output that is scored."""
    manifest = bundle.manifest
    return next(spec.name for spec in manifest.fetches if spec.alias == manifest.logits)


def _paddle(bundle: Bundle, graph: GraphFiles) -> dict[str, RunFeed]:
    if graph.params is None:
        raise BundleError("has no .pdiparams", field=str(graph.model))
    manifest = bundle.manifest
    # first, because LocalPredictor ends its whole process group on a graph that does not load
    predictors = {
        name: GraphPredictor(graph.model, graph.params, options)
        for name, options in _PADDLE.items()
    }
    engines: dict[str, RunFeed] = {
        name: logits_of(predictor, manifest.fetches, manifest.logits)
        for name, predictor in predictors.items()
    }
    if graph.format == PDMODEL:
        engines["LocalPredictor"] = _run_local_predictor(bundle)
    return engines


def _run_local_predictor(bundle: Bundle) -> RunFeed:
    """Paddle Serving's own predictor, as its pipeline would build it; it finds no .json."""
    predictor = _local_predictor()
    with quiet_stderr():  # LocalPredictor leaves on what Paddle's C++ prints of its passes
        predictor.load_model_config(str(bundle.server_dir))
    output = logits_output(bundle)

    def run(feed: Feed) -> NDArray[np.float32]:
        fetched = predictor.predict(feed=dict(feed), fetch=[output], batch=True)
        return np.asarray(fetched[output], dtype=np.float32)

    return run


def _local_predictor() -> Any:
    """Import it without what its import leaves behind: a log directory and ten lines a model."""
    with tempfile.TemporaryDirectory(prefix="serving-log-") as folder:
        stated = os.environ.get(_LOG_VARIABLE)
        os.environ[_LOG_VARIABLE] = stated or folder
        try:
            make_importable()
            from paddle_serving_app.local_predict import LocalPredictor
        finally:
            if stated is None:
                del os.environ[_LOG_VARIABLE]
    logging.getLogger("LocalPredictor").setLevel(logging.WARNING)
    return LocalPredictor()
