# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands print and refuse, with upstream's flags and defaults."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from contract.environment.cpu import has_bf16
from tests.train.conftest import Files, write_rows
from train import evaluate, predict_ce, predict_pairwise, train_ce, train_pairwise
from train.train_ce import main as train_ce_main
from train.training.optimizer import learning_rate_factor

Train = Callable[..., int]

_COMMON = {"max_seq_length": 128, "batch_size": 32, "seed": 1000, "device": "gpu"}
_TRAINING = {
    **_COMMON,
    "save_dir": "./checkpoint",
    # 5e-5 for a model with weights
    "learning_rate": None,
    "weight_decay": 0.0,
    "epochs": 3,
    "eval_step": 200,
    "warmup_proportion": 0.0,
    "init_from_ckpt": None,
}


@pytest.mark.parametrize(
    ("command", "required", "defaults"),
    [
        (
            train_pairwise,
            ["--train_file", "f", "--test_file", "f"],
            {**_TRAINING, "margin": 0.2, "save_steps": 10000},
        ),
        (
            train_ce,
            ["--train_set", "f", "--test_file", "f"],
            {
                **_TRAINING,
                "valid_steps": 100,
                "save_steps": 100,
                "logging_steps": 10,
                "use_amp": False,
                "scale_loss": 2**15,
                "model_name_or_path": "rocketqa-base-cross-encoder",
            },
        ),
        (
            evaluate,
            ["--test_file", "f"],
            {"margin": 0.1, "batch_size": 32, "init_from_ckpt": None, "seed": 1000},
        ),
        (predict_pairwise, ["--input_file", "f", "--params_path", "p"], {"batch_size": 32}),
        (predict_ce, ["--test_set", "f", "--params_path", "p"], {"batch_size": 32, "topk": 10}),
    ],
)
def test_upstream_flags_and_defaults(
    command: Any, required: list[str], defaults: dict[str, object]
) -> None:
    options = vars(command.make_parser().parse_args([*required, "--max_seq_len", "384"]))
    assert options.pop("max_seq_length") == 384
    defaults = {name: value for name, value in defaults.items() if name != "max_seq_length"}
    assert {name: options[name] for name in defaults} == defaults


@pytest.mark.parametrize(
    "name", ["train_pairwise", "train_ce", "evaluate", "predict_pairwise", "predict_ce"]
)
@pytest.mark.parametrize("as_module", [True, False])
def test_commands_run_as_module_and_as_script(repository: Path, name: str, as_module: bool) -> None:
    start = ["-m", f"train.{name}"] if as_module else [f"train/{name}.py"]
    command = [sys.executable, *start, "--help"]
    run = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"usage: {name}")


