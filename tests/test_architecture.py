# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that hold the folders together; each rule's scanner is shown to find a breach."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.room_scan import ROOMS, circles, unplaced, wrong_ways
from tests.source_scan import (
    MAY_IMPORT,
    ONE_PLACE,
    STAND_INS,
    imports_of_benchmarks,
    misplaced_imports,
    tokenizing,
    unsafe_calls,
    wrong_imports,
)

HEADER = (
    "# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors",
    "# SPDX-License-Identifier: Apache-2.0",
)
GRAB_BAGS = {"utils", "util", "common", "helpers", "helper", "misc"}
# the one place that tokenizes and pads, and the packages that it calls
ENCODING = (
    Path("contract/encoding.py"),
    Path("contract/text/sentence_pieces.py"),
    Path("contract/text/wordpiece.py"),
)
# others' models, which only teach: their rows are no ranker's rows
FOREIGN_TOKENS = Path("train/teachers/foreign_tokens.py")


def python_files() -> list[Path]:
    """Every Python file of the project, relative to its root; hidden folders hold none of it."""
    found = (path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*.py"))
    return sorted(p for p in found if not any(part.startswith(".") for part in p.parts))


FILES = python_files()
FOLDERS = frozenset(path.parts[0] for path in FILES if len(path.parts) > 1)
CODE = [path for path in FILES if path.parts[0] in MAY_IMPORT and "tests" not in path.parts]
OWN_CODE = [path for path in CODE if STAND_INS not in path.parents]


def text(path: Path) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def breaches(found: dict[Path, list[str]]) -> list[str]:
    return [f"{path}:{breach}" for path, list_ in found.items() for breach in list_]


def test_the_scan_sees_the_project() -> None:
    assert set(MAY_IMPORT) - {"experiments"} <= FOLDERS
    assert set(ENCODING) <= set(CODE)


def test_imports_follow_the_direction() -> None:
    assert not breaches({p: wrong_imports(text(p), p.parts[0], FOLDERS) for p in OWN_CODE})


def module_of(path: Path) -> str:
    name = ".".join(path.with_suffix("").parts)
    return name.removesuffix(".__init__")


SOURCES = {module_of(path): text(path) for path in OWN_CODE}


def test_rooms_import_downwards() -> None:
    found = {module: wrong_ways(source, module) for module, source in SOURCES.items()}
    assert not {module: ways for module, ways in found.items() if ways}


def test_everything_in_a_house_has_its_place() -> None:
    assert unplaced(SOURCES) == []
    for package, rooms in ROOMS.items():
        for room in rooms:
            assert any(f"{m}.".startswith(f"{package}.{room}.") for m in SOURCES), "gone"


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(SOURCES) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.request.call", "from pipeline.dag.graph import Dag"),
        ("pipeline.settings.service", "def f():\n    import pipeline.telemetry.log_files"),
        ("pipeline.edges.http.errors", "from pipeline.edges.http import routes"),
        ("pipeline.edges.http.app", "from paddle_serving_server.pipeline import PipelineServer"),
        ("pipeline.edges.http.routes.rerank", "from pipeline.dag.graph import Dag"),
        ("pipeline.door.front_door", "if x:\n    from pipeline.edges.answer import Answer"),
    ],
)
def test_the_scan_of_rooms_finds_a_breach(module: str, source: str) -> None:
    assert wrong_ways(source, module)
    assert wrong_ways("from pipeline.settings.service import ServiceConfig", module) == []


def test_the_scan_of_rooms_finds_what_has_no_place() -> None:
    assert unplaced(["pipeline.kitchen.stove", "pipeline.dag.graph"]) == ["pipeline.kitchen"]


def test_the_scan_finds_a_circle_by_way_of_others() -> None:
    ring = {"a": "import b", "b": "def f():\n    from c import x", "c": "import a", "d": "import a"}
    assert circles(ring) == [["a", "b", "c"]]


def test_packages_with_one_place_are_imported_there() -> None:
    assert not breaches({p: misplaced_imports(text(p), p.as_posix()) for p in OWN_CODE})
    for package, places in ONE_PLACE.items():
        for place in places:
            assert package in text(Path(place)), "the place has gone"


def test_the_scan_of_places_finds_a_breach() -> None:
    source = "def f():\n    from paddle_serving_server.pipeline.dag import DAGExecutor"
    assert len(misplaced_imports(source, "pipeline/dag/graph.py")) == 1
    assert misplaced_imports(source, "pipeline/dag/paddle_serving.py") == []
    assert len(misplaced_imports("import unicodedata", "contract/text/normalization.py")) == 1


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("contract", "import train.model.ranker"),
        ("train", "from export import parity"),
        ("pipeline", "def f():\n    from train.model.ranker import Ranker"),
        ("pipeline", "import paddlenlp.transformers as t"),
        ("clients", "from paddle_serving_server.pipeline import PipelineClient"),
        ("clients", "import pipeline"),
        ("export", "try:\n    import clients.rpc_client\nexcept ImportError:\n    pass"),
        ("benchmarks", "from pipeline.dag.build import start_dag"),
        ("clients", "from . import errors"),
        ("general_model_service", "from contract.bundle import Bundle"),
        ("general_model_service", "import contract"),
        ("general_model_service", "from pipeline.process.ports import x"),
        ("general_model_service", "from openvino import Core"),
    ],
)
def test_the_import_scan_finds_a_breach(folder: str, source: str) -> None:
    assert len(wrong_imports(source, folder, FOLDERS)) == 1


