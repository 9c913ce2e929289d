# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled text in, checkpoints of the two rankers out, with their evaluation."""
