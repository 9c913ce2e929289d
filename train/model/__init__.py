# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two rankers: building, loading and running them, and what a checkpoint is on disk."""
