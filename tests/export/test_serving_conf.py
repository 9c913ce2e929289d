# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The model configs of Paddle Serving: their text, their binary twin, and who loads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from paddle_serving_app.proto import general_model_config_pb2

from contract.bundle import Bundle
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.tensors import TensorSpec
from export.bundle.serving_conf import serving_config, with_aliases
from tests.sets import skip_unless_card

SPECS = (
    TensorSpec("predict", "predict", "float32", (1,)),
    TensorSpec("logits", "logits", "float32", (1,)),
)

# what paddle_serving_client.io of 0.9.0 writes for such a graph
CROSS_ENCODER_TEXT = """\
feed_var {
  name: "input_ids"
  alias_name: "input_ids"
  is_lod_tensor: false
  feed_type: 0
}
feed_var {
  name: "token_type_ids"
  alias_name: "token_type_ids"
  is_lod_tensor: false
  feed_type: 0
}
fetch_var {
  name: "predict"
  alias_name: "predict"
  is_lod_tensor: false
  fetch_type: 1
  shape: 2
}
"""


def test_text_is_upstreams(bundles: Path) -> None:
    bundle = bundles / CROSS_ENCODER
    for path in ("serving_server/serving_server", "serving_client/serving_client"):
        text = (bundle / f"{path}_conf.prototxt").read_text(encoding="utf-8")
        assert text == CROSS_ENCODER_TEXT


def test_binary_files_say_what_the_text_says(bundles: Path, ranker: str) -> None:
    for path in ("serving_server/serving_server", "serving_client/serving_client"):
        text = general_model_config_pb2.GeneralModelConfig()
        binary = general_model_config_pb2.GeneralModelConfig()
        stem = bundles / ranker / f"{path}_conf"
        text_format.Parse(stem.with_suffix(".prototxt").read_text(encoding="utf-8"), text)
        binary.ParseFromString(stem.with_suffix(".stream.prototxt").read_bytes())
        assert text == binary
        assert len(text.feed_var) == 2


def test_http_client_of_paddle_serving_loads_it(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_unless_card()
    monkeypatch.setenv("SERVING_LOG_PATH", str(tmp_path))
    from paddle_serving_client.httpclient import HttpClient

    client = HttpClient()
    client.load_client_config(str(bundles / PAIRWISE / "serving_client"))
    assert client.get_feed_names() == ["input_ids", "token_type_ids"]
    assert client.get_fetch_names() == ["predict", "logits"]


def test_rpc_client_of_paddle_serving_loads_it(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVING_LOG_PATH", str(tmp_path))
    from paddle_serving_client import Client

    try:
        client = Client()
    except ImportError as error:
        pytest.skip(f"the C++ client of Paddle Serving does not load here: {error}")
    client.load_client_config(str(bundles / PAIRWISE / "serving_client"))
    assert client.get_feed_names() == ["input_ids", "token_type_ids"]
    assert client.get_fetch_names() == ["predict", "logits"]


def test_local_predictor_fetches_outputs_by_name(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVING_LOG_PATH", str(tmp_path))
    from paddle_serving_app.local_predict import LocalPredictor

    bundle = Bundle.open(bundles / PAIRWISE)
    predictor = LocalPredictor()
    predictor.load_model_config(str(bundle.server_dir), ir_optim=True)
    encoder = bundle.encoder()
    feed = encoder.pad(encoder.encode("感冒了应该吃什么药?", ["多喝水", "劳动合同到期后怎么办"]))

    def fetch(names: list[str] | None) -> dict[str, np.ndarray]:
        return dict(predictor.predict(feed=dict(feed), fetch=names, batch=True))

    both = fetch(None)
    assert both["predict"].shape == both["logits"].shape == (2, 1)
    np.testing.assert_allclose(both["predict"], 1 / (1 + np.exp(-both["logits"])), atol=1e-6)
    # asked for alone, an output is not taken for the first one
    np.testing.assert_array_equal(fetch(["logits"])["logits"], both["logits"])


def test_dimensions_that_vary_are_left_out() -> None:
    config = serving_config([TensorSpec("x", "y", "int32", (-1, 3))], SPECS)
    assert (config.feed_var[0].name, config.feed_var[0].alias_name) == ("x", "y")
    assert list(config.feed_var[0].shape) == [3]
    assert config.feed_var[0].feed_type == 2
    with pytest.raises(SetUpError, match="tensor x: Paddle Serving cannot carry complex64"):
        serving_config([TensorSpec("x", "x", "complex64", ())], SPECS)


def test_aliases() -> None:
    def aliases(names: str | None, *, fewer: bool = False) -> list[str]:
        return [spec.alias for spec in with_aliases(SPECS, names, "fetch_alias_names", fewer=fewer)]

    assert aliases(None) == ["predict", "logits"]
    assert aliases("score, raw") == ["score", "raw"]
    assert aliases("score", fewer=True) == ["score", "logits"]
    for names, fewer in (("score", False), ("a,b,c", True), ("", True), ("logits", True)):
        with pytest.raises(SetUpError, match="fetch_alias_names: "):
            aliases(names, fewer=fewer)
