// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/loading_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ranker_rows.h"

namespace tensor_service {
namespace {

// Kilobytes of pages that are in files.
long resident_of_files() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "RssFile:") {
      long kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  ADD_FAILURE() << "no RssFile in /proc/self/status";
  return 0;
}

TEST(LoadingMemoryTest, CodeIsGivenBackAndRunsAgain) {
  const auto engine = engine_of(model_of("pairwise"));
  const RankerRows rows({row(12, 1), row(12, 2)}, 12);
  const std::vector<float> before_it = logits(*engine, rows.feeds(*engine));
  const long resident = resident_of_files();
  give_back_loading_memory();
  EXPECT_LT(resident_of_files(), resident);
  EXPECT_EQ(logits(*engine, rows.feeds(*engine)), before_it);
  const auto another = engine_of(model_of("pairwise"));
  EXPECT_EQ(logits(*another, rows.feeds(*another)), before_it);
}

}  // namespace
}  // namespace tensor_service
