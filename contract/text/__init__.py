# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Unicode text to words, and words to token ids: the steps inside contract.encoding."""
