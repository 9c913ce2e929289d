# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``engine: auto`` takes the fastest engine that scores as at export, says why, and remembers."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import yaml

from contract.bundle import Bundle
from contract.bundle.files import SERVER_DIR
from contract.errors import BundleError, ConfigError, InferenceFailed, SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from pipeline.engines.apart import TimedApart
from pipeline.engines.auto import AutoSource
from pipeline.engines.bundles import engine_source
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import Candidate
from pipeline.engines.engine import Engine, Feed, Logits
from pipeline.engines.golden import GoldenPairs
from pipeline.engines.openvino import OpenVinoEngine
from pipeline.engines.openvino_graph import cpu_precisions
from pipeline.request.route import Target
from pipeline.settings.service import LocalServiceConfig, OpConfig, ServiceConfig, load_config
from tests.bundles import strip_manifest
from tests.conftest import REPOSITORY

MAX_TOKENS = 256
FACTS = {"bundle": "abc"}


@dataclass
class Source:
    """Engines of one bundle, made slower or worse; counts what becomes of them."""

    bundle: Bundle
    delay_s: float = 0.0
    added: float = 0.0
    refusal: Optional[Exception] = None
    runs_well: int = 1_000_000
    count: int = 1
    opened: int = 0
    closed: int = 0
    threads: set[int] = field(default_factory=set)

    def open(self) -> Engine:
        if self.refusal:
            raise self.refusal
        self.opened += 1
        return Changed(self)


