# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Python and C++ make the same version of the same manifest, and refuse the same bundles."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE, TOKENIZER_DIR
from contract.bundle.manifest import version_of
from contract.errors import BundleError, SetUpError
from export.seal import seal
from general_model_service.program import with_libraries
from tests.bundles import relist
from tests.general_model_service.test_handover import refused, until, version
from tests.make_graph_fixture import FIXTURE
from tests.tensor_service import StartTensorService

OTHER_VERSION = re.compile(r'version "[^"]*" is not that of its contents, ([0-9a-f]{12}):')

ODD_VALUES = {
    "words": '"only_second"',
    "chinese": '"牙结石 \\u7259"',
    "escapes": r'"\u0000\u001F\u007f\u0080\b\f\n\r\t\"\\\/\u2028\ufeff\uffff"',
    "planes": r'"\ud83d\ude00😀𐀀"',
    "constants": '[true, false, null, {}, [], {"": ""}]',
    "integers": "[0, -0, 1, -1, 9007199254740993, 18446744073709551616, -9223372036854775809]",
    "long": "1" + "0" * 400,
    "fractions": "[0.0, -0.0, 1.0, 0.1, 1E5, 1e+5, 12.50, 1e-5, 0.0001, 0.00012, 100.25e-2]",
    "exponents": "[1e15, 1e16, 123456789012345678.0, 5e-324, 1.7976931348623157e308, 1e22, 1e23]",
    "beyond": "[1e400, -1e400, 1e-400, -1e-400, 2.2250738585072014e-308]",
    "order": '{"b": 1, "a": {"é": 1, "e": 2}, "B": 3, "": 4, "\U0001f600": 5, "\uffff": 6, "ä": 7}',
    "twice": '{"a": 1, "b": 2, "\\u0061": {"c": 3, "c": 4}}',
    "deep": "[" * 60 + "]" * 60,
    "wide": "[" + ",".join(f'{{"k{i}": {i}}}' for i in range(500)) + "]",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = Path(shutil.copytree(FIXTURE, tmp_path / "bundle"))
    seal(path)
    return path


def write(bundle: Path, key: str, value: str, kept: str = "") -> None:
    """Add a field, in just these bytes."""
    path = bundle / MANIFEST_FILE
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["version"] = kept
    text = json.dumps(fields, indent=1)[:-2] + f",\n {json.dumps(key)} : {value}\n}}"
    if not kept:
        fields["version"] = version_of(json.loads(text))
        text = text.replace('"version": ""', f'"version": "{fields["version"]}"')
    path.write_text(text, encoding="utf-8")


def said_by(program: Path, bundle: Path) -> str:
    """What the program says of a bundle that it does not take."""
    done = subprocess.run(
        [str(program), "--model", str(bundle), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=with_libraries(os.environ),
    )
    assert done.returncode == 2, done
    return done.stderr


def computed_by(program: Path, bundle: Path) -> str:
    found = OTHER_VERSION.search(said_by(program, bundle))
    assert found, said_by(program, bundle)
    return found[1]


def test_all_odd_values_start_at_once(tensor_service: StartTensorService, bundle: Path) -> None:
    """A newer export's keys, too, are none of the service's business."""
    both = ",".join(f'"{name}": {value}' for name, value in ODD_VALUES.items())
    write(bundle, "of a newer release", f"{{{both}}}")
    service = tensor_service(bundle)
    fields = json.loads((bundle / MANIFEST_FILE).read_text(encoding="utf-8"))
    assert version(service) == fields["version"]


@pytest.mark.parametrize("key", ["truncation", "normalization"])
def test_a_rule_for_texts_is_a_name(tensor_program: Path, bundle: Path, key: str) -> None:
    write(bundle, key, "[1]")
    assert f"{key}: of another type; export the bundle again" in said_by(tensor_program, bundle)


@pytest.mark.parametrize("name", ODD_VALUES)
def test_a_version_is_the_same_in_both_languages(
    tensor_program: Path, bundle: Path, name: str
) -> None:
    sealed = (bundle / MANIFEST_FILE).read_text(encoding="utf-8")
    for key in ("normalization", "of a newer release", f"é{name}\n😀"):
        (bundle / MANIFEST_FILE).write_text(sealed, encoding="utf-8")
        write(bundle, key, ODD_VALUES[name], kept="0" * 12)
        fields = json.loads((bundle / MANIFEST_FILE).read_text(encoding="utf-8"))
        assert computed_by(tensor_program, bundle) == version_of(fields)


def test_any_decimal_is_the_same_in_both_languages(tensor_program: Path, bundle: Path) -> None:
    draw = random.Random(7)
    bits = (struct.unpack("<d", draw.randbytes(8))[0] for _ in range(20000))
    numbers = [repr(x) for x in bits if x == x and abs(x) != float("inf")]
    numbers += [
        f"{draw.uniform(-9, 9):.17e}"[:-3] + f"{draw.randint(-30, 30)}" for _ in range(9000)
    ]
    numbers += [f"{2.0**n!r}" for n in range(-1074, 1024)]
    numbers += [f"{draw.getrandbits(70)}.{draw.getrandbits(60)}" for _ in range(2000)]
    write(bundle, "normalization", f"[{','.join(numbers)}]", kept="0" * 12)
    fields = json.loads((bundle / MANIFEST_FILE).read_text(encoding="utf-8"))
    assert computed_by(tensor_program, bundle) == version_of(fields)


def test_python_opens_what_was_sealed_by_the_version_of_cpp(
    tensor_program: Path, bundle: Path
) -> None:
    odd = bundle / TOKENIZER_DIR / "说明 é😀.txt"
    odd.write_text("of ours", encoding="utf-8")
    relist(bundle)
    path = bundle / MANIFEST_FILE
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["feeds"][0]["name"] = '\x7f牙\t"\\\U0001f600'
    fields["version"] = ""
    for ascii_only in (True, False):
        path.write_text(json.dumps(fields, ensure_ascii=ascii_only), encoding="utf-8")
        sealed = {**fields, "version": computed_by(tensor_program, bundle)}
        path.write_text(json.dumps(sealed, ensure_ascii=ascii_only), encoding="utf-8")
        assert Bundle.open(bundle).manifest.version == sealed["version"]


def edited(bundle: Path) -> None:
    text = (bundle / MANIFEST_FILE).read_text(encoding="utf-8")
    (bundle / MANIFEST_FILE).write_text(text.replace('"sigmoid"', '"identity"'), encoding="utf-8")


def linked_out(bundle: Path) -> None:
    shutil.move(str(bundle / TOKENIZER_DIR), bundle.parent / "words")
    (bundle / TOKENIZER_DIR).symlink_to("../words")


def unlisted_graph(bundle: Path) -> None:
    (bundle / "serving_server" / "other.onnx").write_bytes(b"x")


def unlisted_vocabulary(bundle: Path) -> None:
    kept = (bundle / TOKENIZER_DIR / "vocab.txt").read_bytes()
    (bundle / TOKENIZER_DIR / "vocab.txt").unlink()
    relist(bundle)
    (bundle / TOKENIZER_DIR / "vocab.txt").write_bytes(kept)


def another_schema(bundle: Path) -> None:
    relist(bundle, schema=3)


def no_json(bundle: Path) -> None:
    relist(bundle, source={"loss": float("nan")})


def half_a_letter(bundle: Path) -> None:
    relist(bundle, source={"command": "\udc00"})


BREACHES: dict[Callable[[Path], None], str] = {
    edited: "is not that of its contents",
    linked_out: "a link leads out of the bundle",
    unlisted_graph: "is not among the manifest's files, and would be read",
    unlisted_vocabulary: "is not among them, so nothing shows whether it was changed",
    another_schema: "schema 3 is not one of",
    no_json: "not a manifest of this project",
    half_a_letter: "not a manifest of this project",
}


@pytest.mark.parametrize("breach", BREACHES)
def test_both_refuse_in_the_same_words(
    tensor_program: Path, bundle: Path, breach: Callable[[Path], None]
) -> None:
    breach(bundle)
    with pytest.raises(BundleError, match=BREACHES[breach]):
        Bundle.open(bundle)
    said = said_by(tensor_program, bundle)
    assert BREACHES[breach] in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("breach", BREACHES)
def test_a_handover_looks_as_closely(
    tensor_service: StartTensorService, bundle: Path, breach: Callable[[Path], None]
) -> None:
    service = tensor_service(bundle, "--reload_interval_s", "0")
    before = version(service)
    breach(bundle)
    service.process.send_signal(signal.SIGHUP)
    until(lambda: refused(service) == 1)
    assert version(service) == before
    assert BREACHES[breach] in service.log()


def test_a_mounted_config_map_is_served_and_followed(
    tensor_service: StartTensorService, bundle: Path, tmp_path: Path
) -> None:
    """Kubernetes shows each entry as a link to ..data, and points that to a new directory."""
    mount = tmp_path / "mount"
    mount.mkdir()
    other = shutil.copytree(bundle, mount / "..second")
    (other / TOKENIZER_DIR / "notes.txt").write_text("of ours")
    relist(other)
    shutil.move(str(bundle), mount / "..first")
    (mount / "..data").symlink_to("..first")
    for path in (mount / "..first").iterdir():
        (mount / path.name).symlink_to(f"..data/{path.name}")
    service = tensor_service(mount, "--reload_interval_s", "1")
    assert version(service) == Bundle.open(mount).manifest.version
    (mount / "..next").symlink_to("..second")
    (mount / "..next").rename(mount / "..data")
    until(lambda: version(service) == Bundle.open(other).manifest.version)


def test_pairs_that_show_no_order_are_told_of(
    tensor_service: StartTensorService, bundle: Path
) -> None:
    golden = bundle / "golden.jsonl"
    lines = golden.read_text(encoding="utf-8").splitlines(keepends=True)
    golden.write_text(lines[0], encoding="utf-8")
    relist(bundle)
    service = tensor_service(bundle)
    assert "passes its golden pairs, but they prove nothing: all have the same logits" in (
        service.log()
    )


def test_another_logit_does_not_start(tensor_service: StartTensorService, bundle: Path) -> None:
    """A score can be right to the last digit, and the logit be another."""
    golden = bundle / "golden.jsonl"
    pairs = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    pairs[0]["logits"][0] += 1e-3
    golden.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    relist(bundle)
    with pytest.raises(SetUpError, match="list 0: the logit of title 0 is"):
        tensor_service(bundle)
