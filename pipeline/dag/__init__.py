# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The graph of ops on Paddle Serving: tokenize, a ranker op for each ranker, sort."""
