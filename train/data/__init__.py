# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled lists of text: reading them, encoding them, and dealing them out in batches."""
