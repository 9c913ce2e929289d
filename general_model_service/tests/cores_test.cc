// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The cores that a cgroup's quota leaves, read from a root of the test's own.

#include "engine/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "bundle_copy.h"

namespace tensor_service {
namespace {

class CoresTest : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root() / file).parent_path());
    write_file(root() / file, text);
  }
  const std::filesystem::path& root() const { return directory_.path(); }

  TemporaryDirectory directory_;
};

TEST_F(CoresTest, WithoutFilesThereIsNoQuota) {
  EXPECT_EQ(quota_cores(root()), 0);
  write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(quota_cores(root()), 0);
  EXPECT_EQ(usable_cores(root()), usable_cores(root() / "absent"));
}

TEST_F(CoresTest, OfVersion2RoundedUp) {
  write("proc/self/cgroup", "0::/\n");
  for (const auto& [text, cores] : std::vector<std::pair<std::string, int>>{{"max 100000\n", 0},
                                                                            {"100000 100000\n", 1},
                                                                            {"150000 100000\n", 2},
                                                                            {"50000 100000\n", 1},
                                                                            {"1 100000\n", 1},
                                                                            {"rubbish", 0},
                                                                            {"", 0},
                                                                            {"5 0", 0}}) {
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(quota_cores(root()), cores) << text;
  }
}

TEST_F(CoresTest, TheLeastOfTheGroupAndThoseAbove) {
  write("proc/self/cgroup", "0::/pods/one\n");
  write("sys/fs/cgroup/pods/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota_cores(root()), 3);
  write("sys/fs/cgroup/pods/one/cpu.max", "max 100000\n");
  EXPECT_EQ(quota_cores(root()), 3);
  write("sys/fs/cgroup/pods/one/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota_cores(root()), 2);
}

TEST_F(CoresTest, OfVersion1) {
  write("proc/self/cgroup", "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n1:cpuset:/docker/a\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota_cores(root()), 0);
  // in a container the group's own folder is what is mounted
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(quota_cores(root()), 3);
}

TEST_F(CoresTest, NoMoreThanTheAffinityAllows) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "10000000 100000\n");
  std::thread([this] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(usable_cores(root()), 1);
  }).join();
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(usable_cores(root()), 1);
}

}  // namespace
}  // namespace tensor_service
