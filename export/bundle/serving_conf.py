# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write the model configs that Paddle Serving reads beside a graph.

The four files are those of paddle_serving_client's ``inference_model_to_serving``, which this
replaces because it imports ``paddle.fluid``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from contract.bundle.files import SERVER_CONF
from contract.bundle.serving_conf import GeneralModelConfig
from contract.errors import SetUpError
from contract.tensors import ELEM_TYPES, TensorSpec

CLIENT_CONF = "serving_client_conf.prototxt"

_ELEM_TYPE_OF = {dtype: number for number, dtype in ELEM_TYPES.items()}


def with_aliases(
    specs: Sequence[TensorSpec], names: Optional[str], flag: str, *, fewer: bool
) -> tuple[TensorSpec, ...]:
    """Give tensors the aliases of a comma-separated list, in order.

    Args:
        specs: tensors by position.
        names: the list, or ``None`` to keep the aliases they have.
        flag: the flag it came from, for messages.
        fewer: whether the tensors past the list's end keep their alias.

    Raises:
        SetUpError: another number of names than of tensors, or one that stands twice.
    """
    if names is None:
        return tuple(specs)
    aliases = [name.strip() for name in names.split(",")]
    fits = len(aliases) <= len(specs) if fewer else len(aliases) == len(specs)
    if not fits or "" in aliases:
        raise SetUpError(
            f"{names!r} must name the {len(specs)} tensors {', '.join(s.name for s in specs)}",
            field=flag,
        )
    aliases += [spec.alias for spec in specs[len(aliases) :]]
    if len(set(aliases)) != len(aliases):
        raise SetUpError(f"an alias appears twice in {', '.join(aliases)}", field=flag)
    return tuple(
        TensorSpec(spec.name, alias, spec.dtype, spec.shape) for spec, alias in zip(specs, aliases)
    )


def serving_config(feeds: Sequence[TensorSpec], fetches: Sequence[TensorSpec]) -> Any:
    """A ``GeneralModelConfig``; dimensions that vary are left out of its shapes, as upstream does.

    Raises:
        SetUpError: a tensor has a type that Paddle Serving does not carry.
    """
    config = GeneralModelConfig()
    for spec in feeds:
        feed = config.feed_var.add(name=spec.name, alias_name=spec.alias, is_lod_tensor=False)
        feed.feed_type = _elem_type(spec)
        feed.shape.extend(size for size in spec.shape if size >= 0)
    for spec in fetches:
        fetch = config.fetch_var.add(name=spec.name, alias_name=spec.alias, is_lod_tensor=False)
        fetch.fetch_type = _elem_type(spec)
        fetch.shape.extend(size for size in spec.shape if size >= 0)
    return config


def write_serving_conf(config: Any, directory: Path, name: str) -> None:
    """Write ``<name>.prototxt`` as text and ``<name>.stream.prototxt`` in binary."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(str(config), encoding="utf-8")
    stream = name.replace(".prototxt", ".stream.prototxt")
    (directory / stream).write_bytes(config.SerializeToString())


def write_both_confs(config: Any, server_dir: Path, client_dir: Path) -> None:
    """Write the server's and the client's files, which say the same."""
    write_serving_conf(config, server_dir, SERVER_CONF)
    write_serving_conf(config, client_dir, CLIENT_CONF)


def _elem_type(spec: TensorSpec) -> int:
    if spec.dtype not in _ELEM_TYPE_OF:
        raise SetUpError(f"Paddle Serving cannot carry {spec.dtype}", field=f"tensor {spec.name}")
    return _ELEM_TYPE_OF[spec.dtype]
