# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny real checkpoints and bundles: a two-layer ERNIE with random weights, exported as any other.

A directory and a ranker's name give ``<directory>/<ranker>`` with everything that
``contract.bundle`` reads. With card's packages they are made anew. Modern cannot make them: there
the bundles are those of tests/fixtures/bundles, which ``.venv-card/bin/python -m tests.bundles``
writes, and which a test on card holds against new ones.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from contract.bundle.files import GOLDEN_FILE, MANIFEST_FILE, hash_files
from contract.bundle.manifest import version_of
from contract.encoding import PairEncoder, save_tokenizer
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.text.rules import OF_OLDER_FILES
from tests.sets import ON_CARD, skip_unless_card

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "bundles"
# what begins the directories of split rankers
SPLIT = "split_"
# the bundles that tests ask for, by seed
KEPT = {
    0: (*RANKERS, SPLIT + CROSS_ENCODER, SPLIT + PAIRWISE),
    1: (PAIRWISE,),
}
# what makes a ranker a split one: with evidence, and with smaller states
_SPLIT_SHAPES: dict[str, dict[str, Any]] = {
    CROSS_ENCODER: {
        "joint_layers": 1,
        "evidence": {
            "phrase_size": 6,
            "phrase_rows": [61, 31, 0],
            "hidden_size": 4,
            "special_ids": [0, 1, 2, 3, 4],
        },
    },
    PAIRWISE: {"joint_layers": 1, "state_size": 16, "state_type": "fp16"},
}

MAX_SEQ_LENGTH = 64
SENTENCES = (
    "中西方语言与文化的差异",
    "第二语言习得的一大障碍就是文化差异。",
    "感冒了应该吃什么药?",
    "感冒时可以吃感冒灵颗粒,多喝水,注意休息。",
    "劳动合同到期后公司不续签怎么办",
    "用人单位应当向劳动者支付经济补偿。",
    "it's a \"quoted\" title with 'apostrophes' & <tags>",
)

_CONFIG = {
    "model_type": "ernie",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": MAX_SEQ_LENGTH,
}
# PaddleNLP's own 0.02 gives every pair nearly one score, and an order that nothing can check
_WEIGHT_SCALE = 0.15
_LOGIT_SPREAD = 1.0

_CHECKPOINTS = "checkpoints"
_EXPORTS = "exports"
_BUNDLES = "bundles"


def build_bundle(directory: Path, ranker: str, seed: int = 0) -> Path:
    """Write ``directory/<ranker>``, the bundle of a random ranker; another seed, other weights."""
    return _copy(_BUNDLES, directory, ranker, seed)


def build_split_bundle(directory: Path, ranker: str) -> Path:
    """Write ``directory/split_<ranker>``, a bundle with the two graphs of a split ranker besides.

    The cross-encoder has evidence, the pair-wise ranker few numbers of fp16 for a token.
    """
    return _copy(_BUNDLES, directory, SPLIT + ranker, 0)


def build_export(directory: Path, ranker: str, seed: int = 0) -> Path:
    """Write ``directory/<ranker>`` as ``export_model`` leaves its ``--output_path``."""
    skip_unless_card()
    return _copy(_EXPORTS, directory, ranker, seed)


def build_checkpoint(directory: Path, ranker: str, seed: int = 0) -> Path:
    """Write ``directory/<ranker>`` as training leaves a checkpoint."""
    skip_unless_card()
    return _copy(_CHECKPOINTS, directory, ranker, seed)


def make_bundles(root: Path, seed: int = 0) -> Path:
    """Write both rankers' bundles under ``root``."""
    for ranker in RANKERS:
        build_bundle(root, ranker, seed)
    return root


def strip_manifest(bundle: Path, to: Path) -> Path:
    """A copy as upstream's tools leave it: ``serving_server``, ``serving_client``, no manifest."""
    shutil.copytree(bundle, to)
    (to / MANIFEST_FILE).unlink()
    (to / GOLDEN_FILE).unlink()
    return to