class Changed:
    """A real engine, in the way that its source says."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._engine = OpenVinoEngine(source.bundle, "fp32", 1, EngineCache(None), "op")
        self._thread = threading.get_ident()
        self._runs = 0

    def run(self, feed: Feed) -> Logits:
        assert threading.get_ident() == self._thread
        self._source.threads.add(self._thread)
        self._runs += 1
        if self._runs > self._source.runs_well:
            raise InferenceFailed("broken")
        time.sleep(self._source.delay_s)
        return self._engine.run(feed) + self._source.added

    def close(self) -> None:
        assert threading.get_ident() == self._thread
        self._source.closed += 1
        self._engine.close()


@pytest.fixture()
def bundle(bundles: Path) -> Bundle:
    return Bundle.open(bundles / PAIRWISE)


@pytest.fixture()
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.INFO, logger="pipeline")
    return lambda: "\n".join(record.getMessage() for record in caplog.records)


def auto(
    bundle: Bundle, cache: Path, facts: dict[str, Any] = FACTS, **sources: Source
) -> AutoSource:
    found = [Candidate(name, "fp32", source) for name, source in sources.items()]
    golden = GoldenPairs(bundle, bundle.encoder())
    return AutoSource(PAIRWISE, found, golden, EngineCache.open(cache), facts, MAX_TOKENS)


def test_the_fastest_is_chosen_and_the_others_closed(
    bundle: Bundle, tmp_path: Path, said: Callable[[], str]
) -> None:
    slow, fast, slower = Source(bundle, 0.05), Source(bundle), Source(bundle, 0.1)
    chosen = auto(bundle, tmp_path, slow=slow, fast=fast, slower=slower)
    engine = chosen.open()
    assert [(s.opened, s.closed) for s in (slow, fast, slower)] == [(1, 1), (2, 1), (1, 1)]
    assert chosen.summary.startswith("fast; 27 golden pairs agree within")
    lines = said().splitlines()
    assert [line.split("; 27 golden pairs agree within")[0] for line in lines] == [
        "pairwise: slow",
        "pairwise: fast",
        "pairwise: slower",
        "pairwise: chose fast, the fastest",
    ]
    assert all(line.endswith("pairs/s") for line in lines[:3])
    engine.close()


def test_who_scores_otherwise_or_fails_is_passed_over_with_the_reason(
    bundle: Bundle, tmp_path: Path, said: Callable[[], str]
) -> None:
    sources = {
        "wrong": Source(bundle, added=0.5),
        "absent": Source(bundle, refusal=ConfigError("this machine has none", field="op")),
        "fails_later": Source(bundle, runs_well=6),
        "slow": Source(bundle, 0.02),
    }
    chosen = auto(bundle, tmp_path, **sources)
    chosen.open()
    assert chosen.summary.startswith("slow;")
    assert "pairwise: wrong cannot be used" in said()
    assert "scores differ from those at export" in said()
    assert "pairwise: absent cannot be used: op: this machine has none" in said()
    assert "pairwise: fails_later cannot be used: broken" in said()
    assert [(s.opened, s.closed) for s in sources.values()] == [(1, 1), (0, 0), (1, 1), (2, 1)]


def test_when_none_is_left_all_reasons_are_told(bundle: Bundle, tmp_path: Path) -> None:
    refusals = {name: Source(bundle, refusal=SetUpError(f"no {name}")) for name in ("a", "b")}
    with pytest.raises(SetUpError, match="no engine can run pairwise: a: no a; b: no b"):
        auto(bundle, tmp_path, **refusals).open()


def test_a_choice_is_remembered_and_still_checked(
    bundle: Bundle, tmp_path: Path, said: Callable[[], str]
) -> None:
    auto(bundle, tmp_path, slow=Source(bundle, 0.05), fast=Source(bundle)).open()
    slow, fast = Source(bundle), Source(bundle, 0.05)
    again = auto(bundle, tmp_path, slow=slow, fast=fast)
    again.open()
    assert (slow.opened, fast.opened) == (0, 1)
    assert "pairwise: fast, as chosen before" in said()
    assert again.summary.startswith("fast; 27 golden pairs")
    changed = Source(bundle, added=0.5)
    auto(bundle, tmp_path, slow=slow, fast=changed).open()
    assert "pairwise: fast, chosen before, fails: " in said()
    # timed, and opened as the only one that is left
    assert slow.opened == 2
    assert changed.closed == changed.opened == 2


def test_timing_leaves_nothing_of_paddle_in_the_service(bundle: Bundle, tmp_path: Path) -> None:
    """Unless it was chosen: its import takes hundreds of MB."""
    path = configuration_file(bundle.root, tmp_path)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from contract.bundle import Bundle\n"
        "from pipeline.engines.bundles import engine_source\n"
        "from pipeline.settings.service import load_config\n"
        f"bundle = Bundle.open({str(bundle.root)!r})\n"
        f"config = load_config(Path({str(path)!r}))\n"
        "source = engine_source(config, 'pairwise', bundle, bundle.encoder(), 0)\n"
        "source.open()\n"
        "print(source.summary.startswith('paddle') == ('paddle' in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.stdout == "True\n", result.stderr


def test_an_engine_that_ends_the_process_is_passed_over(tmp_path: Path) -> None:
    program = (
        "import json, os, signal, sys\n"
        "for name in sys.argv[5:]:\n"
        "    if name == 'crashes':\n"
        "        os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    print(json.dumps({'name': name, 'rate': 1.0, 'said': name}), flush=True)\n"
    )
    apart = TimedApart(tmp_path, Target(PAIRWISE, "1"), 0, (sys.executable, "-c", program))
    timed = list(apart(["first", "crashes", "last"]))
    assert [(one.name, one.rate) for one in timed] == [
        ("first", 1.0),
        ("crashes", 0.0),
        ("last", 1.0),
    ]
    assert "signal" in timed[1].said


def test_a_bundle_that_the_file_no_longer_names_is_said(bundle: Bundle, tmp_path: Path) -> None:
    path = configuration_file(bundle.root, tmp_path)
    with pytest.raises(SetUpError, match="names no pairwise 1 any more; start again"):
        list(TimedApart(path, Target(PAIRWISE, "1"), 0)(["openvino fp32"]))


def test_other_facts_are_another_choice(bundle: Bundle, tmp_path: Path) -> None:
    auto(bundle, tmp_path, slow=Source(bundle, 0.05), fast=Source(bundle)).open()
    for facts, names in (({"bundle": "abd"}, ("slow", "fast")), (FACTS, ("other", "fast"))):
        sources = {name: Source(bundle) for name in names}
        auto(bundle, tmp_path, facts, **sources).open()
        assert sorted(source.opened for source in sources.values()) == [1, 2]


def test_several_engines_are_timed_together_each_in_its_thread(
    bundle: Bundle, tmp_path: Path
) -> None:
    """Each batch takes either the same time; three at once win over one."""
    single, triple = Source(bundle, 0.05), Source(bundle, 0.05, count=3)
    chosen = auto(bundle, tmp_path, single=single, triple=triple)
    chosen.open()
    assert chosen.count == 3
    assert chosen.summary.startswith("triple x 3; ")
    assert (triple.opened, triple.closed, len(triple.threads)) == (4, 3, 3)
    chosen.open()
    assert (single.opened, triple.opened) == (1, 5)


def configured(bundle: Path, tmp_path: Path, engine: str, **conf: Any) -> ServiceConfig:
    local = LocalServiceConfig(model_config=str(bundle), thread_num=1, **conf)
    op = OpConfig(engine=engine, local_service_conf=local)
    return ServiceConfig(
        rpc_port=1, op={"ernie": op, "rocketqa": op}, engine_cache=str(tmp_path / "cache")
    )


def configuration_file(bundle: Path, tmp_path: Path) -> Path:
    """Engines are timed in a process that reads the file too."""
    local = {"model_config": str(bundle / SERVER_DIR), "thread_num": 1, "precision": "auto"}
    op = {"ernie": {"engine": "auto", "local_service_conf": local}}
    keys = {"rpc_port": 1024, "op": op, "engine_cache": str(tmp_path / "cache")}
    path = tmp_path / "config_nlp.yml"
    path.write_text(yaml.safe_dump(keys), encoding="utf-8")
    return path


def test_auto_on_this_machine(bundle: Bundle, tmp_path: Path, said: Callable[[], str]) -> None:
    config = load_config(configuration_file(bundle.root, tmp_path))
    engine_source(config, PAIRWISE, bundle, bundle.encoder(), 0).open()
    for name in ("openvino fp32", "paddle fp32", "paddle fp32 with oneDNN"):
        assert f"pairwise: {name}; 27 golden pairs agree within" in said()
    assert ("openvino bf16" in said()) == ("bf16" in cpu_precisions())
    assert "pairwise: chose " in said()
    again = engine_source(config, PAIRWISE, bundle, bundle.encoder(), 0)
    again.open()
    assert f"{again.summary.split(';')[0]}, as chosen before" in said()


def test_a_precision_limits_the_choice(bundle: Bundle, tmp_path: Path) -> None:
    exact = configured(bundle.root, tmp_path, "openvino", precision="fp32")
    source = engine_source(exact, PAIRWISE, bundle, bundle.encoder(), 0)
    source.open()
    assert source.summary.startswith("openvino fp32; 27 golden pairs agree within")
    refused = configured(bundle.root, tmp_path, "auto", precision="int8")
    with pytest.raises(ConfigError, match=r"op.ernie.local_service_conf.precision: int8 cannot be"):
        engine_source(refused, PAIRWISE, bundle, bundle.encoder(), 0)


def test_without_golden_pairs_auto_runs_what_upstream_would(bundles: Path, tmp_path: Path) -> None:
    root = strip_manifest(bundles / CROSS_ENCODER, tmp_path / "adopted")
    bundle = Bundle.adopt(
        root / "serving_server",
        ranker=CROSS_ENCODER,
        tokenizer_dir=root / "tokenizer",
        max_seq_length=64,
        score_function="softmax_positive",
    )
    for engine, expected in (("auto", "paddle fp32; no manifest"), ("openvino", "openvino fp32; ")):
        config = configured(root, tmp_path, engine, precision="auto")
        source = engine_source(config, CROSS_ENCODER, bundle, bundle.encoder(), 0)
        source.open()
        assert source.summary.startswith(expected)


def test_a_bundle_that_scores_otherwise_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    config = configured(bundle.root, tmp_path, "openvino", precision="fp32")
    other = Bundle(
        replace(bundle.manifest, logits="predict"), bundle.server_dir, bundle.tokenizer_dir
    )
    with pytest.raises(BundleError, match="scores differ from those at export"):
        engine_source(config, PAIRWISE, other, other.encoder(), 0).open()


def test_openvino_needs_no_paddle(bundle: Bundle, tmp_path: Path) -> None:
    """Its import takes seconds and hundreds of MB."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from contract.bundle import Bundle\n"
        "from pipeline.engines.bundles import engine_source\n"
        "from tests.pipeline.engines.test_auto import configured\n"
        f"bundle = Bundle.open({str(bundle.root)!r})\n"
        f"config = configured(bundle.root, Path({str(tmp_path)!r}), 'openvino')\n"
        "source = engine_source(config, 'pairwise', bundle, bundle.encoder(), 0)\n"
        "source.open()\n"
        "print(source.summary, 'paddle' in sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.stdout.startswith("openvino fp32; 27 golden pairs"), result.stderr
    assert result.stdout.endswith("False\n")
