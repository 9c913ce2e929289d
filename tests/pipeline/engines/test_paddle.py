# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Paddle engine returns the output that the manifest names, and refuses what it cannot do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.environment.cpu import has_bf16
from contract.errors import BundleError, ConfigError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from pipeline.engines.paddle import PaddleEngine
from pipeline.settings.service import LocalServiceConfig

CONF = LocalServiceConfig(thread_num=1)
WHERE = "op.ernie.local_service_conf"


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("ir_optim", [False, True])
def test_logits_are_those_of_export(bundles: Path, ranker: str, ir_optim: bool) -> None:
    bundle = Bundle.open(bundles / ranker)
    engine = PaddleEngine(bundle, replace(CONF, ir_optim=ir_optim), WHERE)
    encoder = bundle.encoder()
    golden = read_golden(bundle.root / "golden.jsonl")
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in golden])
    logits = engine.run(encoder.pad(rows))
    np.testing.assert_allclose(logits, [pair.logits for pair in golden], atol=1e-4)


def test_the_pairwise_graph_is_asked_for_logits_and_not_for_its_first_output(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    assert [spec.alias for spec in bundle.manifest.fetches] == ["predict", "logits"]
    feed = bundle.encoder().pad(
        bundle.encoder().encode_pairs([("感冒", "感冒灵"), ("感冒", "合同")])
    )
    logits = PaddleEngine(bundle, CONF, WHERE).run(feed)
    first = replace(bundle.manifest, logits="predict")
    scores = PaddleEngine(Bundle(first, bundle.server_dir, bundle.tokenizer_dir), CONF, WHERE).run(
        feed
    )
    np.testing.assert_allclose(bundle.score(logits), scores[:, 0], atol=1e-6)
    assert not np.allclose(logits, scores)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device_type": 1, "devices": "0"}, f"{WHERE}.device_type: 1 asks for a GPU"),
        ({"devices": "0"}, f"{WHERE}.device_type: 1 asks for a GPU"),
        ({"device_type": 2, "devices": "0"}, f"{WHERE}.device_type: 2 asks for a GPU"),
        ({"device_type": 4, "devices": "0"}, f"{WHERE}.device_type: 4 asks for a Kunlun XPU"),
        ({"precision": "fp16"}, f"{WHERE}.precision: device_type 0 runs fp32 or bf16, not fp16"),
        ({"precision": "int8"}, f"{WHERE}.precision: device_type 0 runs fp32 or bf16, not int8"),
        ({"device_type": 0, "devices": "a"}, f"{WHERE}.devices: must be device numbers"),
    ],
)
def test_what_this_machine_cannot_do_is_said(
    bundles: Path, changes: dict[str, object], message: str
) -> None:
    import paddle

    if "asks for" in message and paddle.is_compiled_with_cuda():
        pytest.skip("this PaddlePaddle is built for GPUs")
    bundle = Bundle.open(bundles / PAIRWISE)
    with pytest.raises(ConfigError) as caught:
        PaddleEngine(bundle, replace(CONF, **changes), WHERE)
    assert str(caught.value).startswith(message)


def test_bf16_is_refused_where_the_processor_lacks_it(bundles: Path) -> None:
    if has_bf16():
        pytest.skip("this processor has AVX-512")
    with pytest.raises(
        ConfigError, match=f"{WHERE}.precision: bf16 needs a processor with AVX-512"
    ):
        PaddleEngine(Bundle.open(bundles / PAIRWISE), replace(CONF, precision="bf16"), WHERE)


def test_a_graph_that_is_not_what_the_manifest_says_is_refused(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    fetches = bundle.manifest.fetches[1:]
    other = Bundle(
        replace(bundle.manifest, fetches=fetches), bundle.server_dir, bundle.tokenizer_dir
    )
    with pytest.raises(BundleError, match="not what the bundle declares"):
        PaddleEngine(other, CONF, WHERE)


def test_engines_of_two_rankers_are_two(bundles: Path) -> None:
    both = {ranker: Bundle.open(bundles / ranker) for ranker in RANKERS}
    engines = {ranker: PaddleEngine(bundle, CONF, WHERE) for ranker, bundle in both.items()}
    feed = both[PAIRWISE].encoder().pad(both[PAIRWISE].encoder().encode("感冒", ["感冒灵"]))
    assert engines[PAIRWISE].run(feed).shape == (1, 1)
    assert engines[CROSS_ENCODER].run(feed).shape == (1, 2)
