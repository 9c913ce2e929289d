# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranker whose lower layers see query and document apart, and its two parts.

PreTTR (MacAvaney et al., 2020, arXiv 2004.14255): what the lower layers make of a document can be
kept, and only the upper ones have to run for each pair.
"""
