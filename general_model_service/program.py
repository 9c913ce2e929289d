# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the built program lies, and the environment in which it finds OpenVINO's libraries.

In: environment variables. Out: a path and a new environment; called by ``__main__`` and
``rank_service``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from contract.environment import built
from contract.errors import SetUpError

PROGRAM_VARIABLE = "TENSOR_SERVICE_BIN"
_LIBRARY_PATH = "LD_LIBRARY_PATH"
BUILT = built.BUILT / "tensor_service"
INSTALLED = built.INSTALLED / "tensor_service"


def find_program(environment: Mapping[str, str]) -> Path:
    """The program that ``TENSOR_SERVICE_BIN`` names, else the checkout's, else the image's.

    Raises:
        SetUpError: there is none.
    """
    named = environment.get(PROGRAM_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or os.path.isdir(named):  # noqa: PTH112
            raise SetUpError(f"{named!r} is not a program that can be run", field=PROGRAM_VARIABLE)
        return Path(named)
    for path in (BUILT, INSTALLED):
        if os.access(path, os.X_OK):
            return path
    raise SetUpError(
        f"the C++ program is not built; run `make tensor-service`, or name it in {PROGRAM_VARIABLE}"
    )


def with_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with this Python's OpenVINO before other places to look for libraries.

    Raises:
        SetUpError: OpenVINO is not installed.
    """
    # looks for the package without importing it, which would take half a second
    found = find_spec("openvino")
    if found is None or not found.submodule_search_locations:
        raise SetUpError("openvino is not installed in this environment; run `make setup-serving`")
    libraries = str(Path(found.submodule_search_locations[0]) / "libs")
    others = environment.get(_LIBRARY_PATH)
    return {**environment, _LIBRARY_PATH: f"{libraries}:{others}" if others else libraries}
