# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What this service takes of paddle_serving_server: the ONE place that imports it.

Importing this opens Paddle Serving's log files; :mod:`pipeline.log_files` says where.
"""

from contract.serving_packages import make_importable

make_importable()

# the package can be imported from here on only; its logger has to come first
import paddle_serving_server.pipeline.logger  # noqa: E402, F401
from paddle_serving_server.pipeline.channel import ChannelData, ThreadChannel  # noqa: E402
from paddle_serving_server.pipeline.dag import DAGExecutor  # noqa: E402
from paddle_serving_server.pipeline.error_catch import CustomExceptionCode  # noqa: E402
from paddle_serving_server.pipeline.operator import Op, RequestOp, ResponseOp  # noqa: E402
from paddle_serving_server.pipeline.profiler import UnsafeTimeProfiler  # noqa: E402
from paddle_serving_server.pipeline.proto import pipeline_service_pb2  # noqa: E402

__all__ = [
    "ChannelData",
    "CustomExceptionCode",
    "DAGExecutor",
    "Op",
    "RequestOp",
    "ResponseOp",
    "ThreadChannel",
    "UnsafeTimeProfiler",
    "pipeline_service_pb2",
]
