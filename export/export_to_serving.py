# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An export directory in; what Paddle Serving loads, or a whole bundle, out.

Run as ``python -m export.export_to_serving --dirname output --bundle serving_models/pairwise``.

``--server_path`` and ``--client_path`` write upstream's two directories, also from a directory
that upstream's export wrote. ``--bundle`` publishes in one step what passed the parity check.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle import TensorSpec
from contract.errors import SetUpError
from export.bundle_files import BundleParts, publish_bundle
from export.command import run_command
from export.facts import ExportFacts, read_facts
from export.program import read_tensors
from export.serving_conf import serving_config, with_aliases, write_both_confs
from train.options import boolean

_MODEL_FILENAME = "inference.pdmodel"
_PARAMS_FILENAME = "inference.pdiparams"

Tensors = tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]


def write_serving_dirs(
    model: Path, params: Path, config: Any, server_dir: Path, client_dir: Path
) -> None:
    """Write ``serving_server`` and ``serving_client`` as upstream does; each file in one step.

    Raises:
        SetUpError: the server directory holds another model, of which LocalPredictor would load
            either, or it cannot be written.
    """
    for path in server_dir.glob("*.pdmodel"):
        if path.name != model.name:
            raise SetUpError(
                f"holds another model, {path.name}; remove it or choose another directory",
                field=f"server_path {server_dir}",
            )
    try:
        for directory in (server_dir, client_dir):
            directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=server_dir) as folder:
            staging = Path(folder)
            write_both_confs(config, staging / "server", staging / "client")
            shutil.copyfile(model, staging / "server" / model.name)
            shutil.copyfile(params, staging / "server" / params.name)
            for name, target in (("server", server_dir), ("client", client_dir)):
                for path in (staging / name).iterdir():
                    _move(path, target / path.name)
    except OSError as error:
        raise SetUpError(f"cannot write it ({error})", field=f"server_path {server_dir}") from error


def _move(path: Path, target: Path) -> None:
    """The client's directory may lie on another disk, to which nothing can be renamed."""
    beside = target.with_name(f".{target.name}.new")
    shutil.copyfile(path, beside)
    Path(beside).replace(target)


def _graph_files(options: argparse.Namespace, facts: Optional[ExportFacts]) -> tuple[Path, Path]:
    dirname = Path(options.dirname)
    model = options.model_filename or (facts.model_filename if facts else _MODEL_FILENAME)
    params = options.params_filename or (facts.params_filename if facts else _PARAMS_FILENAME)
    for flag, name in (("model_filename", model), ("params_filename", params)):
        if not (dirname / name).is_file():
            found = ", ".join(sorted(path.name for path in dirname.glob("*.pd*"))) or "no graph"
            raise SetUpError(f"no {name} in {dirname}, which holds {found}", field=flag)
    return dirname / model, dirname / params


def _tensors(model: Path, options: argparse.Namespace, facts: Optional[ExportFacts]) -> Tensors:
    feeds, fetches = read_tensors(model)
    feeds = with_aliases(feeds, options.feed_alias_names, "feed_alias_names", fewer=False)
    # upstream's commands name one output, `predict`; ours has a second one behind it
    named = options.fetch_alias_names
    return feeds, with_aliases(fetches, named, "fetch_alias_names", fewer=facts is not None)


def run(options: argparse.Namespace) -> None:
    """Do what the flags say."""
    dirname = Path(options.dirname)
    if not dirname.is_dir():
        raise SetUpError(f"no directory {dirname}; run export_model first", field="dirname")
    facts = read_facts(dirname)
    model, params = _graph_files(options, facts)
    feeds, fetches = _tensors(model, options, facts)
    config = serving_config(feeds, fetches)
    if options.show_proto:
        print(config)
        return
    if options.bundle is not None:
        if facts is None:
            raise SetUpError(
                f"{dirname} holds no export.json, which a bundle needs; run export_model again, "
                "or leave --bundle out",
                field="bundle",
            )
        parts = BundleParts(dirname, model, params, facts, feeds, fetches, options.model_card)
        print(publish_bundle(parts, Path(options.bundle)))
    if options.bundle is None or options.server_path or options.client_path:
        server = Path(options.server_path or "./serving_server")
        client = Path(options.client_path or "./serving_client")
        write_serving_dirs(model, params, config, server, client)
        print(f"{server}, {client}: {', '.join(spec.alias for spec in (*feeds, *fetches))}")


def main(arguments: Optional[list[str]] = None) -> int:
    """Run the command; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="export_to_serving", description="Write an exported graph for Paddle Serving."
    )
    add = parser.add_argument
    add("--dirname", default="./output", help="what export_model wrote; default: %(default)s")
    add("--model_filename", help=f"default: the export's own, else {_MODEL_FILENAME}")
    add("--params_filename", help=f"default: the export's own, else {_PARAMS_FILENAME}")
    add("--server_path", help="default: ./serving_server, unless --bundle is given")
    add("--client_path", help="default: ./serving_client, unless --bundle is given")
    add("--feed_alias_names", help="comma-separated, for all inputs; default: their names")
    add("--fetch_alias_names", help="comma-separated, for the outputs from the first on")
    add("--show_proto", type=boolean, default=False, help="print the model config, write nothing")
    add("--bundle", type=Path, help="directory to publish the whole bundle as")
    add("--model_card", type=Path, help="a file to put into the bundle as MODEL_CARD.md")
    return run_command(run, parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