def test_log_lines(train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--valid_steps", 10, "--eval_step", 10, "--learning_rate", 1e-4)
    assert train_ce(tmp_path, *flags) == 0
    out = capsys.readouterr().out.splitlines()
    logged = [line for line in out if line.startswith("global step")]
    shape = (
        r"global step \d+, epoch: \d+, batch: \d+, loss: \d\.\d{5}, accuracy: [01]\.\d{5}, "
        r"speed: \d+\.\d\d step/s"
    )
    assert all(re.fullmatch(shape, line) for line in logged)
    assert [line.split(", loss")[0] for line in logged] == [
        "global step 10, epoch: 1, batch: 10",
        "global step 20, epoch: 2, batch: 5",
    ]
    assert len([line for line in out if re.fullmatch(r"eval_dev auc:0\.\d{1,3}", line)]) == 2
    assert (
        len([line for line in out if re.fullmatch(r"valid step \d0, loss: \d\.\d{5}", line)]) == 2
    )


def test_accuracy_is_the_part_that_is_classed_rightly(
    train_ce: Train, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that learns nothing, on rows of one label: all are classed alike."""
    header, rows = ("query", "title", "label"), [("天", "地玄", 1)] * 16
    said = []
    for name, labels in (("all", (1,)), ("half", (1, 0))):
        mixed = [(q, t, labels[i % len(labels)]) for i, (q, t, _) in enumerate(rows)]
        path = write_rows(tmp_path / name, header, *mixed)
        flags = ("--train_set", path, "--learning_rate", 0, "--max_steps", 4, "--logging_steps", 4)
        assert train_ce(tmp_path / f"run {name}", *flags) == 0
        said.append(float(re.findall(r"accuracy: ([\d.]+)", capsys.readouterr().out)[0]))
    assert said[0] in (0.0, 1.0)
    assert said[1] == 0.5


def test_margin_loss_falls(
    train_pairwise: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_pairwise(tmp_path, "--max_steps", 120, "--learning_rate", 3e-3) == 0
    losses = re.findall(r"loss: ([\d.]+)", capsys.readouterr().out)
    assert float(losses[-1]) < 0.6 * float(losses[0])


def test_learning_rate_warms_up_and_falls() -> None:
    factors = [learning_rate_factor(step, 10, 4) for step in range(11)]
    assert factors == pytest.approx([0, 0.25, 0.5, 0.75, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0])
    assert learning_rate_factor(0, 10, 0) == 1.0


def test_mixed_precision_runs_or_is_refused(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = train_ce(tmp_path, "--use_amp", "True", "--max_steps", 2)
    error = capsys.readouterr().err
    if has_bf16():
        assert status == 0
    else:
        assert status == 2
        assert "use_amp: this processor has no bfloat16" in error
        assert not any(tmp_path.iterdir())


def test_missing_device_is_said_once(
    pairwise_run: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    import paddle

    if paddle.device.cuda.device_count():
        pytest.skip("this machine has a GPU")
    arguments = ["--test_file", str(files.dev), "--init_from_ckpt", str(pairwise_run / "last")]
    assert evaluate.main(arguments) == 0
    assert capsys.readouterr().err.splitlines() == [
        "device gpu: this machine or this Paddle has none; using cpu"
    ]


@pytest.mark.parametrize("run", ["pairwise_run", "ce_run"])
def test_evaluate_prints_and_writes(
    request: pytest.FixtureRequest,
    run: str,
    files: Files,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    last = request.getfixturevalue(run) / "last"
    capsys.readouterr()
    arguments = ["--test_file", files.dev, "--init_from_ckpt", last / "model_state.pdparams"]
    arguments += ["--margin", "0.1", "--device", "cpu", "--json", tmp_path / "report.json"]
    assert evaluate.main([str(argument) for argument in arguments]) == 0
    out = capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert out.splitlines()[0] == "eval_dev auc:{:.3}".format(report["auc"])
    assert report["lists"] == 10
    assert report["ranker"] == ("pairwise" if run == "pairwise_run" else "cross_encoder")
    for name in ("NDCG@10", "MRR@10", "MAP", "pair accuracy"):
        metric = report["metrics"][name]
        for mean, low, high in metric.values():
            assert low <= mean <= high
        means = [metric[column][0] for column in ("ranker", "bm25", "ranker_minus_bm25")]
        assert means[0] - means[1] == pytest.approx(means[2])
        assert re.search(rf"^{name} .*{means[0]:.4f} \[", out, flags=re.MULTILINE)
    saved = json.loads((last / "ranker.json").read_text())["metrics"]
    assert saved["NDCG@10"] == pytest.approx(report["metrics"]["NDCG@10"]["ranker"][0], abs=1e-6)


def test_evaluate_without_lists(
    ce_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "f", ("query", "title", "label"), ("天", "地", 1), ("玄", "黄", 0))
    arguments = ["--test_file", str(rows), "--init_from_ckpt", str(ce_run / "last")]
    assert evaluate.main([*arguments, "--device", "cpu", "--json", str(tmp_path / "j")]) == 0
    assert "0 lists (2 queries left out" in capsys.readouterr().out
    assert json.loads((tmp_path / "j").read_text())["metrics"] == {}


def test_a_constant_score_is_told_and_not_rewarded(
    ce_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One title thrice, the relevant row first: the ranker cannot but score them alike."""
    header = ("query", "title", "label")
    rows = write_rows(tmp_path / "f", header, *(("天", "地", label) for label in (1, 0, 0)))
    arguments = ["--test_file", str(rows), "--init_from_ckpt", str(ce_run / "last")]
    assert evaluate.main([*arguments, "--device", "cpu", "--json", str(tmp_path / "j")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "eval_dev auc:0.5"
    assert out[1].startswith("eval_dev warning: all 3 logits of the ranker are ")
    report = json.loads((tmp_path / "j").read_text())
    assert report["warnings"] == [out[1].split(": ", 1)[1]]
    assert report["metrics"]["NDCG@10"]["ranker"][0] == pytest.approx((1 + 0.6309298 + 0.5) / 3)
    assert report["metrics"]["MRR@10"]["ranker"][0] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_evaluate_says_why_a_figure_has_no_value(
    ce_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ("query", "title", "label")
    rows = write_rows(tmp_path / "f", header, ("天", "地", 1), ("天", "黄", 1))
    arguments = ["--test_file", str(rows), "--init_from_ckpt", str(ce_run / "last")]
    assert evaluate.main([*arguments, "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "eval_dev auc:no value\neval_dev warning: every row of 2 is relevant, so AUC" in out
    assert "nan" not in out


def test_training_says_why_a_figure_has_no_value(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a figure that chooses, the best checkpoint is the latest."""
    dev = write_rows(
        tmp_path / "dev", ("query", "title", "label"), ("天", "地", 0), ("玄", "黄", 0)
    )
    flags = ("--test_file", dev, "--eval_step", 2, "--save_steps", 2, "--max_steps", 4)
    assert train_ce(tmp_path / "run", *flags) == 0
    out = capsys.readouterr().out
    assert out.count("eval_dev auc:no value\neval_dev warning: no row of 2 is relevant") == 2
    assert "eval_dev warning: best is the latest checkpoint, as AUC has no value" in out
    assert "dev rows: no list can be ranked: 2 of one title, 0 without a relevant one;" in out
    assert "nan" not in out
    about = json.loads((tmp_path / "run" / "best" / "ranker.json").read_text())
    assert (about["step"], about["metrics"]) == (4, {"AUC": None})
    half = tmp_path / "run" / "model_2"
    assert train_ce(tmp_path / "on", *flags, "--init_from_ckpt", half) == 0
    about = json.loads((tmp_path / "on" / "best" / "ranker.json").read_text())
    assert (about["step"], about["metrics"]) == (4, {"AUC": None}), "a resumed run chooses alike"


def test_predict_pairwise_prints_every_row_in_order(
    pairwise_run: Path, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """33 rows in batches of 32, so that the last batch has one."""
    arguments = ["--input_file", files.unlabelled, "--params_path", pairwise_run / "last"]
    arguments += ["--device", "cpu", "--output_file", tmp_path / "out.jsonl"]
    assert predict_pairwise.main([str(argument) for argument in arguments]) == 0
    printed = [ast.literal_eval(line) for line in capsys.readouterr().out.splitlines()]
    rows = [line.split("\t") for line in files.unlabelled.read_text().splitlines()]
    assert [(row["query"], row["title"]) for row in printed] == [(q, t) for q, t, _ in rows]
    assert all(0 < row["pred_prob"] < 1 for row in printed)
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert written == printed


def test_predict_ce_prints_the_best(
    ce_run: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--test_set", str(files.unlabelled), "--params_path", str(ce_run / "last")]
    printed = []
    for flags in ((), ("--topk", "100")):
        assert predict_ce.main([*arguments, "--device", "cpu", *flags]) == 0
        printed.append([ast.literal_eval(x) for x in capsys.readouterr().out.splitlines()])
    assert [len(lines) for lines in printed] == [10, 33]
    assert printed[0] == printed[1][:10]
    assert list(printed[0][0]) == ["text_a", "text_b", "pred_prob"]
    probabilities = [line["pred_prob"] for line in printed[1]]
    assert probabilities == sorted(probabilities, reverse=True)


def test_predict_ce_scores_no_header(
    ce_run: Path, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same pairs with their columns named, in another order, have the same scores."""
    rows = [line.split("\t") for line in files.unlabelled.read_text().splitlines()]
    headed = write_rows(tmp_path / "f", ("title", "query"), *((t, q) for q, t, _ in rows))
    printed = []
    for path in (files.unlabelled, headed):
        arguments = ["--test_set", str(path), "--params_path", str(ce_run / "last")]
        assert predict_ce.main([*arguments, "--device", "cpu", "--topk", "100"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_training_refuses_rows_of_the_other_ranker(
    train_pairwise: Train, train_ce: Train, files: Files, tmp_path: Path, capsys: Any
) -> None:
    neither = write_rows(tmp_path / "neither.tsv", ("query", "title", "grades"), ("a", "b", 1))
    assert train_pairwise(tmp_path / "run", "--train_file", neither) == 2
    assert f"{neither}:1: the header has no column neg_title" in capsys.readouterr().err
    assert train_ce(tmp_path / "run", "--train_set", files.triples) == 2
    assert f"{files.triples}:1: the header has no column label" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_predict_refuses_the_other_ranker(
    ce_run: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--input_file", str(files.unlabelled), "--params_path", str(ce_run / "last")]
    assert predict_pairwise.main([*arguments, "--device", "cpu"]) == 2
    assert "is a cross_encoder checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--max_seq_length", 65), "max_seq_length: 65 is more than the 64 positions"),
        (("--model_name_or_path", "no-such-model"), "model_name_or_path: 'no-such-model'"),
        (("--init_from_ckpt", "no-such-checkpoint"), "no-such-checkpoint"),
        (("--teacher_ckpt", "no-such-teacher"), "no-such-teacher"),
        (("--test_file", "no-such-file"), "no-such-file: cannot be read"),
    ],
)
def test_mistakes_are_one_line(
    train_pairwise: Train,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[object, ...],
    named: str,
) -> None:
    assert train_pairwise(tmp_path, *flags) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("train_pairwise: ")
    assert named in error
    assert "\n" not in error


def test_what_was_cut_is_said(
    train_ce: Train, tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule decides whether the query is cut or nothing is left of the title."""
    rows = [("天" * 40, "地" * 5, 1), ("天", "地" * 40, 0), ("天", "地", 0)]
    pairs = write_rows(tmp_path / "pairs.tsv", ("query", "title", "label"), *rows)
    flags = ("--train_set", pairs, "--max_steps", 1)
    assert train_ce(tmp_path / "longest", *flags) == 0
    said = "training rows, of 3 pairs: 1 queries cut, 1 titles cut; --max_seq_length"
    assert said in capsys.readouterr().out
    assert train_ce(tmp_path / "title", *flags, "--truncation", "title_first") == 0
    said = "training rows, of 3 pairs: 1 queries cut, 2 titles cut, 1 of them to nothing; --max"
    assert said in capsys.readouterr().out
    last = ["--device", "cpu", "--init_from_ckpt", str(tmp_path / "longest" / "last")]
    assert evaluate.main(["--test_file", str(pairs), *last]) == 0
    said = "of 3 pairs: 1 queries cut, 1 titles cut; scores are of what is left\n"
    assert capsys.readouterr().err == said
    unlabelled = write_rows(tmp_path / "unlabelled.tsv", *(row[:2] for row in rows))
    arguments = ["--test_set", str(unlabelled), "--params_path", last[-1], "--device", "cpu"]
    assert predict_ce.main(arguments) == 0
    assert capsys.readouterr().err == said


def test_texts_without_a_token_are_said(
    train_pairwise: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("天\u200b", "天地", "玄"), ("\u200b", "天地", "玄"), ("天", "天地", "\ufeff\x7f")]
    triples = write_rows(tmp_path / "t.tsv", ("query", "title", "neg_title"), *rows)
    assert train_pairwise(tmp_path / "run", "--train_file", triples, "--max_steps", 1) == 0
    said = "training rows, of 6 pairs: 2 queries without a token, 1 titles without a token"
    assert said in capsys.readouterr().out


def test_diverged_training_stops(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_ce(tmp_path, "--learning_rate", 1e38, "--warmup_proportion", 0) == 2
    assert "learning_rate: the loss is nan at step 2; lower" in capsys.readouterr().err


def test_the_rate_suits_a_model_with_weights_or_without(
    train_ce: Train, ce_run: Path, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a run that is resumed without a word goes on with its own."""

    def rate_of(save_dir: Path, *flags: object) -> tuple[str, float]:
        named = ["--train_set", files.pairs, "--test_file", files.dev, "--save_dir", save_dir]
        own = ("--device", "cpu", "--max_seq_length", 32, "--max_steps", 2, "--save_steps", 1)
        assert train_ce_main([str(x) for x in (*named, *own, *flags)]) == 0
        said = [x for x in capsys.readouterr().out.splitlines() if x.startswith("learning rate")]
        stated = json.loads((save_dir / "last" / "training_state.json").read_text())
        return "".join(said), stated["identity"]["learning_rate"]

    new, half = ("--model_name_or_path", files.model), tmp_path / "new" / "model_1"
    said, rate = rate_of(tmp_path / "new", *new)
    assert (said, rate) == ("learning rate 7e-4, as the model starts without weights", 7e-4)
    said, rate = rate_of(tmp_path / "on", *new, "--init_from_ckpt", half)
    assert (said, rate) == ("learning rate 7e-4, as the run began with", 7e-4)
    said, rate = rate_of(tmp_path / "tuned", "--model_name_or_path", ce_run / "last")
    assert (said, rate) == ("learning rate 5e-5, as the model starts with weights", 5e-5)
    said, rate = rate_of(tmp_path / "named", *new, "--learning_rate", 2e-5)
    assert (said, rate) == ("", 2e-5)


def test_bad_rows_stop_training_unless_allowed(
    train_pairwise: Train, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.tsv"
    bad.write_text(files.triples.read_text() + "only one column\n")
    assert train_pairwise(tmp_path / "run", "--train_file", bad) == 2
    assert f"{bad}:92: expected 3" in capsys.readouterr().err
    flags = ("--train_file", bad, "--max_bad_rows", 1, "--max_steps", 1)
    assert train_pairwise(tmp_path / "run", *flags) == 0
