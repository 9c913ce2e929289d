# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle's version is what its contents make it, and no file of it lies elsewhere."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest

from contract.bundle import Bundle
from contract.bundle.files import TOKENIZER_DIR, hash_files
from contract.bundle.manifest import version_of
from contract.errors import BundleError
from contract.text.sentence_pieces import PIECES_FILE, WORDS_FILE
from export.seal import main, seal
from tests.bundles import relist
from tests.make_graph_fixture import FIXTURE

PARAMS = "serving_server/inference.predict.pdiparams"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE, tmp_path / "bundle"))


@pytest.fixture
def sealed(bundle: Path) -> Path:
    seal(bundle)
    return bundle


def fields_of(bundle: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    return fields


def write(bundle: Path, **changes: Any) -> None:
    fields = {**fields_of(bundle), **changes}
    (bundle / "manifest.json").write_text(json.dumps(fields), encoding="utf-8")


def refused(bundle: Path, message: str, part: str = "") -> None:
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle, part=part)


@pytest.mark.parametrize("schema", [1, 2])
def test_exchanged_weights_are_another_version(bundle: Path, schema: int) -> None:
    """With its hash mended and the version kept, an engine cache would serve the old weights."""
    if schema == 2:
        seal(bundle)
    data = bytearray((bundle / PARAMS).read_bytes())
    data[-1] ^= 1
    (bundle / PARAMS).write_bytes(data)
    files = {**fields_of(bundle)["files"], **hash_files(bundle, [bundle / PARAMS])}
    write(bundle, files=files)
    refused(bundle, "is not that of its contents, .* edited the manifest")
    write(bundle, version=version_of(fields_of(bundle)))
    Bundle.open(bundle)


@pytest.mark.parametrize(
    "change",
    [{"score_function": "identity"}, {"max_seq_length": 32}, {"precision": "bf16"}, {"graphs": []}],
)
def test_schema_2_covers_what_decides_scores(sealed: Path, change: dict[str, Any]) -> None:
    write(sealed, **change)
    refused(sealed, "is not that of its contents")


def test_schema_2_leaves_out_where_the_weights_came_from(sealed: Path) -> None:
    write(sealed, source={"checkpoint": "renamed"})
    assert Bundle.open(sealed).manifest.source == {"checkpoint": "renamed"}


def test_the_version_of_schema_2_is_as_described(sealed: Path) -> None:
    """Whoever reads a manifest in another language computes it so."""
    fields = fields_of(sealed)
    text = ""
    for key in sorted(set(fields) - {"version", "source"}):
        value = json.dumps(fields[key], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        text += f"{key} {value}\n"
    assert hashlib.sha256(text.encode()).hexdigest()[:12] == fields["version"]
    # the order of keys in the file is export's; it does not count
    write(sealed, **dict(reversed(fields.items())))
    Bundle.open(sealed)


def test_sealing_keeps_all_but_the_version(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Bundle.open(bundle).manifest
    assert main([str(bundle)]) == 0
    after = Bundle.open(bundle).manifest
    assert (before.schema, after.schema) == (1, 2)
    assert capsys.readouterr().out == f"{bundle}: {before.version} is now {after.version}\n"
    assert after.files == before.files and after.version != before.version
    assert seal(bundle).endswith(f"{after.version} is now {after.version}")
    write(bundle, version="0" * 12)
    assert main([str(bundle)]) == 2
    assert "is not that of its contents" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "golden.jsonl",
        "tokenizer/vocab.txt",
        "serving_server/serving_server_conf.prototxt",
        PARAMS,
    ],
)
@pytest.mark.parametrize("part", ["", TOKENIZER_DIR])
def test_files_that_are_read_are_named(bundle: Path, name: str, part: str) -> None:
    fields = fields_of(bundle)
    del fields["files"][name]
    fields["version"] = version_of(fields)
    write(bundle, **fields)
    refused(bundle, f"{name}'? is not among|{name}' are not among", part)


def test_a_manifest_that_names_no_files_is_refused(bundle: Path) -> None:
    write(bundle, files={}, graphs=[], version=version_of({"schema": 1, "files": {}}))
    refused(bundle, "is not among them, so nothing shows whether it was changed")


