# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the variants of an experiment, checks the data, and decides what to do."""
