# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The ops of the DAG: tokenize, one ranker op per ranker, sort; and the adapter to Paddle's Op."""
