# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the service tells of itself: metrics, recent traffic, logs and traces."""
