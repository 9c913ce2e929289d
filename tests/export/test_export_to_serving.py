# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The command on real exports: upstream's directories, bundles, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from paddle.base.proto import framework_pb2

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.bundle.graphs import paddle_reader
from contract.bundle.serving_conf import read_serving_conf
from contract.errors import BundleError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.text.rules import NEW_RULES, UPSTREAM_RULES
from export import export_model
from export.bundle.facts import read_facts
from export.bundle.model_dir import open_model_dir
from export.bundle.publishing import republished, verify
from export.export_to_serving import main

GRAPHS = {PAIRWISE: "inference.predict", CROSS_ENCODER: "inference"}


def perturb(export_dir: Path) -> None:
    """Change the weights of an export, as a copy of another run's parameters would."""
    path = next(export_dir.glob("*.pdiparams"))
    content = bytearray(path.read_bytes())
    position = 0
    while position < len(content):
        # version, levels of detail (none), version, length of the description
        _, levels, _, length = struct.unpack_from("<IQIi", content, position)
        assert levels == 0
        start = position + struct.calcsize("<IQIi") + length
        description = framework_pb2.VarType.TensorDesc()
        description.ParseFromString(bytes(content[start - length : start]))
        count = int(np.prod(description.dims))
        weights = np.frombuffer(content, dtype="<f4", count=count, offset=start)
        weights *= 1.01
        position = start + 4 * count
    path.write_bytes(content)


