# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which ranker answers a request: experiments, their configuration, and their exposure log."""
