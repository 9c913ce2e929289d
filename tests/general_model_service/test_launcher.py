# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m general_model_service`` with a program of the test's own that prints its arguments.

The program stands where TENSOR_SERVICE_BIN or SERVING_BIN points; the launcher is the real one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Optional

import pytest

MODEL = "serving_models/pairwise/serving_server"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "tensor_service"
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nprintf "%s" "$LD_LIBRARY_PATH" >&2\n')
    path.chmod(0o755)
    return path


def launch(
    repository: Path, arguments: list[str], program: Optional[Path], **variables: str
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "SERVING_BIN")}
    return subprocess.run(
        [sys.executable, "-m", "general_model_service", *arguments],
        cwd=repository,
        env={**kept, "TENSOR_SERVICE_BIN": str(program or ""), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def given(repository: Path, arguments: list[str], program: Path) -> list[str]:
    """What the program was given for these arguments, by one that says nothing itself."""
    done = launch(repository, ["--model", MODEL, *arguments], program)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stdout.splitlines()


def test_upstream_s_documented_command(repository: Path, program: Path) -> None:
    flags = ["--port", "8600", "--gpu_id", "0", "--thread", "5", "--ir_optim", "True"]
    done = launch(repository, ["start", "--model", "serving_server", *flags], program)
    assert done.returncode == 0
    assert " ".join(done.stdout.split()) == "--model serving_server --port 8600 --threads 5"
    assert done.stderr.startswith(
        "python -m general_model_service: --gpu_ids has no effect: this service computes on the CPU"
    )


@pytest.fixture
def onnxruntime_gpu(tmp_path: Path) -> dict[str, str]:
    """An environment in which onnxruntime-gpu lies, as far as the launcher looks."""
    packages = tmp_path / "packages"
    for file in (
        "onnxruntime/__init__.py",
        "onnxruntime/capi/libonnxruntime.so.1.31.1",
        "onnxruntime/capi/libonnxruntime_providers_cuda.so",
        "nvidia/cu13/lib/libcudart.so.13",
    ):
        (packages / file).parent.mkdir(parents=True, exist_ok=True)
        (packages / file).write_bytes(b"")
    return {"PYTHONPATH": str(packages)}


@pytest.mark.parametrize(
    ("arguments", "passed", "note"),
    [
        ("--gpu_id 0", "--gpu 0", None),
        ("--gpu_ids 2 --device gpu", "--gpu 2", None),
        ("--device gpu", "--gpu 0", None),
        ("--device cpu --gpu_ids 1", "", "--gpu_ids has no effect: --device cpu is given"),
        ("--gpu_ids -1", "", None),
        ("--gpu_ids 1,3", "--gpu 1", "--gpu_ids: GPU 1 alone computes; start a service for each"),
        ("--gpu_ids 1 3", "--gpu 1", "--gpu_ids: GPU 1 alone computes; start a service for each"),
        (
            "--gpu_ids 0 --precision fp16",
            "--gpu 0",
            "--precision has no effect: what computes on",
        ),
        (
            "--gpu_ids 0 --lone_threads 3",
            "--gpu 0 --lone_threads 3",
            "--lone_threads has no effect",
        ),
    ],
)
def test_a_gpu_computes_where_onnxruntime_gpu_is_installed(
    repository: Path,
    program: Path,
    onnxruntime_gpu: dict[str, str],
    arguments: str,
    passed: str,
    note: Optional[str],
) -> None:
    done = launch(repository, ["--model", MODEL, *arguments.split()], program, **onnxruntime_gpu)
    found = " ".join(done.stdout.split())
    assert found == f"--model {MODEL} --port 9393 {passed}".strip()
    *notes, libraries = done.stderr.splitlines()
    assert libraries.endswith("/nvidia/cu13/lib")
    assert len(notes) == (note is not None)
    if note:
        assert notes[0].startswith(f"python -m general_model_service: {note}")


def test_a_library_that_is_named_decides(
    repository: Path, program: Path, onnxruntime_gpu: dict[str, str], tmp_path: Path
) -> None:
    library = tmp_path / "packages/onnxruntime/capi/libonnxruntime.so.1.31.1"
    flags = ["--model", MODEL, "--gpu_ids", "0"]
    done = launch(repository, flags, program, ONNXRUNTIME_LIBRARY=str(library))
    assert "--gpu 0" in " ".join(done.stdout.split())
    other = tmp_path / "libonnxruntime.so"
    done = launch(repository, flags, program, ONNXRUNTIME_LIBRARY=str(other), **onnxruntime_gpu)
    assert "--gpu " not in done.stdout


def test_openvino_and_a_gpu_are_refused(repository: Path, program: Path) -> None:
    done = launch(repository, ["--model", MODEL, "--engine", "openvino", "--gpu_ids", "0"], program)
    assert done.returncode == 2
    assert "--engine: openvino computes on the CPU" in done.stderr


def test_a_gpu_that_is_no_number_is_refused(
    repository: Path, program: Path, onnxruntime_gpu: dict[str, str]
) -> None:
    done = launch(repository, ["--model", MODEL, "--gpu_ids", "all"], program, **onnxruntime_gpu)
    assert done.returncode == 2
    assert "--gpu_ids: must be the number of a GPU, got 'all'" in done.stderr


def test_the_program_finds_openvino_s_libraries_first(repository: Path, program: Path) -> None:
    package = find_spec("openvino")
    assert package is not None
    assert package.submodule_search_locations is not None
    libraries = f"{package.submodule_search_locations[0]}/libs"
    assert list(Path(libraries).glob("libopenvino_c.so.*"))
    assert launch(repository, ["--model", MODEL], program).stderr == libraries
    others = {"LD_LIBRARY_PATH": "/opt/others"}
    done = launch(repository, ["--model", MODEL], program, **others)
    assert done.stderr == f"{libraries}:/opt/others"


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ("", "--port 9393"),
        ("--port 8600 --host ::1", "--port 8600 --host ::1"),
        ("--precision bf16", "--port 9393 --precision bf16"),
        ("--precision auto", "--port 9393 --precision auto"),
        ("--runtime_thread_num 4 --cpu_math_thread_num 2", "--math_threads 2 --streams 4"),
        ("--runtime_thread_num 0 --batch_infer_size 0", "--port 9393"),
        ("--batch_infer_size 16", "--max_batch_rows 16"),
        ("--max_body_size 1024", "--max_body_size 1024"),
        ("--request_cache_size 100000", "--request_cache_size 100000"),
        ("--enable_prometheus", "--prometheus_port 19393"),
        ("--enable_prometheus True --prometheus_port 9000", "--prometheus_port 9000"),
        ("--enable_prometheus False", "--port 9393"),
        ("--use_mkl True --ir_optim --use_trt False", "--port 9393"),
        ("--device cpu --gpu_ids -1 --op GeneralInferOp", "--port 9393"),
        ("--runtime_thread 4", "--streams 4"),
        ("--pad_dynamic --first_output True", "--pad_dynamic --first_output"),
        ("--queue_factor 8 --drain_s 0", "--queue_factor 8 --drain_s 0"),
    ],
)
def test_a_flag_becomes_the_program_s(
    repository: Path, program: Path, arguments: str, passed: str
) -> None:
    found = " ".join(given(repository, arguments.split(), program))
    assert found.startswith(f"--model {MODEL} --port ")
    assert found.endswith(passed)


