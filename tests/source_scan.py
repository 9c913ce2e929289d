# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds what Python source breaks of the project's rules on imports, safety and tokenizing.

Reads the syntax tree only: comments and strings do not count, and nothing is imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# what each folder may import of the project besides itself, a folder or one module of it; tests may
# import all
MAY_IMPORT: dict[str, frozenset[str]] = {
    "contract": frozenset(),
    "train": frozenset({"contract"}),
    "export": frozenset({"contract", "train"}),
    "pipeline": frozenset({"contract"}),
    "clients": frozenset({"contract"}),
    "experiments": frozenset({"contract"}),
    "general_model_service": frozenset({"contract.environment.built", "contract.errors"}),
    # it starts services, and asks them over the wire whether they are there
    "child_services": frozenset({"contract", "clients", "general_model_service.program"}),
    "benchmarks": frozenset(
        # of the service, it calls what routes and records, and engines that are opened apart; the
        # rest is measured over the wire
        {"child_services", "contract", "clients", "train", "export", "general_model_service"}
        | {"pipeline.engines", "pipeline.records", "pipeline.routing", "pipeline.settings"}
    ),
}
# programs that stand for other people's systems: each runs in a process of its own, and tokenizes
# and imports as what it stands for does
STAND_INS = Path("benchmarks/peers")
# packages that a folder must do without: seconds of import, or code of the other side
MAY_NOT_IMPORT: dict[str, frozenset[str]] = {
    "pipeline": frozenset({"paddlenlp"}),
    "clients": frozenset({"paddle", "paddlenlp", "paddle_serving_client", "paddle_serving_server"}),
    "benchmarks": frozenset({"paddlenlp", "paddle_serving_server"}),
    "general_model_service": frozenset({"numpy", "openvino", "paddle", "paddle_serving_server"}),
}
# packages that one file of ours imports, so that what another Python lacks is met in one place; and
# the running Python's Unicode data, which may only make the table or lay out a terminal
ONE_PLACE: dict[str, frozenset[str]] = {
    "paddle_serving_server": frozenset({"pipeline/dag/paddle_serving.py"}),
    "unicodedata": frozenset({"contract/text/make_unicode_table.py", "clients/formats/table.py"}),
}
_UNSAFE_CALLS = frozenset({"eval", "exec"})
_PICKLES = frozenset({"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"})
_TOKENIZER_PACKAGES = frozenset(
    {"fast_tokenizer", "jieba", "paddlenlp.data", "sentencepiece", "tokenizers", "transformers"}
    # the encoder's own part: text that enters there by another way is neither cut nor normalized
    | {"contract.text.native", "contract.text.wordpiece", "native_encoder"}
    | {
        f"contract.text.sentence_pieces.{step}"
        for step in ("load_sentence_pieces", "SentencePieces")
    }
)
_TOKENIZE_CALLS = frozenset({"tokenize", "_tokenize", "tokenizer", "_tokenizer"}) | frozenset(
    {"encode_batch", "encode_plus", "batch_encode", "batch_encode_plus", "convert_tokens_to_ids"}
)
_PAD_CALLS = frozenset({"Pad", "pad_sequence", "DataCollatorWithPadding"})
_TOKENIZER_CLASS = re.compile(r"[A-Z]\w*Tokenizer(Fast)?")


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, ``from a import b`` as ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def wrong_imports(source: str, folder: str, ours: frozenset[str]) -> list[str]:
    """Imports against the direction between the project's folders, and of packages ruled out.

    Args:
        source: a file's text.
        folder: the project's folder in which it lies.
        ours: names of all folders of the project that hold code.
    """
    allowed = MAY_IMPORT[folder] | {folder}
    ruled_out = MAY_NOT_IMPORT.get(folder, frozenset())
    found = []
    for line, module in imported_modules(ast.parse(source)):
        top = module.split(".")[0]
        fits = any(f"{module}.".startswith(f"{name}.") for name in allowed)
        if top in ruled_out or (top in ours and not fits):
            found.append(f"{line}: {folder} may not import {module}")
        elif not top:
            found.append(f"{line}: {module} hides its folder; write the full name")
    return found


def misplaced_imports(source: str, path: str) -> list[str]:
    """Imports of packages that have one place, in ``path``, which is another."""
    return [
        f"{line}: {module} is imported by {', '.join(sorted(ONE_PLACE[package]))} alone"
        for line, module in imported_modules(ast.parse(source))
        if path not in ONE_PLACE.get(package := module.split(".")[0], {path})
    ]


def unsafe_calls(source: str) -> list[str]:
    """``eval``, ``exec``, unpickling of anything, and arrays that may hold pickles.

    A subclass of ``pickle.Unpickler`` is safe when it decides itself which classes to find.
    """
    tree = ast.parse(source)
    found = []
    for line, module in imported_modules(tree):
        package, _, name = module.partition(".")
        if package in _PICKLES and name and not name.endswith("Error"):
            found.append(f"{line}: imports {module}")
    for node in _calls(tree):
        name, root = _called(node), _root(node.func)
        if isinstance(node.func, ast.Name) and name in _UNSAFE_CALLS:
            found.append(f"{node.lineno}: calls {name}")
        if root in _PICKLES and not name.endswith("Error"):
            found.append(f"{node.lineno}: calls {root}.{name}")
        for keyword in node.keywords:
            refused = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg == "allow_pickle" and not refused:
                found.append(f"{node.lineno}: allows pickles")
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_root(base) in _PICKLES for base in node.bases):
            methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            if "find_class" not in methods:
                found.append(f"{node.lineno}: {node.name} unpickles any class")
    return found


def tokenizing(source: str) -> list[str]:
    """Everything that turns text into tokens or pads rows of them by itself."""
    tree = ast.parse(source)
    found = []
    modules: set[str] = set()
    for line, module in imported_modules(tree):
        if any(f"{module}.".startswith(f"{package}.") for package in _TOKENIZER_PACKAGES):
            found.append(f"{line}: imports {module}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    for node in _calls(tree):
        name = _called(node)
        if name in _TOKENIZE_CALLS or _TOKENIZER_CLASS.fullmatch(name):
            found.append(f"{node.lineno}: tokenizes with {name}")
        if name in _PAD_CALLS or (name == "pad" and _root(node.func) in modules | {"F"}):
            found.append(f"{node.lineno}: pads with {name}")
    return found


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(node: ast.Call) -> str:
    """The last name of what is called: ``c`` of ``a.b.c()``."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _root(node: ast.AST) -> str:
    """The first name of a dotted expression: ``a`` of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def imports_of_benchmarks(source: str) -> list[str]:
    """Imports of what measures, which only its own tests have a use for."""
    return [
        f"{line}: {module}; what a test needs belongs into child_services or tests"
        for line, module in imported_modules(ast.parse(source))
        if module.split(".")[0] == "benchmarks"
    ]
