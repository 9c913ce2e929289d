# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of config_nlp.yml, by which editors complete and check it while it is written.

It is made of the sections' fields and docstrings. It cannot say what needs more than one key:
that is checked at start only. To renew it after a change of the keys:

    python -m pipeline.settings.schema > docs/config_nlp.schema.json
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any, Optional

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pipeline.settings.service import ServiceKeys

# editors know this one best
DIALECT = "http://json-schema.org/draft-07/schema#"
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)


def schema() -> dict[str, Any]:
    """The JSON Schema of the whole file."""
    made = TypeAdapter(ServiceKeys).json_schema(schema_generator=_Sections)
    return {"$schema": DIALECT, "title": "config_nlp.yml", **made}


class _Sections(GenerateJsonSchema):
    """Describes each key by its section's docstring, and lets each be null, as the service does."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: a title would only repeat the key."""
        return False

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """The schema of one section."""
        made = super().dataclass_schema(schema)
        text, keys = _documented(schema["cls"])
        properties = made.pop("properties")
        del made["title"]
        made["description"] = text
        made["properties"] = {name: _key(rule, keys.get(name)) for name, rule in properties.items()}
        return made


def _key(rule: JsonSchemaValue, text: Optional[str]) -> JsonSchemaValue:
    """A key's rule that lets null pass, with what is said of the key."""
    about: dict[str, Any] = {
        name: rule.pop(name) for name in ("description", "default") if name in rule
    }
    if text:
        about["description"] = text
    # of an Optional one: null passes already
    rule = rule["anyOf"][0] if "anyOf" in rule else rule
    if "$ref" in rule:
        return {**about, "anyOf": [rule, {"type": "null"}]}
    if "enum" in rule:
        rule = {**rule, "enum": [*rule["enum"], None]}
    return {**about, **rule, "type": [rule["type"], "null"]}


def _documented(section: type) -> tuple[str, dict[str, str]]:
    """What a docstring says of the section, and of each key."""
    text, _, attributes = inspect.cleandoc(section.__doc__ or "").partition("\n\nAttributes:\n")
    keys = {name: _plain(words) for name, words in _ATTRIBUTE.findall(attributes)}
    return _plain(text), keys


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
