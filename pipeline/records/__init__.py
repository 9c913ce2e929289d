# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Records of experiments: exposures, feedback, and comparisons with a shadow."""
