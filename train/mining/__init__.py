# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds negatives for lists of queries with relevant titles, in a corpus of titles.

From low to high: ``lists``, ``pool``, ``sources``, ``judge``, ``selection``, ``mined_files``.
"""
