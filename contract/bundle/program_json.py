# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the inputs and outputs of a program that Paddle 3 wrote (``.json``), without Paddle.

It is read as the text that it is. So an environment whose Paddle cannot load the program can tell
what it is, and a file that is no program is refused before an engine or a converter sees it: some
of these end their process on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from contract.errors import BundleError

_MAGIC = "pir"

# type names of Paddle's PIR, to numpy
_DTYPES: Mapping[str, str] = {
    "t_bool": "bool",
    "t_ui8": "uint8",
    "t_i8": "int8",
    "t_i16": "int16",
    "t_i32": "int32",
    "t_i64": "int64",
    "t_f16": "float16",
    "t_bf16": "bfloat16",
    "t_f32": "float32",
    "t_f64": "float64",
}


class End(NamedTuple):
    """One input or output: its name, a numpy type name, its shape with the batch, -1 varies."""

    name: str
    dtype: str
    shape: tuple[int, ...]


# raised when the text is something else: a value is missing, of another kind, or nested too deep
_NO_PROGRAM = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class ProgramJson:
    """A parsed program."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BundleError: missing, or no program of Paddle 3 with inputs and outputs.
        """
        try:
            self._fields: Any = json.loads(path.read_text(encoding="utf-8"))
            if self._fields["base_code"]["magic"] != _MAGIC:
                raise ValueError("another magic word")
            (region,) = self._fields["program"]["regions"]
            operators = region["blocks"][0]["ops"]
            self._fetches = sorted(
                (op for op in operators if _kind(op) == "fetch"),
                key=lambda op: int(_attributes(op)["col"]["D"]),
            )
            self.inputs = tuple(_end(op) for op in operators if _is_input(op))
            self.outputs = tuple(_end(op) for op in self._fetches)
        except OSError as error:
            raise BundleError(
                f"not a readable program ({error}); export it again", field=str(path)
            ) from error
        except _NO_PROGRAM as error:
            raise BundleError(
                f"not a program of Paddle 3 ({type(error).__name__}: {error}); export it again",
                field=str(path),
            ) from error
        if not self.inputs or not self.outputs:
            raise BundleError(
                "not a program of Paddle 3: it has no inputs or no outputs; export it again",
                field=str(path),
            )

    def named(self, names: Sequence[str]) -> str:
        """The program's text with its outputs renamed to ``names``, in their order."""
        for op, name in zip(self._fetches, names):
            _attributes(op)["name"]["D"] = name
        # as Paddle writes it
        return json.dumps(self._fields, ensure_ascii=False, separators=(",", ":"))


def _kind(operator: Any) -> str:
    """``1.fetch`` is the operator ``fetch`` of the dialect with number 1."""
    return str(operator["#"]).rpartition(".")[2]


def _is_input(operator: Any) -> bool:
    """Buffers that are saved with the parameters are ``data`` too, and persistable."""
    if _kind(operator) not in ("data", "feed"):
        return False
    kept = [a for a in operator.get("OA", []) if isinstance(a, dict) and a["N"] == "persistable"]
    return not any(value["D"] for attribute in kept for value in attribute["AT"]["D"])


def _attributes(operator: Any) -> dict[str, Any]:
    return {attribute["N"]: attribute["AT"] for attribute in operator["A"]}


def _end(operator: Any) -> End:
    """The name is an attribute; type and shape are those of the operator's result."""
    element, shape = operator["O"][0]["TT"]["D"][:2]
    kind = str(element["#"]).rpartition(".")[2]
    return End(
        str(_attributes(operator)["name"]["D"]),
        _DTYPES.get(kind, kind),
        tuple(int(size) for size in shape),
    )
