# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Graph files: what tensors they have, and how one is rewritten or converted into another."""
