# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Each command line of the READMEs of PaddleNLP's two examples is taken by the command here.

They stand below with upstream's flags, values and abbreviations; the page that compares them shows
every flag, and its blocks are run.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser
from typing import Any, Callable

import pytest

from export import export_model, export_to_serving, predict
from general_model_service.flags import translate
from tests.conftest import REPOSITORY
from tests.docs.blocks import blocks_of
from train import evaluate, predict_ce, predict_pairwise, train_ce, train_pairwise

PAGE = REPOSITORY / "docs" / "migrate-from-paddlenlp.md"
MakeParser = Callable[[], ArgumentParser]

# by our command: the flags as in PaddleNLP's README or script, and one value that must be read
UPSTREAM: list[tuple[MakeParser, str, dict[str, Any]]] = [
    (
        train_pairwise.make_parser,
        "--device gpu --save_dir ./checkpoints --batch_size 32 --learning_rate 2E-5 --margin 0.1 "
        "--eval_step 100 --train_file data/train_pairwise.csv --test_file data/dev_pairwise.csv",
        {"learning_rate": 2e-5, "margin": 0.1, "save_steps": 10000},
    ),
    (
        evaluate.make_parser,
        "--device gpu --batch_size 32 --learning_rate 2E-5 "
        "--init_from_ckpt ./checkpoints/model_30000/model_state.pdparams "
        "--test_file data/dev_pairwise.csv",
        {"init_from_ckpt": "./checkpoints/model_30000/model_state.pdparams"},
    ),
    (
        predict_pairwise.make_parser,
        "--device gpu --params_path ./checkpoints/model_30000/model_state.pdparams "
        "--batch_size 128 --max_seq_length 64 --input_file sort/test_pairwise.csv",
        {"max_seq_length": 64, "input_file": "sort/test_pairwise.csv"},
    ),
    (
        export_model.make_parser,
        "--params_path checkpoints/model_30000/model_state.pdparams --output_path=./output",
        {"output_path": "./output"},
    ),
    (
        export_to_serving.make_parser,
        '--dirname "output" --model_filename "inference.predict.pdmodel" '
        '--params_filename "inference.predict.pdiparams" --server_path "serving_server" '
        '--client_path "serving_client" --fetch_alias_names "predict"',
        {"fetch_alias_names": "predict", "server_path": "serving_server"},
    ),
    (
        train_ce.make_parser,
        "--device gpu --train_set data/train.csv --test_file data/dev_pairwise.csv "
        "--save_dir ./checkpoints --model_name_or_path rocketqa-base-cross-encoder "
        "--batch_size 32 --save_steps 10000 --max_seq_len 384 --learning_rate 1E-5 "
        "--weight_decay  0.01 --warmup_proportion 0.0 --logging_steps 10 --seed 1 --epochs 3 "
        "--eval_step 1000",
        {"max_seq_length": 384, "save_steps": 10000, "seed": 1},
    ),
    (
        evaluate.make_parser,
        "--model_name_or_path rocketqa-base-cross-encoder "
        "--init_from_ckpt checkpoints/model_80000/model_state.pdparams "
        "--test_file data/dev_pairwise.csv",
        {"model_name_or_path": "rocketqa-base-cross-encoder"},
    ),
    (
        predict_ce.make_parser,
        "--device 'gpu' --params_path checkpoints/model_80000/model_state.pdparams "
        "--model_name_or_path rocketqa-base-cross-encoder --test_set data/test.csv --topk 10 "
        "--batch_size 128 --max_seq_length 384",
        {"topk": 10, "test_set": "data/test.csv"},
    ),
    (
        export_model.make_parser,
        "--params_path checkpoints/model_80000/model_state.pdparams "
        "--model_name_or_path rocketqa-base-cross-encoder --output_path=./output",
        {"model_name_or_path": "rocketqa-base-cross-encoder"},
    ),
    (
        predict.make_parser,
        "--model_dir ./output --input_file data/test.csv "
        "--model_name_or_path rocketqa-base-cross-encoder",
        {"model_dir": "./output", "input_file": "data/test.csv"},
    ),
]
# files of both examples that somebody may look for
FILES = [
    *("train_pairwise.py", "evaluate.py", "predict_pairwise.py", "export_model.py"),
    "predict_pairwise_fast.py",
    *("export_to_serving.py", "train_ce.py", "predict.py", "data.py", "model.py"),
    *(f"scripts/{name}.sh" for name in ("train_pairwise", "evaluate", "predict_pairwise")),
    *(f"scripts/{name}.sh" for name in ("train_ce", "evaluate_ce", "predict_ce")),
    *(f"scripts/{name}.sh" for name in ("export_model", "export_to_serving")),
    *(f"deploy/python/{name}" for name in ("deploy.sh", "config_nlp.yml", "web_service.py")),
    *(f"deploy/python/{name}" for name in ("rpc_client.py", "predict.py")),
    *(f"deploy/cpp/{name}" for name in ("rpc_client.py", "http_client.py", "start_server.sh")),
]


@pytest.mark.parametrize(("make_parser", "line", "read"), UPSTREAM)
def test_upstreams_flags_are_taken(
    make_parser: MakeParser, line: str, read: dict[str, Any]
) -> None:
    options = vars(make_parser().parse_args(shlex.split(line)))
    assert {name: options[name] for name in read} == read


def commands_of_the_page() -> list[list[str]]:
    """Of every block, each command with its flags."""
    texts = [block.text for block in blocks_of(PAGE) if block.runs]
    return [shlex.split(line) for text in texts for line in text.replace("\\\n", "").splitlines()]


@pytest.mark.parametrize(("make_parser", "line", "read"), UPSTREAM)
def test_the_page_shows_each_flag_of_upstreams(
    make_parser: MakeParser, line: str, read: dict[str, Any]
) -> None:
    name = make_parser().prog
    flags = {word.partition("=")[0] for word in shlex.split(line) if word.startswith("--")}
    shown = [
        {word.partition("=")[0] for word in command}
        for command in commands_of_the_page()
        if any(word.endswith((f".{name}", f"{name}.py")) for word in command)
    ]
    assert any(flags <= words for words in shown), f"{name}: {flags} in none of {shown}"


@pytest.mark.parametrize("file", FILES)
def test_the_page_names_each_file_of_upstreams(file: str) -> None:
    tables = [x for x in PAGE.read_text(encoding="utf-8").splitlines() if x.startswith("| ")]
    assert any(file in row.split(" | ")[0] for row in tables)


def test_what_upstream_takes_from_its_code_has_to_be_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Older READMEs have the file of pairs edited into predict.py."""
    with pytest.raises(SystemExit):
        predict.make_parser().parse_args(["--model_dir=../../output"])
    assert "--input_file" in capsys.readouterr().err


def test_the_flags_of_start_server_are_taken() -> None:
    line = "--model serving_server --port 8600 --gpu_id 0 --thread 5 --ir_optim True"
    assert line in " ".join(PAGE.read_text(encoding="utf-8").split())
    started = translate(line.split(), gpu_ready=False)
    assert "serving_server" in started.arguments
    assert started.arguments[started.arguments.index("--threads") + 1] == "5"
    assert "--gpu_ids has no effect" in started.notes[0]
