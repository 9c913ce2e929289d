# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Export a checkpoint as a static graph, with its tokenizer, golden pairs and ``export.json``.

Run as ``python -m export.export_model --params_path checkpoints/best --output_path output``.

The pair-wise graph is ``inference.predict.pdmodel`` and returns ``predict``, the score, and
``logits``; the cross-encoder's is ``inference.pdmodel`` and returns ``predict``, its two logits.
Paddle 3 writes no ``.pdmodel``: there the graph is a ``.json`` of the same name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle.embeddings import check_tables
from contract.bundle.files import GOLDEN_FILE, TOKENIZER_DIR
from contract.bundle.golden import GoldenPair, write_golden
from contract.bundle.graphs import graph_files
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, SetUpError
from contract.rankers import PAIRWISE
from contract.scoring import SCORE_FUNCTIONS
from export.bundle.facts import FACTS_FILE, GRAPH_NAMES, LOGITS_OUTPUT, OUTPUTS, ExportFacts
from export.bundle.source_facts import described_path, package_versions
from export.command import run_command
from export.engines.paddle_inference import GraphPredictor, logits_of
from export.graphs.program import read_tensors
from export.graphs.split_graphs import save_split
from export.graphs.static_graph import narrow_last_layer, save_static, written_format
from export.proof.golden_lists import golden_lists
from export.proof.parity import TrainedRanker, check_parity, run_dynamic, score_golden
from train.model.checkpoint import check_named
from train.model.tokenizer_files import copy_tokenizer
from train.option_types import boolean, positive_int
from train.options import add_rule_options, named_rules


def export_ranker(
    ranker: TrainedRanker,
    output: Path,
    golden_file: Optional[Path] = None,
    source: Optional[dict[str, str]] = None,
    optimize: bool = True,
) -> ExportFacts:
    """Write a trained ranker as a static graph with all that a bundle needs.

    Args:
        ranker: what ``train.model.ranker.load_ranker`` returned.
        output: directory to write to; other files in it stay.
        golden_file: see :func:`export.proof.golden_lists.golden_lists`.
        source: more facts on where the weights came from.
        optimize: leave out of the last layer what no score depends on
            (:mod:`export.graphs.first_position`); a graph built otherwise is exported as it is.

    Raises:
        BundleError: the static graph scores the golden pairs differently; there is then no
            ``export.json``, and the directory cannot become a bundle.
    """
    name = GRAPH_NAMES[ranker.ranker]
    facts = ExportFacts(
        ranker=ranker.ranker,
        score_function=ranker.score_function,
        logits=LOGITS_OUTPUT[ranker.ranker],
        max_seq_length=ranker.max_seq_length,
        model_filename=f"{name}.{written_format()}",
        params_filename=f"{name}.pdiparams",
        outputs=OUTPUTS[ranker.ranker],
        source={
            "checkpoint_sha256": ranker.checkpoint_sha256,
            **package_versions(),
            **(source or {}),
        },
        **ranker.encoder.rules._asdict(),
    )
    pairs = score_golden(ranker, golden_lists(golden_file))
    try:
        output.mkdir(parents=True, exist_ok=True)
        # written last: without it a directory that was half written cannot become a bundle
        (output / FACTS_FILE).unlink(missing_ok=True)
        save_graph(ranker, output / name)
        if optimize:
            narrow_last_layer(output / facts.model_filename)
        facts = replace(facts, split=save_split(ranker.model, output, optimize))
        copy_tokenizer(ranker.tokenizer_dir, output / TOKENIZER_DIR)
        from train.model.bundle_checkpoint import write_model_facts

        write_model_facts(ranker.model, output)
        write_golden(pairs, output / GOLDEN_FILE)
    except OSError as error:
        raise SetUpError(f"cannot be written ({error})", field=f"output_path {output}") from error
    _prove(ranker, pairs, facts, output)
    facts.write(output)
    return facts


def save_graph(ranker: TrainedRanker, path: Path) -> None:
    """Write ``path``.pdmodel, or .json, and .pdiparams: any number of rows, of any length."""
    from paddle.static import InputSpec

    specs = [InputSpec([None, None], "int64", name) for name in (INPUT_IDS, TOKEN_TYPE_IDS)]
    save_static(_with_outputs(ranker), specs, path, OUTPUTS[ranker.ranker])


