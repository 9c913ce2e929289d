# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of units: estimates, intervals and tests, from numbers alone."""