def error_line(capfd: pytest.CaptureFixture[str]) -> str:
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_bundle_opens_and_keeps_its_promises(
    exports: Path, ranker: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card.md"
    card.write_text("# Tiny\n", encoding="utf-8")
    target = tmp_path / "serving_models" / ranker
    arguments = ["--dirname", str(exports / ranker), "--bundle", str(target)]
    assert main([*arguments, "--model_card", str(card)]) == 0
    bundle = Bundle.open(target)
    manifest = bundle.manifest
    files = [path for path in target.rglob("*") if path.is_file()]
    unhashed = {path.relative_to(target).as_posix() for path in files} - set(manifest.files)
    assert unhashed == {"manifest.json", "MODEL_CARD.md"}
    assert "tokenizer/special_tokens_map.json" in manifest.files
    assert (target / "MODEL_CARD.md").read_text(encoding="utf-8") == "# Tiny\n"
    assert [path.name for path in target.parent.iterdir()] == [ranker]
    assert (manifest.ranker, manifest.max_seq_length, manifest.precision) == (ranker, 64, "fp32")
    assert manifest.unicode_version == "13.0.0"
    # as the checkpoint, which names no rule
    assert manifest.truncation == "title_first"
    assert len(manifest.source["checkpoint_sha256"]) == 64
    assert manifest.source["paddlepaddle"].startswith("2.")
    last = capfd.readouterr().out.strip().splitlines()[-1]
    size = sum(path.stat().st_size for path in files) / 1e6
    assert last == f"{target}: {ranker} {manifest.version}, {size:.2f} MB in 12 files"


def test_the_same_export_gives_the_same_version(exports: Path, tmp_path: Path) -> None:
    versions = set()
    for name in ("first", "second"):
        arguments = ["--dirname", str(exports / PAIRWISE), "--bundle", str(tmp_path / name)]
        assert main(arguments) == 0
        versions.add(Bundle.open(tmp_path / name).manifest.version)
    assert len(versions) == 1


def test_rules_of_training_travel_to_the_bundle(
    checkpoints: Path, export_dir: Path, ranker: str, tmp_path: Path
) -> None:
    """Also those of an export by an older release, which names none."""
    path = export_dir / "export.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts.pop("truncation") == "title_first"
    path.write_text(json.dumps(facts), encoding="utf-8")
    assert main(["--dirname", str(export_dir), "--bundle", str(tmp_path / "older")]) == 0
    assert Bundle.open(tmp_path / "older").manifest.truncation == "title_first"
    export = ["--params_path", str(checkpoints / ranker), "--output_path", str(tmp_path / "out")]
    rules = ["--truncation", "longest_first", "--normalization", "nfkc"]
    assert export_model.main([*export, *rules]) == 0
    assert main(["--dirname", str(tmp_path / "out"), "--bundle", str(tmp_path / "new")]) == 0
    new = Bundle.open(tmp_path / "new")
    assert new.manifest.text_rules == NEW_RULES
    parts = republished(new, [new.graph(paddle_reader())], {})
    assert parts.facts.text_rules == NEW_RULES
    kept = {"older": 61, "new": 31}
    for name, tokens in kept.items():
        (row,) = open_model_dir(tmp_path / name).encoder.encode("中" * 100, ["文" * 100])
        assert row.query_kept == tokens


def test_changed_weights_are_refused_and_the_old_bundle_stays(
    export_dir: Path, bundles: Path, ranker: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = Path(shutil.copytree(bundles / ranker, tmp_path / "models" / ranker))
    version = Bundle.open(target).manifest.version
    perturb(export_dir)
    capfd.readouterr()
    assert main(["--dirname", str(export_dir), "--bundle", str(target)]) == 2
    line = error_line(capfd)
    assert line.startswith("export_to_serving: golden list 0: Paddle Inference on inference.")
    assert "pdmodel, rows in lists: " in line
    assert "scores differ from those at export" in line and "nothing is published" in line
    assert Bundle.open(target).manifest.version == version
    assert [path.name for path in target.parent.iterdir()] == [ranker]


def test_damaged_parameters_are_named_where_they_would_have_been(
    export_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = next(export_dir.glob("*.pdiparams"))
    path.write_bytes(path.read_bytes()[:-1000])
    assert main(["--dirname", str(export_dir), "--bundle", str(tmp_path / "bundle")]) == 2
    line = error_line(capfd)
    assert f"{tmp_path / 'bundle'}/serving_server/" in line
    assert "Paddle Inference cannot load it" in line
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_changed_vocabulary_is_refused(
    export_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = export_dir / "tokenizer" / "vocab.txt"
    tokens = path.read_text(encoding="utf-8").split("\n")
    tokens[50:] = reversed(tokens[50:-1])
    path.write_text("\n".join(tokens), encoding="utf-8")
    assert main(["--dirname", str(export_dir), "--bundle", str(tmp_path / "bundle")]) == 2
    assert "gives other token ids than at export" in error_line(capfd)
    assert not (tmp_path / "bundle").exists()


def test_a_kill_in_the_middle_leaves_the_old_bundle(
    exports: Path, bundles: Path, repository: Path, tmp_path: Path
) -> None:
    target = Path(shutil.copytree(bundles / CROSS_ENCODER, tmp_path / CROSS_ENCODER))
    arguments = ["--dirname", str(exports / CROSS_ENCODER), "--bundle", str(target)]
    process = subprocess.Popen(
        [sys.executable, "-m", "export.export_to_serving", *arguments],
        cwd=repository,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    try:
        while not list(tmp_path.glob(f".{CROSS_ENCODER}.new-*/manifest.json")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    verify(target)
    assert len(list(tmp_path.iterdir())) == 2
    assert main(arguments) == 0
    verify(target)
    assert [path.name for path in tmp_path.iterdir()] == [CROSS_ENCODER]


def test_something_that_is_no_bundle_is_not_replaced(
    exports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.doc").write_text("dear", encoding="utf-8")
    for target in (tmp_path / "home", tmp_path / "home" / "thesis.doc"):
        assert main(["--dirname", str(exports / PAIRWISE), "--bundle", str(target)]) == 2
        expected = f"bundle {target}: exists and is not a bundle; name another directory"
        assert error_line(capfd) == f"export_to_serving: {expected}"
    assert (tmp_path / "home" / "thesis.doc").read_text(encoding="utf-8") == "dear"


def test_upstreams_command_line_works_on_our_export(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of upstream's README, which names one output of the two."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exports / PAIRWISE, "output")
    line = (
        "--dirname output --model_filename inference.predict.pdmodel "
        "--params_filename inference.predict.pdiparams --server_path serving_server "
        "--client_path serving_client --fetch_alias_names predict"
    )
    assert main(line.split()) == 0
    assert sorted(path.name for path in (tmp_path / "serving_server").iterdir()) == [
        "inference.predict.pdiparams",
        "inference.predict.pdmodel",
        "serving_server_conf.prototxt",
        "serving_server_conf.stream.prototxt",
    ]
    assert sorted(path.name for path in (tmp_path / "serving_client").iterdir()) == [
        "serving_client_conf.prototxt",
        "serving_client_conf.stream.prototxt",
    ]
    _, fetches = read_serving_conf(tmp_path / "serving_server" / "serving_server_conf.prototxt")
    assert [spec.alias for spec in fetches] == ["predict", "logits"]


def test_upstreams_export_gives_upstreams_directories(
    plain_dir: Path, ranker: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--dirname", str(plain_dir), "--server_path", str(tmp_path / "server")]
    arguments += ["--client_path", str(tmp_path / "client")]
    names = [f"--model_filename={GRAPHS[ranker]}.pdmodel"]
    names += [f"--params_filename={GRAPHS[ranker]}.pdiparams"]
    assert main([*arguments, *names]) == 0
    score_function = "identity" if ranker == PAIRWISE else "softmax_positive"
    adopted = Bundle.adopt(
        tmp_path / "server",
        ranker=ranker,
        tokenizer_dir=tmp_path,
        max_seq_length=64,
        score_function=score_function,
    )
    assert adopted.manifest.logits == "predict"
    assert adopted.manifest.text_rules == UPSTREAM_RULES
    capfd.readouterr()
    assert main([*arguments, *names, "--bundle", str(tmp_path / "bundle")]) == 2
    assert "has no export.json, which a bundle needs" in error_line(capfd)


def test_missing_parts_are_named(
    plain_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--dirname", str(tmp_path / "nowhere")]) == 2
    assert "dirname: there is no directory" in error_line(capfd)
    assert main(["--dirname", str(plain_dir), "--model_filename", "x.pdmodel"]) == 2
    assert (
        f"model_filename: there is no x.pdmodel in {plain_dir}, which has inference"
        in error_line(capfd)
    )


def test_a_second_model_in_the_server_directory_is_refused(
    exports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server, client = str(tmp_path / "server"), str(tmp_path / "client")
    line = ["--server_path", server, "--client_path", client]
    for _ in range(2):
        assert main(["--dirname", str(exports / PAIRWISE), *line]) == 0
    capfd.readouterr()
    assert main(["--dirname", str(exports / CROSS_ENCODER), *line]) == 2
    assert "has another model in it, inference.predict.pdmodel" in error_line(capfd)


def test_show_proto_prints_and_writes_nothing(
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    dirname = str(exports / CROSS_ENCODER)
    assert main(["--dirname", dirname, "--show_proto", "True", "--fetch_alias_names", "x"]) == 0
    assert 'name: "predict"\n  alias_name: "x"' in capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert main(["--dirname", dirname, "--show_proto", "False"]) == 0
    assert (tmp_path / "serving_server" / "inference.pdmodel").is_file()


def test_damaged_facts_are_named(export_dir: Path) -> None:
    path = export_dir / "export.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    for content in ("{", "[]", json.dumps({**fields, "schema": 9}), json.dumps({"schema": 1})):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(BundleError, match=r"export\.json: .*; run export_model again"):
            read_facts(export_dir)


def test_golden_pairs_come_from_every_list(exports: Path, ranker: str) -> None:
    pairs = read_golden(exports / ranker / "golden.jsonl")
    assert {pair.group for pair in pairs} == set(range(5))
