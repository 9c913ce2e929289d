# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP edge: the gateway's URL and body, and the fuller JSON body, on http_port."""