def rehash(bundle: Path) -> None:
    """Make the manifest agree with the files again, after a test has changed one."""
    path = bundle / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["files"] = hash_files(bundle, [bundle / name for name in manifest["files"]])
    manifest["version"] = version_of(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def relist(bundle: Path, **changes: Any) -> Path:
    """Have the manifest list the files that are there now, and no graphs but those among them.

    ``graphs=[]`` among the changes has it list none, as older manifests do.
    """
    path = bundle / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8"))
    there = [p for p in bundle.rglob("*") if p.is_file() and p != path]
    files = hash_files(bundle, there)
    graphs = [g for g in manifest.get("graphs", ()) if g["path"] in files]
    manifest.update(files=files, graphs=graphs)
    manifest.update(changes)
    manifest["version"] = version_of(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return bundle


def golden_file(directory: Path) -> Path:
    """Write lists whose words the tiny vocabulary holds."""
    path = directory / "golden.tsv"
    rows = [f"{query}\t{title}\n" for query in SENTENCES[::2] for title in SENTENCES]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def _copy(kind: str, directory: Path, ranker: str, seed: int) -> Path:
    target = directory / ranker
    source = built(seed) / kind if ON_CARD else FIXTURES / str(seed)
    shutil.copytree(source / ranker, target)
    return target


@cache
def built(seed: int) -> Path:
    """Checkpoints, exports and bundles of one seed, made once, in a process of its own.

    That process imports paddlenlp, which takes seconds and hundreds of MB that the tests' process
    has no other use for.
    """
    root = Path(tempfile.mkdtemp(prefix="tiny-bundles-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    repository = Path(__file__).resolve().parent.parent
    result = subprocess.run(
        [sys.executable, "-m", "tests.bundles", str(root), str(seed)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=str(repository),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"the tiny bundles could not be made:\n{result.stdout}")
    return root


def _vocabulary() -> list[str]:
    letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    chinese = sorted({c for s in SENTENCES for c in s if ord(c) > 127})
    continued = [f"##{c}" for c in letters if c.isalnum()]
    return ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]", *letters, *chinese, *continued]


def write_checkpoint(directory: Path, ranker: str, seed: int, **shape: Any) -> None:
    """Write ``directory`` as training does: random weights; ``shape`` overrides the config's."""
    from contract.environment.cpu import prepare_math_library

    prepare_math_library()

    import numpy as np

    from train.model.backbone import find_backbone
    from train.model.layers import build_model
    from train.model.ranker import save_parameters

    tokens = _vocabulary()
    save_tokenizer(tokens, directory, lower_case=True)
    config = {**_CONFIG, **shape, "vocab_size": len(tokens)}
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    # as checkpoints of older releases, which name no rules for texts
    about = {"format": 1, "ranker": ranker, "max_seq_length": MAX_SEQ_LENGTH}
    (directory / "ranker.json").write_text(json.dumps(about), encoding="utf-8")
    model = build_model(ranker, find_backbone(str(directory)))
    random = np.random.default_rng([seed, RANKERS.index(ranker)])
    for name, parameter in model.state_dict().items():
        if "norm" not in name and "float" in str(parameter.dtype):
            weights: Any = random.normal(0.0, _WEIGHT_SCALE, parameter.shape)
            parameter.set_value(weights.astype("float32"))
    model.eval()
    _spread_scores(model, PairEncoder.load(directory, MAX_SEQ_LENGTH, OF_OLDER_FILES))
    save_parameters(model, directory / "model_state.pdparams")


def _spread_scores(model: Any, encoder: PairEncoder) -> None:
    """Scale and shift the head until the scores of the sentences fill most of (0, 1)."""
    from export.proof.parity import run_dynamic

    pairs = [(query, title) for query in SENTENCES for title in SENTENCES]
    logits = run_dynamic(model)(encoder.pad(encoder.encode_pairs(pairs)))
    head = getattr(model, "similarity", None) or model.classifier
    factor = _LOGIT_SPREAD / logits.std(axis=0)
    head.weight.set_value(head.weight * factor)
    head.bias.set_value((head.bias - logits.mean(axis=0)) * factor)


def _publish_all(root: Path, seed: int) -> None:
    """By the commands that users type."""
    from export import export_model, export_to_serving

    golden = golden_file(root)
    split = _SPLIT_SHAPES if seed == 0 else {}
    for name in (*RANKERS, *(SPLIT + ranker for ranker in split)):
        checkpoint, output, bundle = (
            root / kind / name for kind in (_CHECKPOINTS, _EXPORTS, _BUNDLES)
        )
        ranker = name.replace(SPLIT, "")
        shape = split[ranker] if name.startswith(SPLIT) else {}
        write_checkpoint(checkpoint, ranker, seed, **shape)
        arguments = ["--params_path", str(checkpoint / "model_state.pdparams")]
        arguments += ["--output_path", str(output), "--golden_file", str(golden)]
        status = export_model.main(arguments)
        status = status or export_to_serving.main(
            ["--dirname", str(output), "--bundle", str(bundle)]
        )
        if status:
            sys.exit(status)


def _renew() -> None:
    """Write tests/fixtures/bundles."""
    shutil.rmtree(FIXTURES, ignore_errors=True)
    for seed, rankers in KEPT.items():
        for ranker in rankers:
            shutil.copytree(built(seed) / _BUNDLES / ranker, FIXTURES / str(seed) / ranker)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        _renew()
    else:
        _publish_all(Path(sys.argv[1]), int(sys.argv[2]))
