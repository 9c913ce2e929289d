# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How a call reaches a service and its answer comes back: connections, deadlines, retries."""