def _with_outputs(ranker: TrainedRanker) -> Any:
    """The model, with the score before the logits where clients expect a score."""
    import paddle
    from paddle import Tensor, nn

    class Outputs(nn.Layer):  # type: ignore[misc]
        def __init__(self, model: Any, with_score: bool) -> None:
            super().__init__()
            self.model = model
            self.with_score = with_score

        def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Any:
            logits = self.model(input_ids, token_type_ids)
            if self.with_score:
                return paddle.nn.functional.sigmoid(logits), logits
            return logits

    return Outputs(ranker.model, ranker.ranker == PAIRWISE)


def _prove(
    ranker: TrainedRanker, pairs: Sequence[GoldenPair], facts: ExportFacts, output: Path
) -> None:
    _, fetches = read_tensors(output / facts.model_filename)
    if tuple(spec.alias for spec in fetches) != facts.outputs:
        raise BundleError(
            f"the graph returns {[s.alias for s in fetches]} instead of {list(facts.outputs)}",
            field=facts.model_filename,
        )
    graph = graph_files(output / facts.model_filename, output / facts.params_filename)
    check_tables(graph, ranker.encoder)
    predictor = GraphPredictor(graph.model, output / facts.params_filename)
    engines = {
        "dynamic model": run_dynamic(ranker.model),
        "static graph": logits_of(predictor, fetches, facts.logits),
    }
    score = SCORE_FUNCTIONS[facts.score_function]
    for parity in check_parity(pairs, ranker.encoder, engines, score):
        print(parity)


def _command(options: argparse.Namespace) -> str:
    """The command that would write this export again."""
    parts = ["python -m export.export_model"]
    named = named_rules(options)
    for name in ("params_path", "model_name_or_path", "max_seq_length", "golden_file", *named):
        value = getattr(options, name)
        if value is not None:
            parts.append(f"--{name} {described_path(str(value))}")
    if not options.optimize:
        parts.append("--optimize False")
    return " ".join(parts)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that name the checkpoint and the golden lists."""
    add = parser.add_argument
    add(
        "--params_path",
        "--model",
        required=True,
        help="a checkpoint, a bundle, a Hugging Face directory, or a name of PaddleNLP's or of "
        "Hugging Face's (OWNER/NAME)",
    )
    add(
        "--model_name_or_path",
        help="backbone of a parameter file without ranker.json: PaddleNLP's name or a directory",
    )
    add(
        "--max_seq_length",
        type=positive_int,
        help="longest row in tokens (default: as in training)",
    )
    add_rule_options(parser, "as in training")
    add(
        "--golden_file",
        type=Path,
        help="TSV of query<TAB>title[<TAB>label] lists for golden pairs (default: built-in lists)",
    )
    add(
        "--optimize",
        type=boolean,
        default=True,
        help="compute the last layer for the first position only; no score changes (default: True)",
    )


def load_and_export(options: argparse.Namespace, output: Path) -> ExportFacts:
    """Load the checkpoint that ``add_options``'s flags name and export it."""
    check_named(options.params_path)
    from train.model.ranker import load_ranker

    ranker = load_ranker(
        options.params_path,
        options.model_name_or_path,
        max_seq_length=options.max_seq_length,
        rules=named_rules(options),
    )
    source = {"checkpoint": described_path(options.params_path), "command": _command(options)}
    return export_ranker(ranker, output, options.golden_file, source, options.optimize)


def run(options: argparse.Namespace) -> None:
    """Export and say what was written."""
    facts = load_and_export(options, Path(options.output_path))
    print(
        f"{options.output_path}: {facts.model_filename}, {facts.params_filename} "
        f"({facts.ranker}, score function {facts.score_function}, "
        f"max_seq_length {facts.max_seq_length}, truncation {facts.truncation}, "
        f"normalization {facts.normalization})"
    )


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="export_model", description="Write a trained ranker as a static graph."
    )
    add_options(parser)
    parser.add_argument(
        "--output_path", default="./output", help="directory to write to (default: %(default)s)"
    )
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
