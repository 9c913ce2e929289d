# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A worker around sentence-transformers' CrossEncoder, on what benchmarks.hf_export wrote.

It runs in the environment of ``make setup-peers``. A call is one ``predict`` with the default batch
size of 32, as its documentation shows it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.worker import Calls, serve

_QUANTIZED = "openvino_model_qint8_quantized.xml"


def main() -> int:
    """Serve the parent's lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.cross_encoder")
    parser.add_argument("--model", type=Path, required=True, help="directory of hf_export")
    parser.add_argument("--precision", choices=("fp32", "bf16", "int8"), required=True)
    parser.add_argument("--calibration", type=Path, help="JSON pairs, for int8")
    options = parser.parse_args()

    def open_system() -> Any:
        model = _load(options.model, options.precision, options.calibration)
        return (lambda calls: _rank(model, calls)), (lambda calls: _encode(model, calls))

    return serve(open_system)


def _load(directory: Path, precision: str, calibration: Path) -> Any:
    import torch
    from sentence_transformers import CrossEncoder

    if precision == "int8":
        if not (directory / "openvino" / _QUANTIZED).is_file():
            _quantize(directory, calibration)
        kwargs = {"file_name": f"openvino/{_QUANTIZED}"}
        return CrossEncoder(str(directory), device="cpu", backend="openvino", model_kwargs=kwargs)
    kwargs = {"torch_dtype": torch.bfloat16 if precision == "bf16" else torch.float32}
    return CrossEncoder(str(directory), device="cpu", model_kwargs=kwargs)


def _quantize(directory: Path, calibration: Path) -> None:
    """What sentence-transformers' export does, with pairs from here instead of a hub's data."""
    from datasets import Dataset
    from optimum.intel.openvino import OVConfig, OVQuantizationConfig, OVQuantizer
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(
        str(directory), device="cpu", backend="openvino", model_kwargs={"export": True}
    )
    queries, titles = zip(*json.loads(calibration.read_text(encoding="utf-8")))
    rows = model.tokenizer(list(queries), list(titles), padding="max_length", truncation=True)
    work = directory / "openvino.work"
    OVQuantizer.from_pretrained(model.model).quantize(
        Dataset.from_dict(dict(rows)),
        save_directory=str(work),
        ov_config=OVConfig(quantization_config=OVQuantizationConfig(num_samples=len(queries))),
    )
    (model_file,) = work.rglob("openvino_model.xml")
    target = directory / "openvino"
    target.mkdir(exist_ok=True)
    # the .xml last: it says that both are there
    for suffix in (".bin", ".xml"):
        name = Path(_QUANTIZED).with_suffix(suffix).name
        model_file.with_suffix(suffix).rename(target / name)


def _rank(model: Any, calls: Calls) -> dict[str, Any]:
    latencies, scores = [], []
    for query, documents in calls:
        start = time.perf_counter()
        found = model.predict([(query, text) for text in documents], show_progress_bar=False)
        latencies.append(time.perf_counter() - start)
        scores.append([float(score) for score in found])
    return {
        "seconds": sum(latencies),
        "compute_s": None,
        "latencies_s": latencies,
        "scores": scores,
    }


def _encode(model: Any, calls: Calls) -> dict[str, Any]:
    pairs = [(query, text) for query, documents in calls for text in documents]
    queries, titles = zip(*pairs)
    return {"input_ids": model.tokenizer(list(queries), list(titles), truncation=True)["input_ids"]}


if __name__ == "__main__":
    sys.exit(main())
