# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes Paddle Serving's packages importable on Pythons newer than they were made for.

This is the one place that knows what keeps them from the set ``modern``. On Python 3.9, where all
of them have wheels, it does nothing. Three things stand in their way:

* ``paddle_serving_client`` has no wheel; the server imports it for the name ``Client`` alone.
* Their ``*_pb2.py`` files come from protoc 3, whose classes current protobuf refuses to make; the
  serialized descriptors inside are still good.
* The server imports a check of its environment that is written with pytest.

To run one of their modules, put this one before it::

    python -m contract.environment.serving_packages paddle_serving_server.serve ...
"""

from __future__ import annotations

import ast
import importlib.util
import runpy
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, NoReturn, Optional

from google.protobuf import descriptor_pb2

from contract.protobuf_classes import classes_of_file

_CLIENT = "paddle_serving_client"
_ENVIRONMENT_CHECK = "paddle_serving_server.env_check.run"
_WITH_MESSAGES = ("paddle_serving_server.", "paddle_serving_app.")


def make_importable() -> None:
    """Let ``paddle_serving_server`` and ``paddle_serving_app`` be imported; call it before that."""
    if importlib.util.find_spec(_CLIENT) is None:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the stand-ins, and the modules of messages; all else is left to Python."""

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """See importlib."""
        stand_in = _STAND_INS.get(fullname)
        if stand_in is not None:
            return ModuleSpec(fullname, _Filler(stand_in))
        if not fullname.startswith(_WITH_MESSAGES) or not fullname.endswith("_pb2"):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None:
            return None
        source = Path(found.origin)
        return ModuleSpec(fullname, _Filler(lambda: messages_of(source)), origin=found.origin)


class _Filler(Loader):
    """Loads a module that is nothing but a dictionary of names."""

    def __init__(self, names: Callable[[], dict[str, Any]]) -> None:
        self._names = names

    def create_module(self, spec: ModuleSpec) -> None:
        """Python's own module will do."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it."""
        vars(module).update(self._names())


class _Client:
    """Stands for ``paddle_serving_client.Client``, which ops that call other services would use."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ImportError(
            "paddle-serving-client has no wheel for this Python; use Python 3.9 (make SET=card)"
        )


def _check_env(*_: Any, **__: Any) -> NoReturn:
    raise ImportError("paddle-serving's check_env needs pytest; use Python 3.9 (make SET=card)")


_STAND_INS: dict[str, Callable[[], dict[str, Any]]] = {
    _CLIENT: lambda: {"Client": _Client},
    _ENVIRONMENT_CHECK: lambda: {"check_env": _check_env},
}


def messages_of(source: Path) -> dict[str, Any]:
    """The names that a ``_pb2.py`` of protoc 3 would have, made of the descriptor written in it.

    Raises:
        ImportError: it holds no descriptor.
    """
    file = descriptor_pb2.FileDescriptorProto.FromString(_serialized_file(source))
    names = [message.name for message in file.message_type]
    classes = classes_of_file(file, names)
    return {**dict(zip(names, classes)), "DESCRIPTOR": classes[0].DESCRIPTOR.file}


def _serialized_file(source: Path) -> bytes:
    """The bytes of ``FileDescriptor(serialized_pb=...)``: a literal, or text made latin-1."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "serialized_pb":
            value = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
            if isinstance(value, ast.Constant):
                literal = value.value
                return literal if isinstance(literal, bytes) else str(literal).encode("latin-1")
    raise ImportError("holds no descriptor of messages", path=str(source))


if __name__ == "__main__":
    # the module reads its arguments as if it had been started itself
    del sys.argv[0]
    make_importable()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
