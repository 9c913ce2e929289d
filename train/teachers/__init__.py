# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Models that say how relevant a title is, before training; nothing that serves imports them.

From low to high: ``teacher``, ``score_cache``; ``openvino_graph``, ``encoder_graph``,
``foreign_tokens``; one file for each kind of teacher; ``spec``, which opens any; ``mixture``.
"""
