# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Documents that are encoded ahead are read by the service's engines, and score alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from contract.bundle import Bundle
from contract.rankers import CROSS_ENCODER
from pipeline.encode_corpus import main
from pipeline.engines.bundles import engine_source, open_bundles
from pipeline.engines.cache import EngineCache
from pipeline.engines.openvino import OpenVinoEngine
from pipeline.request.route import Target
from pipeline.settings.service import load_config
from pipeline.states.parts import DOCUMENT
from tests.bundles import SENTENCES, SPLIT, build_split_bundle


@pytest.fixture
def config(tmp_path: Path) -> Path:
    build_split_bundle(tmp_path, CROSS_ENCODER)
    op = {
        "engine": "openvino",
        "split": {"store_bytes": 10**7, "corpus": "corpus"},
        "local_service_conf": {"model_config": SPLIT + CROSS_ENCODER, "thread_num": 1},
    }
    keys = {"http_port": 9000, "engine_cache": "cache", "op": {"rocketqa": op}}
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(keys), encoding="utf-8")
    (tmp_path / "documents.txt").write_text("\n\n".join(SENTENCES) + "\n", encoding="utf-8")
    return path


def encode(config: Path, *flags: Any) -> int:
    given = {"--config": config, "--ranker": CROSS_ENCODER, "--max_bytes": 10**7}
    given["--documents"] = config.parent / "documents.txt"
    given.update(zip(flags[::2], flags[1::2]))
    return main([str(word) for pair in given.items() for word in pair])


def change(config: Path, old: str, new: str) -> None:
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def source_of(config: Path) -> tuple[Any, Bundle]:
    read = load_config(config)
    ((target, bundle),) = open_bundles(read).items()
    assert isinstance(target, Target)
    return engine_source(read, CROSS_ENCODER, bundle, bundle.encoder(), 0), bundle


def test_what_was_encoded_is_not_encoded_again(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert encode(config) == 0
    count = len(SENTENCES)
    assert f"{count} of {count} documents encoded, {count} held" in capsys.readouterr().out
    (config.parent / "documents.txt").write_text("\n".join([*SENTENCES, "感冒", "感冒"]))
    assert encode(config) == 0
    said = capsys.readouterr()
    assert f"1 of {count + 2} documents encoded, {count + 1} held" in said.out
    assert said.err == ""


def test_engines_read_it_and_score_as_the_whole_graph(config: Path) -> None:
    assert encode(config) == 0
    source, bundle = source_of(config)
    engine, encoder = source.open(), bundle.encoder()
    assert source.states.counts.read == 0, "counts begin after the check"
    feed = encoder.pad(encoder.encode_pairs([("感冒吃什么", text) for text in SENTENCES]))
    whole = OpenVinoEngine(bundle, "fp32", 1, EngineCache(None), "op.rocketqa.local_service_conf")
    for _ in range(2):
        np.testing.assert_allclose(engine.run(feed), whole.run(feed), atol=1e-5)
    counts = source.states.counts
    assert counts.read == counts.hits[DOCUMENT] == len(SENTENCES)
    assert counts.misses[DOCUMENT] == 0


def test_another_bundle_does_not_read_it(config: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert encode(config) == 0
    (made,) = (config.parent / "corpus").iterdir()
    version = Bundle.open(config.parent / (SPLIT + CROSS_ENCODER)).manifest.version
    assert version in made.name
    made.rename(made.with_name(made.name.replace(version, "0" * 12)))
    source, _ = source_of(config)
    source.open()
    assert f"{version}-fp32.sqlite: not there; documents are encoded when" in caplog.text
    assert source.states._corpus is None


def test_documents_that_fill_a_row_are_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "documents.txt").write_text("感冒灵\n" + "感冒" * 100)
    assert encode(config) == 0
    assert "1 documents fill a row of the bundle alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "flags", "said"),
    [
        ("corpus: corpus", "corpus:", (), "op.rocketqa.split.corpus: missing; name a directory"),
        ("engine: op", "engine: op", ("--ranker", "pairwise"), "op: names no pairwise"),
        ("engine: op", "engine: op", ("--max_bytes", "9000"), "and 9000 are allowed"),
        ("engine: op", "engine: op", ("--max_bytes", "20000"), "takes no more"),
        ("engine: op", "engine: op", ("--documents", "none.txt"), "none.txt: cannot be read"),
        (
            "thread_num: 1",
            "thread_num: 1\n      precision: auto",
            (),
            "op.rocketqa.split.corpus: does not go with precision auto",
        ),
    ],
)
def test_what_cannot_be_done_is_told(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    flags: tuple[str, ...],
    said: str,
) -> None:
    change(config, old, new)
    assert encode(config, *flags) == 2
    assert said in capsys.readouterr().err