def test_the_program_knows_all_that_it_can_be_given(
    repository: Path, program: Path, tensor_program: Path, onnxruntime_gpu: dict[str, str]
) -> None:
    everything = (
        "--port 1 --host h --door d --precision auto --thread 4 --runtime_thread_num 1 "
        "--batch_infer_size 1 "
        "--cpu_math_thread_num 1 --max_body_size 1 --request_cache_size 1 --enable_prometheus "
        "--batch_tokens 1 --batch_wait_us 1 --queue_factor 1 --queue_floor 1 --queue_tokens 1 "
        "--max_bytes_in_flight 1 --max_connections 1 --read_timeout_s 1 --idle_timeout_s 1 "
        "--reload_interval_s 1 --max_documents 1 --max_query_chars 1 --max_document_chars 1 "
        "--max_tokens 1 --drain_s 1 --lone_threads 1 --pad_dynamic --first_output "
        "--engine onnxruntime --gpu_ids 0"
    )
    done = launch(repository, ["--model", MODEL, *everything.split()], program, **onnxruntime_gpu)
    passed = done.stdout.splitlines()
    shown = subprocess.check_output([tensor_program, "--help"], text=True)
    known = {word for word in shown.split() if word.startswith("--")}
    # of rank_service.py, the other launcher
    known -= {"--help", "--config", "--check_config"}
    assert {word for word in passed if word.startswith("--")} == known


@pytest.mark.parametrize("flag", ["--port 70000", "--request_cache_size -1", "--max_body_size 0"])
def test_a_number_out_of_range_is_one_line_of_the_program(
    repository: Path, tensor_program: Path, flag: str
) -> None:
    done = launch(repository, ["--model", "absent", *flag.split()], tensor_program)
    assert done.returncode == 2
    assert done.stderr.startswith("tensor_service: error: ")
    assert flag.split()[0] in done.stderr
    assert done.stderr.count("\n") == 1


