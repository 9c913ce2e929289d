# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what upstream's files mean: a remote op, and an op ``ernie`` that serves a cross-encoder.

Called when a file has been read, before its keys are checked together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Callable, NamedTuple

from contract.bundle.files import MANIFEST_FILE, SERVER_DIR
from contract.bundle.upstream import ranker_of
from contract.errors import ConfigError
from pipeline.settings.ops import OP_OF_RANKER, REMOTE, OpConfig

Resolve = Callable[[str], Path]


class Understood(NamedTuple):
    """What a file means.

    Attributes:
        op: by the names of this project.
        named: by ranker, the file's own name of its op, where it is another one.
        meant: yaml paths of keys that are used after all, a colon behind each.
    """

    op: Mapping[str, OpConfig]
    named: Mapping[str, str]
    meant: tuple[str, ...]


def as_upstream_means(op: Mapping[str, OpConfig], resolve: Resolve) -> Understood:
    """Ops of a file, with upstream's forms put in ours.

    Args:
        op: by name, as in the file.
        resolve: a path of the file, made absolute.

    Raises:
        ConfigError: ``server_endpoints`` that nothing would ask.
    """
    ops = dict(op)
    meant: list[str] = []
    for name in OP_OF_RANKER.values():
        if name in ops:
            ops[name] = _remote_form(ops[name], f"op.{name}", resolve)
            if ops[name] is not op[name]:
                meant += [f"op.{name}.client_config:", f"op.{name}.client_type:"]
    present = [ranker for ranker, name in OP_OF_RANKER.items() if name in ops]
    if len(present) != 1:
        return Understood(ops, {}, tuple(meant))
    (ranker,) = present
    name = OP_OF_RANKER[ranker]
    model = ops[name].local_service_conf.model_config
    found = ranker_of(resolve(model)) if model is not None else None
    if found is None or found == ranker:
        return Understood(ops, {}, tuple(meant))
    # the op's name is that of the service, the bundle says who ranks
    ops[OP_OF_RANKER[found]] = ops.pop(name)
    return Understood(ops, {found: name}, tuple(meant))


def _remote_form(op: OpConfig, where: str, resolve: Resolve) -> OpConfig:
    """``server_endpoints`` with a ``client_config`` and no model of its own: engine remote."""
    if not op.server_endpoints or op.engine == REMOTE:
        return op
    if op.local_service_conf.model_config is not None:
        raise ConfigError(
            f"nothing asks them: engine {op.engine} computes in this service; set "
            f"{where}.engine to remote, or leave server_endpoints out",
            field=f"{where}.server_endpoints",
        )
    # a directory, or the file in it
    client = resolve(op.client_config) if op.client_config else None
    places = [client.parent, client.parent.parent] if client is not None else []
    for root in places:
        if (root / MANIFEST_FILE).is_file():
            local = replace(op.local_service_conf, model_config=str(root / SERVER_DIR))
            return replace(op, engine=REMOTE, local_service_conf=local)
    raise ConfigError(
        "tells of no bundle: texts are tokenized here, by the bundle that the services have; set "
        f"{where}.engine to remote and {where}.local_service_conf.model_config to it, or "
        "client_config to its serving_client",
        field=f"{where}.server_endpoints",
    )
