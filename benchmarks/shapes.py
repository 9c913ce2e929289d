# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Gives the bundles of a model's shape, and builds those of random weights once.

``small`` is what the project ships. ``medium`` is ERNIE-medium's architecture with random weights
from a fixed seed: speed does not depend on what weights are worth.
``python -m benchmarks.shapes medium`` builds it without measuring.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from benchmarks.environments import card_python
from child_services.child import REPOSITORY
from contract.bundle.files import MANIFEST_FILE, TOKENIZER_DIR
from contract.encoding import VOCAB_FILE, PairEncoder, save_tokenizer
from contract.errors import SetUpError
from contract.rankers import RANKERS
from contract.text.rules import NEW_RULES

SMALL, MEDIUM = "small", "medium"
SHAPES = (SMALL, MEDIUM)
SHIPPED = REPOSITORY / "serving_models"
BUILT = REPOSITORY / ".cache" / "bench"

_VOCABULARY = REPOSITORY.parent / "shared" / "data" / "vocab" / "ernie_zh_vocab.txt"
# of ernie-3.0-medium-zh, but for its larger vocabulary and its 2,048 positions
_CONFIG: dict[str, Any] = {
    "model_type": "ernie",
    "hidden_size": 768,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 4,
    "use_task_id": True,
    "task_type_vocab_size": 16,
}
_MAX_SEQ_LENGTH = 128
_SEED = 20260101
# PaddleNLP's own 0.02 gives every pair nearly one score, and scores that cannot disagree
_WEIGHT_SCALE = 0.04
_LOGIT_SPREAD = 1.0
# texts whose logits set the scale of the head
_TEXTS = (
    "感冒了怎么办",
    "劳动合同到期不续签",
    "文本匹配方法研究",
    "孩子发烧",
    "牙结石脱落小妙招",
    "天气",
)


def bundles_of(shape: str, ranker: str) -> Path:
    """The directory of ``<ranker>/`` bundles of a shape; builds the one asked for when absent.

    Raises:
        SetUpError: it cannot be built; with the last line that says why.
    """
    if shape == SMALL:
        return SHIPPED
    directory = BUILT / shape
    if (directory / ranker / MANIFEST_FILE).is_file():
        return directory
    print(f"building the {shape} {ranker} bundle in {directory}", file=sys.stderr, flush=True)
    # a process of its own: the training packages take seconds and hundreds of MB
    done = subprocess.run(
        [str(card_python()), "-m", "benchmarks.shapes", shape, ranker],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise SetUpError(f"cannot be built: {last}", field=str(directory))
    return directory


def build(shape: str, ranker: str) -> Path:
    """Initialise, save and export a ranker of a shape; returns its bundle."""
    if shape != MEDIUM or ranker not in RANKERS:
        raise SetUpError(f"cannot be built; only {MEDIUM} is", field=shape)
    from contract.environment.cpu import prepare_math_library
    from export import publish

    prepare_math_library()
    bundle = BUILT / shape / ranker
    with tempfile.TemporaryDirectory(prefix="shape-") as folder:
        write_checkpoint(Path(folder), ranker, _CONFIG, _tokens(), _MAX_SEQ_LENGTH)
        status = publish.main(["--params_path", folder, "--bundle", str(bundle)])
    if status:
        raise SetUpError("could not be exported", field=str(bundle))
    return bundle


def write_checkpoint(
    directory: Path, ranker: str, config: dict[str, Any], tokens: list[str], max_seq_length: int
) -> None:
    """Write a ranker of random weights as training leaves a checkpoint."""
    import numpy as np

    from train.model.backbone import find_backbone
    from train.model.layers import build_model
    from train.model.ranker import save_parameters

    save_tokenizer(tokens, directory, lower_case=True)
    config = {**config, "vocab_size": len(tokens)}
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    about = {"format": 1, "ranker": ranker, "max_seq_length": max_seq_length}
    about.update(NEW_RULES._asdict())
    (directory / "ranker.json").write_text(json.dumps(about), encoding="utf-8")
    model = build_model(ranker, find_backbone(str(directory)))
    random = np.random.default_rng([_SEED, RANKERS.index(ranker)])
    for name, parameter in model.state_dict().items():
        if "norm" not in name:
            weights = random.standard_normal(parameter.shape, dtype=np.float32)
            parameter.set_value(weights * np.float32(_WEIGHT_SCALE))
    model.eval()
    _spread_scores(model, PairEncoder.load(directory, max_seq_length))
    save_parameters(model, directory / "model_state.pdparams")


def _spread_scores(model: Any, encoder: PairEncoder) -> None:
    """Scale and shift the head until the scores of a few pairs fill most of (0, 1)."""
    from export.proof.parity import run_dynamic

    pairs = [(query, title) for query in _TEXTS for title in _TEXTS]
    logits = run_dynamic(model)(encoder.pad(encoder.encode_pairs(pairs)))
    head = getattr(model, "similarity", None) or model.classifier
    factor = _LOGIT_SPREAD / logits.std(axis=0)
    head.weight.set_value(head.weight * factor)
    head.bias.set_value((head.bias - logits.mean(axis=0)) * factor)


def _tokens() -> list[str]:
    """ERNIE's vocabulary where the development data is at hand, else that of the small bundle."""
    for path in _vocabularies():
        if path.is_file():
            return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    raise SetUpError("no vocabulary is there", field=str(SHIPPED))


def _vocabularies() -> Iterator[Path]:
    yield _VOCABULARY
    for ranker in RANKERS:
        yield SHIPPED / ranker / TOKENIZER_DIR / VOCAB_FILE


def main(arguments: Optional[list[str]] = None) -> int:
    """``python -m benchmarks.shapes medium [pairwise]``."""
    shape, ranker = ((arguments or sys.argv[1:]) + [RANKERS[0]])[:2]
    try:
        print(build(shape, ranker))
    except SetUpError as error:
        print(f"benchmarks.shapes: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
