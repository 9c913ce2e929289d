# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the HTTP edge, and the page that shows it."""
