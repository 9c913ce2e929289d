# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads ``pytorch_model.bin``: a zip of raw numbers, and a pickle that says which are which tensor.

A pickle may run any code when it is read. This reader builds dictionaries, numbers, and tensors as
notes on where their numbers lie, and nothing else.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError

_REMEDY = "save the model as model.safetensors (model.save_pretrained of a current transformers)"
# what torch calls a row of numbers, to numpy; bfloat16 has no type there
_STORAGES: Mapping[str, str] = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "u2",
    "LongStorage": "i8",
    "IntStorage": "i4",
}


class _Storage(NamedTuple):
    kind: str
    key: str


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild(storage: Any, offset: int, shape: Any, strides: Any, *unused: Any) -> _Tensor:
    """In the place of torch's ``_rebuild_tensor_v2``."""
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


def _parameter(tensor: Any, *unused: Any) -> Any:
    """In the place of torch's ``_rebuild_parameter``."""
    return tensor


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): OrderedDict,
    **{("torch", name): name for name in _STORAGES},
}


class _TensorUnpickler(pickle.Unpickler):  # noqa: S301 - it is what makes reading safe
    """Finds no class but those of tensors, each as a note."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[(module, name)]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place among weights") from None

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        return _Storage(str(kind), str(key))


def read_torch_file(file: Path) -> dict[str, NDArray[Any]]:
    """Arrays by name; of floats as float32.

    Raises:
        SetUpError: the file is older than torch 1.6, damaged, or holds what is no tensor.
    """
    if not zipfile.is_zipfile(file):
        raise SetUpError(f"is not in the format of torch 1.6 and later; {_REMEDY}", field=str(file))
    try:
        with zipfile.ZipFile(file) as archive:
            return _arrays(archive)
    # a damaged file may raise whatever its instructions run into
    except (
        *(OSError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, LookupError),
        *(TypeError, ValueError, AttributeError),
    ) as error:
        raise SetUpError(f"cannot be read ({error}); {_REMEDY}", field=str(file)) from error


def _arrays(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    index = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    folder = index[: -len("data.pkl")]
    order = "<"
    if f"{folder}byteorder" in archive.namelist():
        order = {b"little": "<", b"big": ">"}[archive.read(f"{folder}byteorder")]
    content = _TensorUnpickler(io.BytesIO(archive.read(index))).load()
    if not isinstance(content, dict):
        raise ValueError("not a dictionary of tensors")
    content = content.get("state_dict", content)
    strange = [name for name, value in content.items() if not isinstance(value, _Tensor)]
    if strange:
        raise ValueError(f"{strange[0]} is no tensor")
    stored: dict[_Storage, NDArray[Any]] = {}
    for tensor in content.values():
        storage = tensor.storage
        if storage not in stored:
            data = archive.read(f"{folder}data/{storage.key}")
            stored[storage] = np.frombuffer(data, order + _STORAGES[storage.kind])
    return {name: _array(tensor, stored[tensor.storage]) for name, tensor in content.items()}


def _array(tensor: _Tensor, numbers: NDArray[Any]) -> NDArray[Any]:
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides))
    if min((tensor.offset, *tensor.strides)) < 0 or last >= max(1, len(numbers)):
        raise ValueError("a tensor lies outside of its numbers")
    size = numbers.itemsize
    strides = tuple(stride * size for stride in tensor.strides)
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides)
    array = np.array(view)
    if tensor.storage.kind == "BFloat16Storage":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32) if array.dtype.kind == "f" else array
