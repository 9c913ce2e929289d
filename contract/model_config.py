# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The message of ``serving_*_conf.prototxt``, which names a graph's inputs and outputs.

Described here, so that reading and writing a bundle needs no package of Paddle Serving.
"""

from __future__ import annotations

from contract.messages import BOOL, INT32, STRING, Field, message_classes

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
