# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a cascade of two stages loses and saves, by how many documents its second stage scores."""
