# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what the service recorded of an experiment, as arrays with an entry a request."""
