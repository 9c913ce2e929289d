# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The RPC edge: gRPC service baidu.paddle_serving.pipeline_serving.PipelineService on rpc_port."""
