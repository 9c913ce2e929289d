# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How good a ranker is: metrics over lists, and the comparison with BM25."""
