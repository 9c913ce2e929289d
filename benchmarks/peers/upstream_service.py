# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service that PaddleNLP's ranking example describes, on a bundle of ours.

One op on Paddle Serving's own WebService: Python tokenizer, all pairs of a request padded to the
longest, Paddle Inference in fp32 through LocalPredictor with ir_optim on. Tokens are cut at the
bundle's length, so that scores can be compared.
"""

from __future__ import annotations

import argparse
import ast
import sys
from pathlib import Path
from typing import Any

from contract.bundle import Bundle
from contract.environment.cpu import prepare_math_library

OP = "ernie"


def main() -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.upstream_service")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="of RPC")
    parser.add_argument("--http_port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    prepare_math_library()
    bundle = Bundle.open(options.bundle)
    service = _service(bundle)
    service.prepare_pipeline_config(yml_dict=_config(bundle, options))
    service.run_service()
    return 0


def _config(bundle: Bundle, options: argparse.Namespace) -> dict[str, Any]:
    """The example's config_nlp.yml, for a CPU and with threads for the op."""
    return {
        "worker_num": 20,
        "build_dag_each_worker": False,
        "dag": {"is_thread_op": True, "tracer": {"interval_s": 10}},
        "rpc_port": options.port,
        "http_port": options.http_port,
        "op": {
            OP: {
                "concurrency": 1,
                "local_service_conf": {
                    "client_type": "local_predictor",
                    "ir_optim": True,
                    "device_type": 0,
                    "thread_num": options.threads,
                    "model_config": str(bundle.server_dir),
                    "fetch_list": [bundle.manifest.fetches[0].alias],
                },
            }
        },
    }


def _service(bundle: Bundle) -> Any:
    from paddle_serving_server.web_service import Op, WebService
    from paddlenlp.data import Pad
    from paddlenlp.transformers import ErnieTokenizer

    length, output = bundle.manifest.max_seq_length, bundle.manifest.fetches[0].alias

    class RankOp(Op):  # type: ignore[misc]
        def init_op(self) -> None:
            self.tokenizer = ErnieTokenizer.from_pretrained(str(bundle.tokenizer_dir))

        def preprocess(self, input_dicts: Any, data_id: int, log_id: int) -> Any:
            ((_, fields),) = input_dicts.items()
            pairs = [ast.literal_eval(fields[str(i)]) for i in range(len(fields))]
            rows = [
                self.tokenizer(text=pair["query"], text_pair=pair["title"], max_seq_len=length)
                for pair in pairs
            ]
            feed = {
                "input_ids": Pad(pad_val=self.tokenizer.pad_token_id, dtype="int64"),
                "token_type_ids": Pad(pad_val=self.tokenizer.pad_token_type_id, dtype="int64"),
            }
            padded = {name: pad([row[name] for row in rows]) for name, pad in feed.items()}
            return padded, False, None, ""

        def postprocess(self, input_dicts: Any, fetched: Any, data_id: int, log_id: int) -> Any:
            return {"predict": str(fetched[output].tolist())}, None, ""

    class RankService(WebService):  # type: ignore[misc]
        def get_pipeline_response(self, read_op: Any) -> Any:
            return RankOp(name=OP, input_ops=[read_op])

    return RankService(name=OP)


if __name__ == "__main__":
    sys.exit(main())
