# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The process itself: its ports, signals, threads, garbage collection and version."""
