# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that run a graph: Paddle Inference and OpenVINO."""
