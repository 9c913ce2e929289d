# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How an experiment assigns variants, mixes two rankings, and records what was shown."""
