# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The ranking service as a caller sees it: requests, results, and the classes that ask."""
