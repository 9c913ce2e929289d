# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How queries are read from files and results are written: TSV, JSON lines, tables."""
