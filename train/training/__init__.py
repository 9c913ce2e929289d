# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One training run: its losses, its loop and the snapshots that it resumes from."""
