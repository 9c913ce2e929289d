# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures this project beside what a user would run instead: ``python -m benchmarks.run``."""
