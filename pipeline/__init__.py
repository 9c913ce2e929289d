# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service that ranks: ``python -m pipeline.web_service``. Its rooms: docs/architecture.md."""
