# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a yaml file as plain data, and refuses one that gives a key twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from contract.errors import ConfigError


def load_yaml(path: Path) -> Any:
    """Read one yaml document; plain data only, no key twice in one mapping.

    Raises:
        ConfigError: unreadable or not yaml.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_UniqueKeyLoader)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot read it ({reason}); name a file with --config", field=str(path)
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"not yaml ({reason})", field=str(path)) from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a mapping with the same key twice, where the last one would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            # a list or a mapping as a key is refused by SafeLoader
            if not isinstance(key_node.value, str):
                continue
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)