NO_EFFECT = [
    *("--workdir w", "--use_calib", "--mem_optim_off", "--encryption_rpc_port 1", "--use_trt"),
    *("--use_lite", "--use_xpu", "--use_ascend_cl", "--product_name p", "--container_id c"),
    *("--gpu_multi_stream", "--dist_carrier_id c", "--dist_cfg_file f", "--dist_endpoints e"),
    *("--dist_nranks 2", "--dist_subgraph_index 1", "--dist_worker_serving_endpoints e"),
    *("--min_subgraph_size 3", "--gpu_memory_mb 9", "--trt_workspace_size 9", "--trt_use_static"),
    *("--device gpu", "--gpu_ids 0 1", "--precision fp16", "--prometheus_port 1"),
    *("--ir_optim False", "--use_mkl False", "--use_trt True"),
]


@pytest.mark.parametrize("flag", NO_EFFECT)
def test_a_flag_that_cannot_apply_says_why_in_one_line(
    repository: Path, program: Path, flag: str
) -> None:
    done = launch(repository, ["--model", MODEL, *flag.split()], program)
    note, _ = done.stderr.splitlines()
    name = flag.split()[0]
    assert note.startswith(f"python -m general_model_service: {name} has no effect: ")
    assert done.stdout.splitlines() == ["--model", MODEL, "--port", "9393"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "--model: name the bundle"),
        ("--model a b", "--model: one service takes one model"),
        ("--model a --runtime_thread_num 1 2", "--runtime_thread_num: one service takes one"),
        ("--model a --use_encryption_model", "--use_encryption_model: encrypted models are not"),
        ("--model a --op GeneralDetectionOp:0", "--op: there is no GeneralDetectionOp:0 here"),
        ("--model a --use_dist_model", "--use_dist_model: distributed models are not"),
        ("--model a --dist_master_serving", "--dist_master_serving: distributed models are not"),
        ("stop --model a", "stop: only start is known here; to stop a service, send SIGTERM"),
        ("--model a --port many", "argument --port: invalid int value: 'many'"),
        ("--model a --precision fp8", "argument --precision: invalid choice: 'fp8'"),
        ("--model a --ir_optim maybe", "argument --ir_optim: stands alone or before True or False"),
        ("--model a --colour red", "unrecognized arguments: --colour"),
    ],
)
def test_what_it_does_not_do_is_refused_in_one_line(
    repository: Path, program: Path, arguments: str, said: str
) -> None:
    done = launch(repository, arguments.split(), program)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"python -m general_model_service: error: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["absent", "directory", "no program", "no executable"])
def test_a_program_that_cannot_run_is_one_line(repository: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "program"
    if kind == "directory":
        path.mkdir()
    elif kind != "absent":
        path.write_text("text")
        path.chmod(0o755 if kind == "no program" else 0o644)
    done = launch(repository, ["--model", MODEL], path)
    assert done.returncode == 2
    assert done.stderr.startswith("python -m general_model_service: error: ")
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr


def test_without_a_program_the_remedy_is_named(tmp_path: Path, repository: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "src", "tests", "fuzz", "bench")
    for folder in ("contract", "general_model_service"):
        shutil.copytree(repository / folder, tmp_path / folder, ignore=ignored)
    done = launch(tmp_path, ["--model", MODEL], program=None)
    assert done.returncode == 2
    assert "run `make tensor-service`" in done.stderr


def test_with_serving_bin_paddle_serving_starts_it_by_its_own_launcher(
    repository: Path, program: Path, tmp_path: Path
) -> None:
    model = tmp_path / "serving_server"
    model.mkdir()
    conf = "serving_server_conf.prototxt"
    flags = ["--port", "9", "--thread", "7", "--ir_optim", "True"]
    (model / conf).write_bytes((repository / MODEL / conf).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "general_model_service", "--model", str(model), *flags],
        cwd=tmp_path,
        env={**os.environ, "SERVING_BIN": str(program), "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[lines.index("-port") + 1] == "9"
    assert lines[lines.index("-num_threads") + 1] == "7"
    engine = (tmp_path / "workdir_9/GeneralInferOp_0/model_toolkit.prototxt").read_text()
    assert "enable_ir_optimization: true" in engine


def test_the_other_launcher_names_the_file(repository: Path, program: Path, tmp_path: Path) -> None:
    def given_by(directory: Path, *arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "general_model_service.rank_service", *arguments],
            cwd=directory,
            env={**os.environ, "TENSOR_SERVICE_BIN": str(program), "PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert given_by(tmp_path, "--config", "a.yml") == ["--config", "a.yml"]
    shipped = str(repository / "config_nlp.yml")
    assert given_by(tmp_path, "--check_config") == ["--config", shipped, "--check_config"]
    (tmp_path / "config_nlp.yml").touch()
    assert given_by(tmp_path) == ["--config", "config_nlp.yml"]
