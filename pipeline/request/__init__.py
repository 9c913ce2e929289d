# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What travels with a request: the call, its route, its cancellation, its trace and its outcome."""
