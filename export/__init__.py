# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turn a checkpoint into a bundle that a service loads, and prove that both score alike.

The commands lie at the top of this folder. Below them, from low to high: ``graphs``, ``engines``,
``proof``, ``bundle``, ``quantization``; each imports only what comes before it.
"""
