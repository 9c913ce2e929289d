# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle Serving's messages, described apart from the service so that its wire is what they say."""

from __future__ import annotations

from contract.protobuf_classes import (
    BYTES,
    FLOAT,
    INT32,
    INT64,
    STRING,
    UINT64,
    Field,
    message_classes,
)

_PACKAGE = "baidu.paddle_serving.pipeline_serving"
INFERENCE = f"/{_PACKAGE}.PipelineService/inference"
_, PbRequest, PbResponse = message_classes(
    _PACKAGE,
    {
        "Tensor": (
            Field("int64_data", 1, INT64, many=True),
            Field("str_data", 9, STRING, many=True),
            Field("elem_type", 20, INT32),
            Field("shape", 21, INT32, many=True),
            Field("name", 23, STRING),
        ),
        "Request": (
            Field("key", 1, STRING, many=True),
            Field("value", 2, STRING, many=True),
            Field("tensors", 3, "Tensor", many=True),
            Field("name", 4, STRING),
            Field("method", 5, STRING),
            Field("logid", 6, INT64),
            Field("clientip", 7, STRING),
        ),
        "Response": (
            Field("err_no", 1, INT32),
            Field("err_msg", 2, STRING),
            Field("key", 3, STRING, many=True),
            Field("value", 4, STRING, many=True),
            Field("tensors", 5, "Tensor", many=True),
        ),
    },
)

_, TensorRequest, TensorResponse = message_classes(
    "baidu.paddle_serving.predictor.general_model",
    {
        "Tensor": (
            Field("int64_data", 1, INT64, many=True),
            Field("float_data", 2, FLOAT, many=True),
            Field("elem_type", 10, INT32),
            Field("shape", 11, INT32, many=True),
            Field("alias_name", 14, STRING),
            Field("tensor_content", 15, BYTES),
        ),
        "Request": (
            Field("tensor", 1, "Tensor", many=True),
            Field("fetch_var_names", 2, STRING, many=True),
            Field("log_id", 4, UINT64),
        ),
        "Response": (
            Field("outputs", 1, "ModelOutput", many=True),
            Field("log_id", 4, UINT64),
            Field("err_no", 5, INT32),
            Field("err_msg", 6, STRING),
        ),
        "ModelOutput": (Field("tensor", 1, "Tensor", many=True), Field("engine_name", 2, STRING)),
    },
)[:3]
