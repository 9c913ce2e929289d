# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint in, a bundle that Paddle Serving loads out, with the proof that both score alike."""
