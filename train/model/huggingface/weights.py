# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the weights of a Hugging Face directory as arrays, and executes nothing of them.

``model.safetensors`` is taken first, then ``pytorch_model.bin``; either may be in several files
that an index names. What has 16 bits becomes float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.model.checkpoint import read_json
from train.model.huggingface.torch_file import read_torch_file

Arrays = dict[str, NDArray[Any]]

SAFETENSORS_FILE = "model.safetensors"
TORCH_FILE = "pytorch_model.bin"
# in the order in which they are looked for
WEIGHTS_FILES = (
    SAFETENSORS_FILE,
    f"{SAFETENSORS_FILE}.index.json",
    TORCH_FILE,
    f"{TORCH_FILE}.index.json",
)
# weights that nothing here reads
_FOREIGN = ("*.safetensors", "*.bin", "*.h5", "*.msgpack", "*.onnx", "*.pt", "*.pth", "*.ckpt*")

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}


def weights_file(directory: Path) -> Optional[Path]:
    """The file, or the index of the files, that holds a directory's weights."""
    return next((directory / name for name in WEIGHTS_FILES if (directory / name).is_file()), None)


def foreign_weights(directory: Path) -> list[str]:
    """Names of files that hold weights, as other frameworks save them."""
    return sorted({file.name for kind in _FOREIGN for file in directory.glob(kind)})


def shards_of(file: Path) -> list[Path]:
    """The files that an index names, or the file itself.

    Raises:
        SetUpError: the index is damaged, or names a file outside of its directory.
    """
    if not file.name.endswith(".index.json"):
        return [file]
    named = read_json(file).get("weight_map")
    names = sorted(set(map(str, named.values()))) if isinstance(named, dict) else []
    if not names or any(Path(name).name != name for name in names):
        raise SetUpError("is not an index of weights", field=str(file))
    return [file.with_name(name) for name in names]


def read_weights(file: Path) -> Arrays:
    """All arrays of a directory's weights by their names.

    Raises:
        SetUpError: a file is missing or damaged, or holds what is no array.
    """
    arrays: Arrays = {}
    for shard in shards_of(file):
        if not shard.is_file():
            raise SetUpError(f"is missing, but {file.name} names it", field=str(shard))
        reads = _read_safetensors if shard.suffix == ".safetensors" else read_torch_file
        arrays.update(reads(shard))
    if not arrays:
        raise SetUpError("has no weights in it", field=str(file))
    return arrays


def _read_safetensors(file: Path) -> Arrays:
    from safetensors import SafetensorError, deserialize

    try:
        tensors: list[tuple[str, dict[str, Any]]]
        tensors = deserialize(file.read_bytes())  # type: ignore[no-untyped-call]
        return {name: _array(name, tensor) for name, tensor in tensors}
    except (OSError, SafetensorError, ValueError) as error:
        raise SetUpError(f"cannot be read ({error})", field=str(file)) from error


def _array(name: str, tensor: dict[str, Any]) -> NDArray[Any]:
    kind, data = tensor["dtype"], tensor["data"]
    if kind == "BF16":
        return widened(np.frombuffer(data, "<u2")).reshape(tensor["shape"])
    if kind not in _DTYPES:
        raise ValueError(f"{name} is of {kind}, quantized or unknown; use weights in F32")
    array = np.frombuffer(data, _DTYPES[kind]).reshape(tensor["shape"])
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def widened(bfloat16: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The numbers whose upper halves, in float32, are given as bits."""
    return (bfloat16.astype(np.uint32) << 16).view(np.float32)
