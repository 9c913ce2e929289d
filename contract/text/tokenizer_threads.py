# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How many threads the tokenizer packages may use for one call: one number for the whole process.

It stands in the environment, where a user may set it too, and where processes that are started
later find it. ``contract.text.wordpiece`` reads it when it builds a tokenizer.
"""

from __future__ import annotations

import os
from typing import Optional

from contract.errors import BundleError

THREADS_VARIABLE = "TOKENIZER_THREADS"


def set_tokenizer_threads(count: Optional[int]) -> None:
    """Set the number for tokenizers that are built from now on; ``None`` leaves what is set."""
    if count is not None:
        os.environ[THREADS_VARIABLE] = str(count)


def tokenizer_threads() -> Optional[int]:
    """What is set, or ``None``: then each package does as it does by itself.

    Raises:
        BundleError: the variable holds no number of threads.
    """
    stated = os.environ.get(THREADS_VARIABLE, "")
    if not stated:
        return None
    if not stated.isascii() or not stated.isdigit() or int(stated) < 1:
        raise BundleError(
            f"must be a number of threads, at least 1, got {stated!r}", field=THREADS_VARIABLE
        )
    return int(stated)
