# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the processor can do, and what Paddle's math library has to be told about it.

Reads /proc/cpuinfo only. A process calls :func:`prepare_math_library` before it imports paddle.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path

# The MKL that ships inside PaddlePaddle 2.6 and 3.3 picks its slowest kernels on any processor that
# is not Intel's; this variable, read when the library loads, makes it pick the AVX2 ones
# (docs/decisions/mkl-on-amd.md: 43 -> 146 GFLOP/s on two cores).
_MKL_KERNEL_VARIABLE = "MKL_DEBUG_CPU_TYPE"
_MKL_AVX2_KERNELS = "5"


@lru_cache(maxsize=1)
def _first_processor() -> dict[str, str]:
    """What the system tells of the first processor; empty where there is no /proc."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _cpuinfo() -> tuple[str, frozenset[str]]:
    """Vendor and feature flags of the processor."""
    facts = _first_processor()
    return facts.get("vendor_id", ""), frozenset(facts.get("flags", "").split())


def describe_cpu() -> str:
    """Model and features: what was compiled or measured here holds where this is the same."""
    return f"{_first_processor().get('model name', '')}: {' '.join(sorted(_cpuinfo()[1]))}"


def has_bf16() -> bool:
    """Whether the processor can run Paddle's and oneDNN's bfloat16 kernels (AVX-512 core)."""
    return {"avx512bw", "avx512vl", "avx512dq"} <= _cpuinfo()[1]


def prepare_math_library() -> None:
    """Set what Paddle's MKL reads when it loads. Call it before ``import paddle``.

    A value the user has set stays. Paddle 3 also warns at its import that a cache of compiled
    sources is missing, which nobody here compiles.
    """
    warnings.filterwarnings("ignore", message="No ccache found")
    vendor, flags = _cpuinfo()
    if vendor != "GenuineIntel" and {"avx2", "fma"} <= flags:
        os.environ.setdefault(_MKL_KERNEL_VARIABLE, _MKL_AVX2_KERNELS)
