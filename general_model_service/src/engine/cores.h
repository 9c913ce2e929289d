// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// How many threads of this process can compute at once, from what the kernel tells. Called by
// program/options.cc for the defaults of --streams and --lone_threads.

#pragma once

#include <filesystem>

namespace tensor_service {

// The cores that the process may run on (taskset, cpusets), or the quota of its cgroup, rounded up,
// where that is less (docker --cpus, limits of a pod). At least 1. root: what stands for "/", so
// that tests can bring /proc/self/cgroup and /sys/fs/cgroup of their own.
int usable_cores(const std::filesystem::path& root = "/");

// The quota alone, in cores; 0 when there is none. The least of the process's cgroup and of those
// above it, of version 2 (cpu.max) or 1 (cpu.cfs_quota_us).
int quota_cores(const std::filesystem::path& root);

}  // namespace tensor_service
