# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make a model to train from, which knows the phrases of your texts as a teacher does.

Run as ``python -m train.evidence --teacher e5 --queries FILE --titles FILE --tokenizer DIR
--output_dir DIR``, then train with ``--model_name_or_path`` of that directory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.option_types import positive_int
from train.options import run_command
from train.teacher_options import add_runtime_options

if TYPE_CHECKING:
    from train.model.evidence.settings import EvidenceSettings
    from train.teachers.teacher import BiEncoder

_MASK = "[MASK]"


def make_parser() -> argparse.ArgumentParser:
    """All options; no file is read and no teacher opened."""
    parser = argparse.ArgumentParser(
        prog="evidence",
        description="Make a model to train from, which knows phrases as a teacher does.",
    )
    add = parser.add_argument
    add("--teacher", default="e5", metavar="SPEC", help="a bi-encoder: e5 or hf-bi-encoder:DIR")
    add("--queries", nargs="+", type=Path, default=[], help="text files, one query a line")
    add("--titles", nargs="+", type=Path, required=True, help="text files, one title a line")
    add(
        "--words",
        nargs="+",
        type=Path,
        default=[],
        help="text files, one word a line, whose phrases get rows and vectors too",
    )
    add(
        "--config",
        type=Path,
        default=Path("train/configs/tiny.json"),
        help="configuration of the ERNIE tower (default: %(default)s)",
    )
    add("--tokenizer", type=Path, required=True, help="directory with vocab.txt")
    add("--output_dir", type=Path, required=True, help="where the model goes")
    add("--phrase_size", type=positive_int, default=96, help="numbers in a vector (default: 96)")
    add(
        "--phrase_rows",
        nargs=3,
        type=int,
        default=[65521, 32749, 16381],
        metavar=("TWO", "THREE", "FOUR"),
        help="rows of the tables of phrases of 2, 3 and 4 tokens; 0 for none (default: "
        "65521 32749 16381)",
    )
    add("--hidden_size", type=positive_int, default=96, help="of the layer that weighs (96)")
    add("--ridge", type=float, default=0.2, help="how much vectors are held back (default: 0.2)")
    add("--word_weight", type=float, default=0.3, help="of a word beside a text (default: 0.3)")
    add("--seed", type=int, default=1000, help="of the tower's weights (default: 1000)")
    add(
        "--embed_only",
        action="store_true",
        help="only have the teacher embed all texts into --cache_dir, in the environment that it "
        "runs in; the same command without this goes on in the training environment",
    )
    add_runtime_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Embed the texts, fit the tables, and write the model."""
    from train.teachers.spec import open_bi_encoder
    from train.teachers.teacher import Runtime

    texts = read_texts(options)
    runtime = Runtime(options.batch_size, options.cpu_threads)
    make_start(options, texts, open_bi_encoder(options.teacher, runtime, options.cache_dir))


def make_start(options: argparse.Namespace, texts: Texts, teacher: BiEncoder) -> None:
    """Write the model that the options ask for, with vectors of a teacher, and say how it went.

    Raises:
        SetUpError: a file cannot be read or written, or the sizes do not fit.
    """
    if options.embed_only:
        for part, role in texts.roles():
            teacher.embed(part, role)
        print(f"{options.cache_dir}: has the vectors of {sum(map(len, texts))} texts")
        return
    encoder, backbone = _tower(options)
    settings = _settings(options)
    vocab_size = int(backbone.config.vocab_size)
    fitted = fit_tables(texts, teacher, encoder, (settings, vocab_size), options)
    model = _model(backbone, settings, fitted, options.seed)
    _write(model, backbone, options.output_dir)
    print(
        f"{options.output_dir}: {len(texts.queries)} queries, {len(texts.titles)} titles and "
        f"{len(texts.words)} words; {fitted.phrases} phrases in the tables; mean cosine of a sum "
        f"to the teacher's vector {fitted.cosine:.3f}"
    )


class Texts(NamedTuple):
    """What the tables learn from, each text once."""

    queries: list[str]
    titles: list[str]
    words: list[str]

    def roles(self) -> list[tuple[list[str], str]]:
        """The three, each with what a teacher should take its texts for."""
        from train.teachers.teacher import QUERY, TITLE

        return [(self.queries, QUERY), (self.titles, TITLE), (self.words, QUERY)]


class Fitted(NamedTuple):
    """What an evidence layer is filled with.

    Attributes:
        tokens: vectors of all tokens.
        tables: of each order the codes and vectors of its rows.
        rarities: of tokens, and of the rows of the table of bigrams.
        phrases: how many rows belong to one.
        cosine: mean over texts, of their sum of vectors and the teacher's vector.
    """

    tokens: Any
    tables: dict[int, tuple[Any, Any]]
    rarities: tuple[Any, Any]
    phrases: int
    cosine: float


def read_texts(options: argparse.Namespace) -> Texts:
    """The lines of all files, each once; empty ones are left out.

    Raises:
        SetUpError: a file cannot be read, or there are fewer titles than numbers in a vector.
    """
    from contract.errors import SetUpError

    def lines(files: Sequence[Path]) -> list[str]:
        found: dict[str, None] = {}
        for file in files:
            try:
                with file.open(encoding="utf-8") as opened:
                    found.update((line.strip(), None) for line in opened)
            except (OSError, UnicodeDecodeError) as error:
                raise SetUpError(f"cannot be read ({error})", field=str(file)) from error
        found.pop("", None)
        return list(found)

    texts = Texts(lines(options.queries), lines(options.titles), lines(options.words))
    if len(texts.titles) < options.phrase_size:
        raise SetUpError(
            f"there are {len(texts.titles)} titles, too few for vectors of {options.phrase_size} "
            "numbers; give more titles or a smaller --phrase_size",
            field="titles",
        )
    return texts


def _tower(options: argparse.Namespace) -> tuple[Any, Any]:
    """The encoder of texts and the backbone, without weights."""
    from train.model.backbone import find_backbone
    from train.model.ranker import make_encoder

    backbone = find_backbone(str(options.config), str(options.tokenizer), weights=False)
    return make_encoder(backbone, backbone.config.max_position_embeddings), backbone


def special_ids(tokenizer: Path) -> list[int]:
    """Ids of the tokens that are no text, in a directory with ``vocab.txt``."""
    from contract.text.vocabulary import BERT_LAYOUT, VOCAB_FILE, read_vocabulary

    vocabulary = read_vocabulary(tokenizer / VOCAB_FILE)
    return sorted(vocabulary[t] for t in (*BERT_LAYOUT[:4], _MASK) if t in vocabulary)


def token_ids(encoder: Any, texts: Sequence[str]) -> list[Any]:
    """Ids of each text alone, int64 without special tokens: as many as a row has room for."""
    import numpy as np

    return [np.asarray(tokens.ids, np.int64) for tokens in encoder.first_tokens(texts)]


def _settings(options: argparse.Namespace) -> EvidenceSettings:
    from train.model.evidence.settings import EvidenceSettings

    sizes = {
        "phrase_size": options.phrase_size,
        "phrase_rows": options.phrase_rows,
        "hidden_size": options.hidden_size,
        "special_ids": special_ids(options.tokenizer),
    }
    return EvidenceSettings.of_json(sizes)


def fit_tables(
    texts: Texts,
    teacher: BiEncoder,
    encoder: Any,
    sizes: tuple[EvidenceSettings, int],
    options: argparse.Namespace,
) -> Fitted:
    """Vectors whose sums come close to the teacher's vectors of the texts.

    ``sizes`` are those of the tables, and that of the model's vocabulary.
    """
    import numpy as np

    from train.model.evidence import dictionary as fitting
    from train.teachers.teacher import unit_length

    settings, vocab_size = sizes
    ids = [token_ids(encoder, part) for part in texts]
    vectors = [teacher.embed(part, role) for part, role in texts.roles()]
    # a bi-encoder's vectors of queries, and of titles, lie around a mean of their own; words are
    # embedded as queries are
    means = [part.mean(axis=0) if len(part) else 0.0 for part in vectors]
    means[2] = means[0] if texts.queries else means[2]
    centred = [part - mean for part, mean in zip(vectors, means)]
    _, axes = fitting.principal(np.concatenate(centred[:2]), settings.phrase_size)
    targets = unit_length(np.concatenate([part @ axes for part in centred]))
    all_ids = [text for part in ids for text in part]
    chosen = fitting.choose_phrases(ids[0] + ids[1], ids[2], settings, vocab_size)
    counts = chosen.counts(all_ids)
    weights = np.ones(len(all_ids), np.float32)
    weights[len(ids[0]) + len(ids[1]) :] = options.word_weight
    found = fitting.fit_vectors(counts, targets, weights, options.ridge)
    return Fitted(
        found[:vocab_size],
        chosen.tables(found),
        fitting.rarities(ids[1], chosen),
        chosen.size - vocab_size,
        float((unit_length(counts @ found) * targets).sum(axis=1).mean()),
    )


def _model(backbone: Any, settings: EvidenceSettings, fitted: Fitted, seed: int) -> Any:
    """A cross-encoder whose tower starts from the matching initialisation."""
    import paddle

    from contract.rankers import CROSS_ENCODER
    from train.model.evidence.settings import EVIDENCE
    from train.model.layers import build_model, encoder_of
    from train.model.matching_init import apply_matching_init

    paddle.seed(seed)
    setattr(backbone.config, EVIDENCE, settings.to_json())
    model = build_model(CROSS_ENCODER, backbone)
    apply_matching_init(encoder_of(model), special_ids=settings.special_ids, seed=seed)
    model.evidence.fill(fitted.tokens, fitted.tables, fitted.rarities)
    return model


def _write(model: Any, backbone: Any, directory: Path) -> None:
    from contract.errors import SetUpError
    from train.model.checkpoint import PARAMETERS_FILE
    from train.model.layers import config_of
    from train.model.ranker import save_parameters
    from train.model.tokenizer_files import copy_tokenizer

    try:
        directory.mkdir(parents=True, exist_ok=True)
        config_of(model).save_pretrained(str(directory))
        copy_tokenizer(backbone.tokenizer_dir, directory)
        save_parameters(model, directory / PARAMETERS_FILE)
    except OSError as error:
        raise SetUpError(f"cannot be written ({error})", field="output_dir") from error


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
