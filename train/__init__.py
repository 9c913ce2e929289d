# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train the two rankers on labelled text, and measure them.

The commands lie at the top of this folder. Below them, from low to high: ``bm25``, ``data``,
``model``, ``teachers``, ``mining``, ``evaluation``, ``recipes``, ``training``; each imports only
what comes before it.
"""
