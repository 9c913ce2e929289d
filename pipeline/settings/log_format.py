# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""In which forms the log files may be written."""

TEXT, JSON = "text", "json"
