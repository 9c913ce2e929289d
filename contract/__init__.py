# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What every stage agrees on: encoding, bundles, requests, scores and errors."""
