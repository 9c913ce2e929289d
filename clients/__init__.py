# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls the service: texts in, ranked results out, over RPC or HTTP; imports no server code."""
