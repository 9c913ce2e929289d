# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What this service takes of paddle_serving_server: the ONE place that imports it.

Importing this opens Paddle Serving's log files; :mod:`pipeline.telemetry.log_files` says where.
"""

import warnings

from contract.environment.serving_packages import make_importable

make_importable()

with warnings.catch_warnings():
    # newer Pythons warn of backslashes in its texts, once, when they compile it
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from paddle_serving_server.pipeline.channel import ChannelData, ThreadChannel
    from paddle_serving_server.pipeline.dag import DAGExecutor
    from paddle_serving_server.pipeline.error_catch import CustomExceptionCode
    from paddle_serving_server.pipeline.operator import Op, RequestOp, ResponseOp
    from paddle_serving_server.pipeline.profiler import UnsafeTimeProfiler
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2

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