def test_weights_that_no_graph_names_are_refused(bundle: Path) -> None:
    fields = fields_of(bundle)
    graphs = [{**graph, "params": ""} for graph in fields["graphs"] if graph["format"] == "pdmodel"]
    write(bundle, graphs=graphs)
    refused(bundle, "the weights of 'serving_server/inference.predict.pdmodel' are not among them")
    files = {name: d for name, d in fields["files"].items() if "inference" not in name}
    write(bundle, graphs=[], files=files, version=version_of({"schema": 1, "files": files}))
    refused(bundle, "no graph is among them")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/hostname", "tokenizer/../x", "a\\b", "./x"])
def test_a_path_that_leaves_the_bundle_is_refused(bundle: Path, name: str) -> None:
    files = {**fields_of(bundle)["files"], name: "0" * 64}
    write(bundle, files=files, version=version_of({"schema": 1, "files": files}))
    refused(bundle, "is no path inside the bundle")


def outside_file(bundle: Path) -> None:
    target = bundle.parent / "vocab.txt"
    shutil.move(str(bundle / "tokenizer" / "vocab.txt"), target)
    (bundle / "tokenizer" / "vocab.txt").symlink_to(target)


def outside_folder(bundle: Path) -> None:
    shutil.move(str(bundle / "tokenizer"), bundle.parent / "tokenizer")
    (bundle / "tokenizer").symlink_to("../tokenizer")


def by_way_of_a_link(bundle: Path) -> None:
    shutil.move(str(bundle / "tokenizer"), bundle.parent / "tokenizer")
    (bundle.parent / "hop").symlink_to("tokenizer")
    (bundle / "tokenizer").symlink_to("../hop")


@pytest.mark.parametrize("leave", [outside_file, outside_folder, by_way_of_a_link])
def test_a_link_out_of_the_bundle_is_refused(bundle: Path, leave: Callable[[Path], None]) -> None:
    leave(bundle)
    refused(bundle, r"tokenizer.*: a link leads out of the bundle, .*cp -L")
    refused(bundle, "a link leads out of the bundle", TOKENIZER_DIR)


def test_links_to_a_bundle_and_within_it_are_legal(bundle: Path) -> None:
    current = bundle.parent / "current"
    current.symlink_to("bundle")
    assert Bundle.open(current).manifest == Bundle.open(bundle).manifest
    assert Bundle.open(current / "serving_server").manifest == Bundle.open(bundle).manifest
    (bundle / "words").mkdir()
    shutil.move(str(bundle / "tokenizer" / "vocab.txt"), bundle / "words" / "vocab.txt")
    (bundle / "tokenizer" / "vocab.txt").symlink_to("../words/vocab.txt")
    Bundle.open(bundle)


def test_a_mounted_config_map_is_legal(bundle: Path, tmp_path: Path) -> None:
    """Kubernetes shows each entry as a link to ..data, a link to a directory with a date."""
    mount = tmp_path / "mount"
    mount.mkdir()
    shutil.move(str(bundle), mount / "..2026_11_29")
    (mount / "..data").symlink_to("..2026_11_29")
    for path in (mount / "..data").iterdir():
        (mount / path.name).symlink_to(f"..data/{path.name}")
    Bundle.open(mount)
    Bundle.open(mount / "serving_server")


@pytest.mark.parametrize(
    "name",
    ["serving_server/other.pdmodel", "serving_server/__model__", "serving_server/paddle3/x.bin"],
)
def test_a_file_that_nothing_hashes_is_not_read(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes(b"x")
    refused(bundle, f"{name}: is not among the manifest's files, and would be read; remove it")
    # a client reads the tokenizer alone
    Bundle.open(bundle, part=TOKENIZER_DIR)


def test_a_tokenizer_config_that_nothing_hashes_is_not_read(bundle: Path) -> None:
    config = bundle / "tokenizer" / "tokenizer_config.json"
    text = config.read_text(encoding="utf-8")
    config.unlink()
    relist(bundle)
    Bundle.open(bundle)
    config.write_text(text, encoding="utf-8")
    refused(bundle, "tokenizer_config.json: is not among", TOKENIZER_DIR)


def test_what_nobody_reads_may_lie_there(bundle: Path) -> None:
    (bundle / "NOTES.md").write_text("of ours")
    (bundle / "serving_server" / "README").write_text("of ours")
    Bundle.open(bundle)


@pytest.mark.parametrize("name", [PIECES_FILE, WORDS_FILE])
def test_files_of_ernie_tiny_that_nothing_hashes_are_not_read(bundle: Path, name: str) -> None:
    """The pieces alone would make another tokenizer of it."""
    (bundle / "tokenizer" / name).write_bytes(b"x")
    refused(bundle, f"{name}: is not among", TOKENIZER_DIR)
