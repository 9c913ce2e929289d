# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the C++ tensor service of this folder by Paddle Serving's own command line."""
