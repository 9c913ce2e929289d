# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Systems that a user would run instead, each in a process, some in an environment, of its own."""
