// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "engine/cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

// Microseconds of computing in each period, as cores; 0: no bound.
int cores_of(std::int64_t quota, std::int64_t period) {
  if (quota <= 0 || period <= 0) {
    return 0;
  }
  return static_cast<int>(std::min<std::int64_t>((quota - 1) / period + 1, 1 << 20));
}

// "max 100000", or "150000 100000".
int cores_of_version_2(const fs::path& folder) {
  std::ifstream stream(folder / "cpu.max");
  std::int64_t quota = 0;
  std::int64_t period = 0;
  return stream >> quota >> period ? cores_of(quota, period) : 0;
}

int cores_of_version_1(const fs::path& folder) {
  return cores_of(number_in(folder / "cpu.cfs_quota_us").value_or(-1),
                  number_in(folder / "cpu.cfs_period_us").value_or(0));
}

// Of a cgroup and all above it. In a container the path is that of the host, which may not be
// there; the container's own group is then what is mounted.
int least_of(const fs::path& mount, const fs::path& group, int (*cores)(const fs::path&)) {
  int least = cores(mount);
  fs::path folder = mount;
  for (const fs::path& part : group.relative_path()) {
    folder /= part;
    if (const int found = cores(folder); found > 0) {
      least = least == 0 ? found : std::min(least, found);
    }
  }
  return least;
}

// True when the list "cpu,cpuacct" has cpu in it.
bool has_cpu(const std::string& controllers) {
  std::istringstream stream(controllers);
  for (std::string name; std::getline(stream, name, ',');) {
    if (name == "cpu") {
      return true;
    }
  }
  return false;
}

int allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // fails on machines of more than 1024 cores
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(1, CPU_COUNT(&set)) : all;
}

}  // namespace

int quota_cores(const fs::path& root) {
  std::ifstream stream(root / "proc/self/cgroup");
  const fs::path mounts = root / "sys/fs/cgroup";
  int least = 0;
  // "0::/group", or "4:cpu,cpuacct:/group" of version 1
  for (std::string line; std::getline(stream, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    int found = 0;
    if (controllers.empty()) {
      found = least_of(mounts, group, cores_of_version_2);
    } else if (has_cpu(controllers)) {
      const bool joined = fs::is_directory(mounts / controllers);
      found = least_of(mounts / (joined ? controllers : "cpu"), group, cores_of_version_1);
    }
    if (found > 0) {
      least = least == 0 ? found : std::min(least, found);
    }
  }
  return least;
}

int usable_cores(const fs::path& root) {
  const int quota = quota_cores(root);
  const int allowed = allowed_cores();
  return quota > 0 ? std::min(allowed, quota) : allowed;
}

}  // namespace tensor_service
