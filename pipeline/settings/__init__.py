# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What config_nlp.yml may hold: its keys, their defaults, and what is said of a wrong one."""
