# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service: bundles in, rankings over RPC and HTTP out. ``python -m pipeline.web_service``."""
