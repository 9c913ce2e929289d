# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle Serving's ``serving_*_conf.prototxt``, which names a graph's inputs and outputs.

Its message is described here, so that no package of Paddle Serving is needed to read or write it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from contract.bundle.files import read_text
from contract.errors import BundleError
from contract.protobuf_classes import BOOL, INT32, STRING, Field, message_classes
from contract.tensors import ELEM_TYPES, TensorSpec

PACKAGE = "baidu.paddle_serving.configure"


def _variable(type_field: str) -> list[Field]:
    return [
        Field("name", 1, STRING),
        Field("alias_name", 2, STRING),
        Field("is_lod_tensor", 3, BOOL),
        Field(type_field, 4, INT32),
        Field("shape", 5, INT32, many=True),
    ]


_, _, GeneralModelConfig = message_classes(
    PACKAGE,
    {
        "FeedVar": _variable("feed_type"),
        "FetchVar": _variable("fetch_type"),
        "GeneralModelConfig": [
            Field("feed_var", 1, "FeedVar", many=True),
            Field("fetch_var", 2, "FetchVar", many=True),
        ],
    },
    "proto2",
)


def read_serving_conf(path: Path) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Feeds and fetches of a ``serving_*_conf.prototxt``, in its order.

    Raises:
        BundleError: unreadable, not a GeneralModelConfig, or an element type nobody can feed.
    """
    config = GeneralModelConfig()
    try:
        text_format.Parse(read_text(path), config)
        feeds = tuple(_spec(var, var.feed_type) for var in config.feed_var)
        fetches = tuple(_spec(var, var.fetch_type) for var in config.fetch_var)
    except (text_format.ParseError, KeyError) as error:
        raise BundleError(
            f"not a Paddle Serving model config ({error})", field=str(path)
        ) from error
    if not feeds or not fetches:
        raise BundleError("declares no inputs or no outputs", field=str(path))
    return feeds, fetches


def _spec(variable: Any, elem_type: int) -> TensorSpec:
    shape = tuple(variable.shape)
    return TensorSpec(variable.name, variable.alias_name, ELEM_TYPES[elem_type], shape)
