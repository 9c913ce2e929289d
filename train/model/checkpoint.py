# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint is on disk: the names of its files, and how they are read and written.

Reading one unpickles nothing but arrays.

    model_state.pdparams    parameters, as Paddle saves them
    config.json             the backbone's configuration, as PaddleNLP saves it
    vocab.txt, tokenizer_config.json, special_tokens_map.json
    ranker.json             which ranker, its score function, length, step and dev metrics
    training_state.json     where training stood, for resuming
    optimizer.npz           moments of the optimizer, under the parameters' names
    training_weights.npz    with --ema_decay: the weights whose average the parameters are
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import pickle
import shutil
import tempfile
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.bundle.files import MANIFEST_FILE, SERVER_CONF
from contract.errors import SetUpError

PARAMETERS_FILE = "model_state.pdparams"
CONFIG_FILE = "config.json"
# as PaddleNLP called it before 2.5; read only
_OLD_CONFIG_FILE = "model_config.json"
RANKER_FILE = "ranker.json"
STATE_FILE = "training_state.json"
OPTIMIZER_FILE = "optimizer.npz"
WEIGHTS_FILE = "training_weights.npz"
# in the directory beside a target that is being replaced
REPLACED = "replaced"

# of a bundle or its serving_server, and of a directory of Hugging Face's
_OTHERS_FILES = (MANIFEST_FILE, SERVER_CONF, CONFIG_FILE)

_PARAMETER_NAMES = "StructuredToParameterName@@"


def _bytes_of(text: str, encoding: str) -> bytes:
    """How pickle's protocol 2, which Paddle 2.0 wrote, spells the bytes of an array."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes as {encoding} have no place in parameters")
    return text.encode("latin1")


_ALLOWED_GLOBALS: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): np.core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "tuple"): tuple,
    ("_codecs", "encode"): _bytes_of,
}


class _ArrayUnpickler(pickle.Unpickler):  # noqa: S301 - it is what makes reading safe
    """Loads what ``paddle.save`` writes for parameters, and can build nothing but arrays."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED_GLOBALS[(module, name)]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in parameters") from None


def find_parameters(checkpoint: Union[str, Path]) -> Path:
    """The parameter file of a checkpoint given as a directory or as that file.

    Raises:
        SetUpError: there is none.
    """
    path = Path(checkpoint)
    file = path / PARAMETERS_FILE if path.is_dir() else path
    if file.is_file():
        return file
    inside = sorted(entry.parent.name for entry in path.glob(f"*/{PARAMETERS_FILE}"))
    hint = f"; choose one of its directories {', '.join(inside)}" if inside else ""
    if any((path / name).is_file() for name in _OTHERS_FILES):
        hint = "; where it has weights of another kind, give it as --model_name_or_path"
    raise SetUpError(f"has no {PARAMETERS_FILE}{hint}", field=f"checkpoint {checkpoint}")


def check_named(checkpoint: str) -> None:
    """Refuse a directory or a file that is none of a model's, before packages are imported.

    Whether a name or a model is what it should be is told later, by what reads it.

    Raises:
        SetUpError: there is no such file, or no parameters.
    """
    path = Path(checkpoint)
    read_otherwise = any((path / name).is_file() for name in _OTHERS_FILES)
    a_name = not path.exists() and checkpoint.count("/") <= 1
    a_part = "/" in checkpoint and Path(checkpoint.partition("/")[0]).exists()
    if not read_otherwise and (a_part or not a_name):
        find_parameters(checkpoint)


def find_config(directory: Path) -> Optional[Path]:
    """The configuration of a model's directory, by its name or its old one; ``None`` without."""
    files = (directory / CONFIG_FILE, directory / _OLD_CONFIG_FILE)
    return next((file for file in files if file.is_file()), None)


def read_parameters(file: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a ``.pdparams`` file by name; anything in it that is no array is refused.

    Raises:
        SetUpError: the file is damaged, or is not a file of parameters.
    """
    try:
        content = _ArrayUnpickler(io.BytesIO(file.read_bytes()), encoding="latin1").load()
        named = {name: value for name, value in content.items() if name != _PARAMETER_NAMES}
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ValueError) as error:
        raise SetUpError(
            f"is not a readable file of parameters ({error})", field=str(file)
        ) from error
    arrays = {
        # Paddle writes a lone tensor as (its name, its array)
        name: value[1] if isinstance(value, tuple) and len(value) == 2 else value
        for name, value in named.items()
    }
    strange = [name for name, value in arrays.items() if not isinstance(value, np.ndarray)]
    if strange or not arrays:
        raise SetUpError("has no parameters in it", field=str(file))
    return arrays


def read_json(file: Path) -> dict[str, Any]:
    """One JSON object.

    Raises:
        SetUpError: the file is missing or is not one.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetUpError(f"cannot be read ({error})", field=str(file)) from error
    if not isinstance(content, dict):
        raise SetUpError("is not a JSON object", field=str(file))
    return content


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object with sorted keys."""
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
    file.write_text(f"{text}\n", encoding="utf-8")


def read_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Arrays of an ``.npz`` file by name.

    Raises:
        SetUpError: the file is missing or damaged.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError) as error:
        raise SetUpError(f"cannot be read ({error})", field=str(file)) from error


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an ``.npz`` file, as ``numpy.savez`` does.

    That one leaves its archive open on a full disk, which complains when it is collected.

    Raises:
        OSError: the file cannot be written.
    """
    archive = zipfile.ZipFile(file, "w", allowZip64=True)
    try:
        for name, value in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(value), allow_pickle=False)
    finally:
        archive.close()


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Give a new directory to fill; when the block ends well it takes the target's place.

    A reader finds the old directory whole or the new one whole, and nothing half written. While it
    is being filled it is locked, so that what a killed process left can be told from it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with _locked(work):
            yield work
            work.chmod(0o755)
            _swap(work, target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, which ends with this process at the latest."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # a file system without locks has none to tell
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def link_directory(source: Path, target: Path) -> None:
    """Make ``target`` the same files as ``source``, hard-linked where the file system can."""
    with atomic_directory(target) as work:
        for file in source.iterdir():
            try:
                os.link(file, work / file.name)
            except OSError:
                shutil.copy2(file, work / file.name)


def _swap(work: Path, target: Path) -> None:
    if not target.exists():
        work.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    with _locked(old):
        target.rename(old / REPLACED)
        work.rename(target)
        shutil.rmtree(old)
