# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A split ranker: lower layers see one text each, and all commands treat it as any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray
from paddlenlp.transformers import ErnieConfig

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import SetUpError
from tests.train.conftest import Files, write_model
from train.evaluate import main as evaluate
from train.model.backbone import find_backbone
from train.model.checkpoint import (
    CONFIG_FILE,
    PARAMETERS_FILE,
    read_json,
    read_parameters,
    write_json,
)
from train.model.layers import build_model, encoder_of
from train.model.ranker import LoadedRanker, load_ranker
from train.model.split import encoder as split_encoder
from train.model.split.encoder import (
    DOCUMENT_POSITION,
    SplitErnie,
    positions,
    recompute,
    rounded,
)
from train.model.split.settings import set_split

Train = Callable[..., int]


@pytest.fixture(scope="module")
def split_run(train_ce: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The save directory of a cross-encoder of two layers, one of them joint; read only."""
    save_dir = tmp_path_factory.mktemp("split")
    flags = ["--joint_layers", 1, "--state_size", 16, "--save_steps", 10]
    assert train_ce(save_dir, *flags) == 0
    return save_dir


@pytest.fixture(scope="module")
def split(split_run: Path) -> LoadedRanker:
    return load_ranker(split_run / "last")


def fed(ranker: LoadedRanker, *pairs: tuple[str, str]) -> list[paddle.Tensor]:
    rows = ranker.encoder.pad(ranker.encoder.encode_pairs(list(pairs)))
    return [paddle.to_tensor(rows[name]) for name in (INPUT_IDS, TOKEN_TYPE_IDS)]


def parts_of(states: paddle.Tensor, types: paddle.Tensor) -> Iterator[NDArray[np.float32]]:
    """The states of the query's part, and of the document's, of one row."""
    for kind in (0, 1):
        yield states.numpy()[types.numpy() == kind]


def test_lower_layers_do_not_see_the_other_text(split: LoadedRanker) -> None:
    lower = encoder_of(split.model).states
    with paddle.no_grad():
        first, second, third = (
            (lower(*feed), feed[1])
            for feed in (
                fed(split, ("天地玄", "日月盈昃")),
                fed(split, ("宇宙洪", "日月盈昃")),
                fed(split, ("天地玄", "寒来暑往")),
            )
        )
    (query, document), (other_query, same_document), (same_query, other_document) = (
        tuple(parts_of(*one)) for one in (first, second, third)
    )
    assert (document == same_document).all()
    assert (query == same_query).all()
    assert not (query == other_query).all()
    assert not (document == other_document).all()


def test_a_part_alone_has_the_states_of_the_part_in_a_row(split: LoadedRanker) -> None:
    lower = encoder_of(split.model).states
    ids, types = fed(split, ("天地", "日月盈昃"))
    border = int((types == 0).sum())
    with paddle.no_grad():
        whole = lower(ids, types).numpy()
        query = lower(ids[:, :border], types[:, :border]).numpy()
        document = lower(ids[:, border:], types[:, border:]).numpy()
    np.testing.assert_allclose(np.concatenate([query, document], axis=1), whole, atol=1e-6)


def test_upper_layers_see_both(split: LoadedRanker) -> None:
    scores = [
        split.model(*fed(split, pair)).numpy() for pair in (("天地", "日月"), ("天地", "日盈"))
    ]
    assert np.abs(scores[0] - scores[1]).max() > 1e-6


def test_positions_of_a_document_begin_anew() -> None:
    types = paddle.to_tensor([[0, 0, 0, 1, 1, 0], [0, 0, 1, 1, 1, 1]])
    start = DOCUMENT_POSITION
    found = positions(types).numpy().tolist()
    assert found[0][:5] == [0, 1, 2, start, start + 1]
    assert found[1] == [0, 1, start, start + 1, start + 2, start + 3]


def test_states_are_rounded_to_what_fp16_has() -> None:
    draw = np.random.default_rng(3)
    values = (draw.normal(size=20000) * 10.0 ** draw.integers(-4, 4, 20000)).astype(np.float32)
    values = values[(np.abs(values) > 6.2e-5) & (np.abs(values) < 8e3)]
    found = rounded(paddle.to_tensor(values)).numpy()
    np.testing.assert_array_equal(found, values.astype(np.float16).astype(np.float32))
    assert not (found == values).all()


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_states_of_mixed_precision_are_rounded_in_fp32(kind: str) -> None:
    """They have 11 digits or fewer, so that rounding them changes nothing."""
    values = paddle.linspace(-3.0, 3.0, 50).astype(kind)
    found = rounded(values)
    assert found.dtype == paddle.float32
    np.testing.assert_array_equal(found.numpy(), values.astype("float32").numpy())


def test_what_is_rounded_is_learned_as_if_it_were_not() -> None:
    values = paddle.to_tensor(np.linspace(-3, 3, 50, dtype=np.float32), stop_gradient=False)
    weights = paddle.arange(50, dtype="float32")
    (rounded(values) * weights).sum().backward()
    np.testing.assert_array_equal(values.grad.numpy(), weights.numpy())


def test_all_layers_joint_is_the_model_of_before(
    ce_run: Path, train_ce: Train, tmp_path: Path
) -> None:
    assert train_ce(tmp_path, "--joint_layers", 2) == 0
    found, expected = (
        read_parameters(run / "last" / PARAMETERS_FILE) for run in (tmp_path, ce_run)
    )
    assert set(found) == set(expected)
    assert all((found[name] == expected[name]).all() for name in expected)
    configs = [read_json(run / "last" / CONFIG_FILE) for run in (tmp_path, ce_run)]
    assert configs[0] == configs[1], "it says nothing of a split"


def test_a_run_with_all_layers_joint_goes_on_without_the_option(
    ce_run: Path, train_ce: Train, tmp_path: Path
) -> None:
    half = ["--init_from_ckpt", ce_run / "model_10"]
    assert train_ce(tmp_path / "a", *half, "--joint_layers", 2) == 0
    assert train_ce(tmp_path / "b", "--init_from_ckpt", tmp_path / "a" / "model_20") == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--joint_layers", 3], "joint_layers: 3 is not possible with the 2 layers"),
        (["--state_size", 16], "state_size: is for a split ranker only"),
        (["--joint_layers", 2, "--state_size", 16], "state_size: is for a split ranker only"),
        (["--state_type", "fp16"], "state_type: is for a split ranker only"),
        (["--joint_layers", 1, "--state_size", 33], "state_size: 33 is not possible with a hidden"),
        (["--joint_layers", 1, "--init", "matching"], "init: matching finds tokens"),
    ],
)
def test_a_wrong_number_is_refused_by_name(
    train_ce: Train,
    tmp_path: Path,
    flags: list[Any],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train_ce(tmp_path, *flags) == 2
    assert said in capsys.readouterr().err


def test_a_damaged_configuration_is_refused(split_run: Path, tmp_path: Path) -> None:
    for file in (split_run / "last").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    write_json(tmp_path / CONFIG_FILE, {**read_json(tmp_path / CONFIG_FILE), "joint_layers": "1"})
    with pytest.raises(SetUpError, match="joint_layers"):
        load_ranker(tmp_path)


def test_layers_of_another_family_are_refused(tmp_path: Path) -> None:
    backbone = find_backbone(str(write_model(tmp_path, model_type="ernie_gram")))
    set_split(backbone.config, 1)
    with pytest.raises(SetUpError, match="layers of ernie_gram cannot be split"):
        build_model("cross_encoder", backbone)


def test_a_checkpoint_says_how_it_is_split(split_run: Path, split: LoadedRanker) -> None:
    config = read_json(split_run / "last" / CONFIG_FILE)
    assert (config["joint_layers"], config["state_size"]) == (1, 16)
    assert isinstance(encoder_of(split.model), SplitErnie)


def test_an_evaluation_says_it_too(split_run: Path, files: Files, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    flags = ["--init_from_ckpt", split_run / "last", "--test_file", files.dev, "--device", "cpu"]
    assert evaluate([str(flag) for flag in (*flags, "--json", report)]) == 0
    assert "of its 2 layers the upper 1 see" in read_json(report)["layers"]
    assert "as 16 numbers for each token" in read_json(report)["layers"]


def test_10_then_10_steps_are_20(split_run: Path, train_ce: Train, tmp_path: Path) -> None:
    flags = ["--joint_layers", 1, "--state_size", 16, "--save_steps", 10]
    assert train_ce(tmp_path, "--init_from_ckpt", split_run / "model_10", *flags) == 0
    found, expected = (
        read_parameters(run / "model_20" / PARAMETERS_FILE) for run in (tmp_path, split_run)
    )
    assert all((found[name] == expected[name]).all() for name in expected)


def test_another_split_is_another_run(
    split_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = ["--init_from_ckpt", split_run / "model_10"]
    assert train_ce(tmp_path, *half, "--joint_layers", 2) == 2
    assert "checkpoint has joint_layers 1, this run has None" in capsys.readouterr().err
    assert train_ce(tmp_path, *half, "--joint_layers", 1) == 2
    assert "checkpoint has state_size 16, this run has None" in capsys.readouterr().err
    assert train_ce(tmp_path, *half, "--joint_layers", 1, "--state_size", 8) == 2
    said = capsys.readouterr().err
    assert "state_size: 8 is not the 16 that the model was trained with; leave it out" in said


def test_a_configuration_without_weights_takes_another_state_size() -> None:
    config = ErnieConfig(num_hidden_layers=2, hidden_size=32)
    set_split(config, 1, 16, weights=False)
    set_split(config, None, 8, weights=False)
    assert config.state_size == 8
    with pytest.raises(SetUpError, match="state_size: 16 is not the 8"):
        set_split(config, None, 16)


def test_a_run_of_an_older_release_goes_on(
    ce_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its checkpoint does not state the options of a split, and needs none."""
    half = tmp_path / "half"
    half.mkdir()
    for file in (ce_run / "model_10").iterdir():
        (half / file.name).write_bytes(file.read_bytes())
    state = read_json(half / "training_state.json")
    for name in ("joint_layers", "state_size", "state_type"):
        del state["identity"][name]
    write_json(half / "training_state.json", state)
    assert train_ce(tmp_path / "run", "--init_from_ckpt", half) == 0
    assert "does not state" not in capsys.readouterr().out


@pytest.mark.parametrize("ranker", ["train_ce", "train_pairwise"])
def test_it_starts_from_a_whole_ranker_and_learns_from_it(
    request: pytest.FixtureRequest, ce_run: Path, ranker: str, tmp_path: Path
) -> None:
    train: Train = request.getfixturevalue(ranker)
    whole = ce_run / "last"
    flags = ["--model_name_or_path", whole, "--teacher_ckpt", whole, "--joint_layers", 1]
    flags += ["--loss", "teacher_entropy", "--max_steps", 4]
    rates = {"still": 1e-12, "learns": 1e-2}
    for name, rate in rates.items():
        assert train(tmp_path / name, *flags, "--learning_rate", rate) == 0
    own = encoder_of(load_ranker(whole).model).state_dict()
    still, learned = (encoder_of(load_ranker(tmp_path / name / "last").model) for name in rates)
    assert isinstance(still, SplitErnie)
    for name, value in still.state_dict().items():
        np.testing.assert_allclose(value.numpy(), own[name].numpy(), atol=1e-9, err_msg=name)
    moved = [
        np.abs(v.numpy() - own[name].numpy()).max() for name, v in learned.state_dict().items()
    ]
    assert max(moved) > 1e-3


def test_layers_computed_again_train_alike(
    split_run: Path, train_ce: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[Any] = []

    def counted(layer: Any, *arguments: Any) -> Any:
        again.append(layer)
        return recompute(layer, *arguments)

    monkeypatch.setattr(split_encoder, "recompute", counted)
    flags = ["--joint_layers", 1, "--state_size", 16, "--gradient_checkpointing"]
    assert train_ce(tmp_path, *flags) == 0
    assert len(set(map(id, again))) == 2, "both layers"
    found, expected = (
        read_parameters(run / "last" / PARAMETERS_FILE) for run in (tmp_path, split_run)
    )
    assert all((found[name] == expected[name]).all() for name in expected)
