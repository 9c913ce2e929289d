# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Traces: where the time of one request went, told to an OpenTelemetry collector."""
