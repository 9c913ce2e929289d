# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that ask another service to compute, and the breaker before each of its endpoints."""
