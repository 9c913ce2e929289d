# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where ONNX Runtime's library lies in this environment, for the program to open.

In: the environment's packages. Out: the library, whether it computes on a GPU, and the variables
that the program needs for it. Called by ``__main__``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Optional

LIBRARY_VARIABLE = "ONNXRUNTIME_LIBRARY"
_LIBRARY_PATH = "LD_LIBRARY_PATH"
_CUDA = "libonnxruntime_providers_cuda.so"


def package() -> Optional[Path]:
    """The folder of the package onnxruntime or onnxruntime-gpu; ``None``: neither is installed."""
    # looks for the package without importing it
    found = find_spec("onnxruntime")
    places = found.submodule_search_locations if found else None
    return Path(places[0]) if places else None


def library(folder: Optional[Path]) -> Optional[Path]:
    """ONNX Runtime's library in that package."""
    files = sorted(folder.glob("capi/libonnxruntime.so*")) if folder else []
    return files[0] if files else None


def computes_on_gpu(environment: Mapping[str, str], folder: Optional[Path]) -> bool:
    """Whether the library that the program will open has CUDA's part beside it."""
    named = environment.get(LIBRARY_VARIABLE)
    place = Path(named).parent if named else folder / "capi" if folder else None
    return place is not None and (place / _CUDA).is_file()


def with_onnxruntime(environment: Mapping[str, str], folder: Optional[Path]) -> dict[str, str]:
    """The environment in which the program finds it, and it finds CUDA in NVIDIA's packages.

    A library that the caller names stays.
    """
    found = library(folder)
    if found is None or folder is None or environment.get(LIBRARY_VARIABLE):
        return dict(environment)
    places = [environment.get(_LIBRARY_PATH, "")]
    places += sorted(str(path) for path in folder.parent.glob("nvidia/*/lib"))
    return {
        **environment,
        LIBRARY_VARIABLE: str(found),
        _LIBRARY_PATH: ":".join(filter(None, places)),
    }
