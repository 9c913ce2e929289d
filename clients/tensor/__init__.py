# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ tensor service as a caller sees it: texts are tokenized here, tensors travel."""
