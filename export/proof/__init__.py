# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The proof that a graph scores as the trained model does: golden pairs, scored by all engines."""
