# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the service beside Paddle Inference called directly: ``python -m benchmarks.run``."""
