# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes fixtures/<type>/serving_server: one tiny Paddle program for each element type.

Each has an input ``x`` [N, L] and an output ``y`` of the same shape and type: ``2 x``, or
``not x`` for booleans. Read by openvino_engine_test.cc. Run it again after a change here::

    python general_model_service/tests/make_fixtures.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent / "fixtures"

# elem_type of the wire by numpy name, which is the directory's
TYPES = {
    "int64": 0,
    "float32": 1,
    "int32": 2,
    "float64": 3,
    "int16": 4,
    "float16": 5,
    "bfloat16": 6,
    "uint8": 7,
    "int8": 8,
    "bool": 9,
}

CONF = """\
feed_var {{
  name: "x"
  alias_name: "x"
  feed_type: {elem_type}
}}
fetch_var {{
  name: "{output}"
  alias_name: "y"
  fetch_type: {elem_type}
}}
"""


def write_fixture(dtype: str) -> None:
    """Export the program of one type in the layout of a bundle without manifest."""
    import paddle

    paddle.enable_static()
    program = paddle.static.Program()
    # the guard starts the names of variables anew, so that a fixture does not depend on the others
    with paddle.utils.unique_name.guard(), paddle.static.program_guard(program):
        x = paddle.static.data("x", [-1, -1], dtype)
        y = paddle.logical_not(x) if dtype == "bool" else paddle.scale(x, 2.0)
        executor = paddle.static.Executor(paddle.CPUPlace())
        server_dir = FIXTURES / dtype / "serving_server"
        server_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "inference"
            paddle.static.save_inference_model(str(path), [x], [y], executor, program=program)
            shutil.copy(path.with_suffix(".pdmodel"), server_dir)
    saved = paddle.static.Program.parse_from_string((server_dir / "inference.pdmodel").read_bytes())
    fetch = next(op for op in saved.global_block().ops if op.type == "fetch")
    conf = CONF.format(elem_type=TYPES[dtype], output=fetch.input("X")[0])
    (server_dir / "serving_server_conf.prototxt").write_text(conf, encoding="utf-8")


if __name__ == "__main__":
    for name in TYPES:
        write_fixture(name)
