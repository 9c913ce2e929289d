# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Choose the device that computes, and tell which of several training processes this is."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Callable

import paddle
import paddle.distributed as dist

from contract.environment.cpu import has_bf16
from contract.errors import SetUpError
from train.model.memory import keep_freed_memory


def set_device(name: str, cpu_threads: int) -> str:
    """Compute on ``name`` where it exists, else on the CPU, which one line on stderr says.

    Args:
        name: cpu, gpu, xpu or npu.
        cpu_threads: threads for one operator on the CPU; Paddle's default is one.

    Returns:
        The kind of device that is in use.
    """
    try:
        if name == "gpu" and not paddle.device.cuda.device_count():
            raise ValueError("no GPU")
        paddle.set_device(name)
    except (ValueError, RuntimeError, OSError):
        print(f"device {name}: this machine or this Paddle has none; using cpu", file=sys.stderr)
        name = "cpu"
        paddle.set_device(name)
    if name == "cpu":
        keep_freed_memory()
        # transposed tensors as views: what reads them copies them, by a slow kernel
        paddle.set_flags({"FLAGS_use_stride_kernel": False})
    # Paddle has no public name for this but OMP_NUM_THREADS, at which it prints warnings
    paddle.base.core.set_num_threads(cpu_threads)
    return name


def join_processes(device: str) -> None:
    """Join the other processes that ``paddle.distributed.launch`` started, if any.

    Raises:
        SetUpError: it started them for GPUs, whose library cannot join processes on the CPU.
    """
    if dist.get_world_size() == 1:
        return
    for_gpus = "FLAGS_selected_gpus" in os.environ
    if device == "cpu" and (for_gpus or os.environ.get("PADDLE_DISTRI_BACKEND") == "nccl"):
        raise SetUpError(
            "paddle.distributed.launch started this process for a GPU, but it computes on the CPU; "
            "on a CPU use --nproc_per_node N --backend gloo in place of --gpus, or no launcher",
            field="device",
        )
    dist.init_parallel_env()


def rank() -> int:
    """This process among all, from 0."""
    return int(dist.get_rank())


def world_size() -> int:
    """Number of processes that train together."""
    return int(dist.get_world_size())


def mixed_precision(use_amp: bool, device: str) -> Callable[[], AbstractContextManager[Any]]:
    """A context for forward passes: fp16 on a GPU, bf16 on a CPU that has it.

    Raises:
        SetUpError: mixed precision is asked for on a CPU without bf16.
    """
    if not use_amp:
        return nullcontext
    if device == "cpu" and not has_bf16():
        raise SetUpError(
            "this processor has no bfloat16 (AVX-512); leave --use_amp out, or use a GPU",
            field="use_amp",
        )
    dtype = "bfloat16" if device == "cpu" else "float16"
    return lambda: paddle.amp.auto_cast(enable=True, level="O1", dtype=dtype)