def test_the_import_scan_lets_the_direction_pass() -> None:
    source = "import contract.errors\nfrom export.proof.parity import x\nimport train\nimport json"
    assert wrong_imports(source, "export", FOLDERS) == []
    source = "from contract.errors import SetUpError\nfrom contract import errors"
    assert wrong_imports(source, "general_model_service", FOLDERS) == []


def test_nothing_evaluates_or_unpickles() -> None:
    assert not breaches({p: unsafe_calls(text(p)) for p in CODE})


@pytest.mark.parametrize(
    "source",
    [
        "x = eval(ret.value[0])",
        "exec(text)",
        "import pickle\npickle.loads(data)",
        "pickle.Unpickler(stream)",
        "class Any(pickle.Unpickler):\n    pass",
        "def f():\n    from pickle import loads",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
    ],
)
def test_the_safety_scan_finds_a_breach(source: str) -> None:
    assert len(unsafe_calls(source)) == 1


def test_the_safety_scan_lets_models_and_text_pass() -> None:
    source = (
        "import pickle\n"
        "class Arrays(pickle.Unpickler):\n"
        "    def find_class(self, module, name):\n"
        "        raise pickle.UnpicklingError(name)\n"
        "model.eval()\nast.literal_eval(t)\nnp.load(p, allow_pickle=False)\n'eval(x)'"
    )
    assert unsafe_calls(source) == []


def test_only_the_encoder_tokenizes_and_pads() -> None:
    assert all(tokenizing(text(p)) for p in ENCODING), "the scan must find the one place that does"
    assert tokenizing(text(FOREIGN_TOKENS)), "the place of others' tokenizers has gone"
    elsewhere = [p for p in OWN_CODE if p not in (*ENCODING, FOREIGN_TOKENS)]
    assert not breaches({p: tokenizing(text(p)) for p in elsewhere})


@pytest.mark.parametrize(
    "source",
    [
        "from fast_tokenizer import Tokenizer",
        "import tokenizers",
        "from contract.text.wordpiece import load_wordpiece",
        "import contract.text.wordpiece",
        "from contract.text.sentence_pieces import load_sentence_pieces",
        "from paddlenlp.data import Stack",
        "ids = tokenizer(text=query, text_pair=title)",
        "ids = self._tokenizer(texts)",
        "tokens = self.words.tokenize(text)",
        "t = AutoTokenizer(path)",
        "ids = t.convert_tokens_to_ids(tokens)",
        "ids = Pad(axis=0, pad_val=0)(rows)",
        "import numpy as np\nnp.pad(row, (0, 5))",
        "import paddle.nn.functional as F\nF.pad(row, [0, 5])",
    ],
)
def test_the_tokenizer_scan_finds_a_breach(source: str) -> None:
    assert len(tokenizing(source)) == 1


def test_the_tokenizer_scan_lets_users_of_the_encoder_pass() -> None:
    source = (
        "import numpy as np\nfeed = encoder.pad(encoder.encode(query, titles))\n"
        "text = query.encode()\ncopy_tokenizer(a, b)\nErnieTokenizer.from_pretrained(name)"
    )
    assert tokenizing(source) == []


def test_only_their_own_tests_import_benchmarks() -> None:
    own = Path("tests/benchmarks")
    tests = [p for p in FILES if p.parts[0] == "tests"]
    assert any(imports_of_benchmarks(text(p)) for p in tests if own in p.parents)
    assert not breaches({p: imports_of_benchmarks(text(p)) for p in tests if own not in p.parents})


@pytest.mark.parametrize(
    "source",
    [
        "import benchmarks.workload",
        "from benchmarks import run",
        "def f():\n    from benchmarks.rounds import System",
    ],
)
def test_the_scan_of_tests_finds_a_breach(source: str) -> None:
    assert len(imports_of_benchmarks(source)) == 1
    assert imports_of_benchmarks(source.replace("benchmarks", "child_services")) == []


def test_no_folder_or_module_is_a_grab_bag() -> None:
    names = {part for path in FILES for part in path.with_suffix("").parts}
    assert not names & GRAB_BAGS


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_names_its_licence_first(path: Path) -> None:
    lines = [line for line in text(path).splitlines()[:3] if not line.startswith("#!")]
    assert tuple(lines[:2]) == HEADER
