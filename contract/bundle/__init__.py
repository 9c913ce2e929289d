# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A published ranker on disk: its files, its manifest, its graphs and its golden pairs."""

from contract.bundle.bundle import Bundle

__all__ = ["Bundle"]
