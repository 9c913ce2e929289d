# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Models in Hugging Face's format: read from a directory or the hub, and written again."""
