# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the C++ program in place of this process, from Paddle Serving's serve flags.

``python -m general_model_service --model serving_models/pairwise/serving_server --port 8600``.
With SERVING_BIN set, Paddle Serving's own launcher runs that program instead. Nothing heavy is
imported, so that this costs a start 50 ms.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Optional

from contract.errors import SetUpError
from general_model_service import onnxruntime_files
from general_model_service.flag_parser import PROG
from general_model_service.flags import translate
from general_model_service.program import find_program, with_libraries

_EXIT_USAGE = 2


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Become the program; returns 2 only when that cannot be done."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if os.environ.get("SERVING_BIN"):
            serve = ["-m", "contract.environment.serving_packages", "paddle_serving_server.serve"]
            os.execv(sys.executable, [sys.executable, *serve, *arguments])
        onnxruntime = onnxruntime_files.package()
        flags = translate(arguments, onnxruntime_files.computes_on_gpu(os.environ, onnxruntime))
        for note in flags.notes:
            print(f"{PROG}: {note}", file=sys.stderr)
        program = str(find_program(os.environ))
        environment = with_libraries(os.environ)
        environment = onnxruntime_files.with_onnxruntime(environment, onnxruntime)
        sys.stderr.flush()
        os.execve(program, [program, *flags.arguments], environment)
    except SetUpError as error:
        print(f"{PROG}: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{PROG}: error: the program does not start ({error})", file=sys.stderr)
    return _EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
