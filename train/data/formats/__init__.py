# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of files that labelled rows come in: each is read into the same rows."""
