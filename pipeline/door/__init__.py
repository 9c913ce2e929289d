# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where every ranking request enters, over HTTP and RPC alike: admission, ranking, telemetry."""
