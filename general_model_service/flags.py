# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Translates Paddle Serving's serve flags into the C++ program's arguments.

Names and defaults are those of ``paddle_serving_server.serve`` 0.9.0; flags that only this service
has go through by the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from general_model_service.flag_parser import FlagParser
from general_model_service.inapplicable import add_inapplicable, check, gpu_of, notes_on

_DEFAULT_PORT = 9393
_DEFAULT_PROMETHEUS_PORT = 19393
PRECISIONS = ("fp32", "bf16", "int8", "auto", "fp16")
ENGINES = ("openvino", "onnxruntime")
_ENGINE_HELP = "onnxruntime computes the bundle's .onnx [openvino, onnxruntime on a GPU]"
_GPU_HELP = "the GPU to compute on, with onnxruntime-gpu installed; -1: the CPU [-1]"

# upstream's name, the program's, and what it is for
_NUMBERS = (
    ("--thread", "--threads", "threads in all; 0: one more than batches at once [0]"),
    ("--cpu_math_thread_num", "--math_threads", "threads of one batch [1]"),
    ("--max_body_size", "--max_body_size", "bytes of a request [67108864]"),
    ("--request_cache_size", "--request_cache_size", "bytes of answers to keep; 0: none [0]"),
)
# upstream takes one for each model; 0 means what leaving it out does
_NUMBERS_BY_MODEL = (
    (
        "--runtime_thread_num",
        "--streams",
        "batches computed at once; 0: one a core, 2 on a GPU [0]",
    ),
    ("--batch_infer_size", "--max_batch_rows", "rows of a batch [32, on a GPU 256]"),
)
OUR_NUMBERS = (
    ("--lone_threads", "threads of a batch that has the machine to itself"),
    ("--batch_tokens", "tokens of a batch, padding included"),
    ("--batch_wait_us", "how long a batch that is not full waits for more rows"),
    ("--queue_factor", "refuse a request with more than this many times its own tokens ahead"),
    ("--queue_floor", "tokens ahead that never refuse"),
    ("--queue_tokens", "tokens in the queue, at most"),
    ("--max_bytes_in_flight", "bytes of all requests at once, decoded ones included"),
    ("--max_connections", "open connections"),
    ("--read_timeout_s", "for a request that has begun"),
    ("--idle_timeout_s", "for a connection between requests"),
    ("--reload_interval_s", "how often to look for a changed bundle; 0: only on SIGHUP"),
    ("--drain_s", "for open requests after SIGTERM"),
    ("--max_documents", "documents of a request with texts"),
    ("--max_query_chars", "characters of a query"),
    ("--max_document_chars", "characters of a document"),
    ("--max_tokens", "tokens of a request with texts"),
)
OUR_SWITCHES = (
    ("--pad_dynamic", "batch rows of different length"),
    ("--first_output", "answer an unknown fetch name with the first output, as upstream does"),
)


class Flags(NamedTuple):
    """What the program is started with.

    Attributes:
        arguments: the program's own flags and their values.
        notes: one line for each flag that has no effect.
    """

    arguments: list[str]
    notes: list[str]


def translate(argv: Sequence[str], gpu_ready: bool) -> Flags:
    """Read the caller's flags.

    Args:
        argv: the flags.
        gpu_ready: whether what computes on a GPU is installed.

    Raises:
        SetUpError: they ask for what this service does not do.
        SystemExit: ``--help``, an unknown flag, or a value that is none.
    """
    given = {key: v for key, v in vars(_parser().parse_args(argv)).items() if v is not None}
    check(given)
    gpu = gpu_of(given) if gpu_ready else None
    return Flags(_arguments(given, gpu), notes_on(given, gpu))


def _parser() -> FlagParser:
    parser = FlagParser("Serve one Paddle Serving bundle: its tensors, and texts for rankers.")
    parser.add_argument("--model", nargs="+", help="the bundle, or its serving_server directory")
    parser.add_number("--port", f"of all protocols [{_DEFAULT_PORT}]")
    parser.add_argument("--host", metavar="ADDRESS", help="or name to listen on [0.0.0.0]")
    parser.add_argument(
        "--door", metavar="FILE", help="YAML with http: API keys, hosts, origins, TLS of the port"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="int8: of a quantized bundle; auto: bf16 where the CPU has it [fp32]",
    )
    parser.add_argument("--engine", choices=ENGINES, help=_ENGINE_HELP)
    parser.add_argument("--gpu_ids", nargs="+", metavar="N", help=_GPU_HELP)
    for name, _, text in _NUMBERS:
        parser.add_number(name, text)
    for name, _, text in _NUMBERS_BY_MODEL:
        parser.add_argument(name, nargs="+", type=int, metavar="N", help=text)
    parser.add_switch("--enable_prometheus", "/metrics on a port of its own too")
    parser.add_number("--prometheus_port", f"that port [{_DEFAULT_PROMETHEUS_PORT}]")
    for name, text in OUR_NUMBERS:
        parser.add_number(name, text)
    for name, text in OUR_SWITCHES:
        parser.add_switch(name, text)
    add_inapplicable(parser)
    return parser


def _arguments(given: Mapping[str, Any], gpu: Optional[int]) -> list[str]:
    """For flags that were not given, the program's default is upstream's."""
    (model,) = given["model"]
    arguments = ["--model", model, "--port", str(given.get("port", _DEFAULT_PORT))]
    for name in ("--host", "--door", "--precision", "--engine"):
        arguments += _pair(name, given.get(name[2:]))
    arguments += _pair("--gpu", gpu)
    for name, ours, _ in _NUMBERS:
        arguments += _pair(ours, given.get(name[2:]))
    for name, ours, _ in _NUMBERS_BY_MODEL:
        arguments += _pair(ours, given.get(name[2:], [0])[0] or None)
    if given.get("enable_prometheus"):
        port = given.get("prometheus_port", _DEFAULT_PROMETHEUS_PORT)
        arguments += _pair("--prometheus_port", port)
    for name, _ in OUR_NUMBERS:
        arguments += _pair(name, given.get(name[2:]))
    return arguments + [name for name, _ in OUR_SWITCHES if given.get(name[2:])]


def _pair(name: str, value: Any) -> list[str]:
    # the program has no fp16; a note says so
    return [] if value in (None, "fp16") else [name, str(value)]
