// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every file of the encoder's fuzz corpus, once more through the function that the fuzz target
// calls: what fuzzing found stays found.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/text_run.h"

namespace tensor_service {
namespace {

TEST(FuzzCorpus, PairEncoder) {
  const std::filesystem::path corpus(std::string(REPOSITORY) +
                                     "/general_model_service/fuzz/corpus/pair_encoder_fuzz");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    EXPECT_NO_THROW(run_pair_encoder(bytes.str())) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0) << corpus;
}

}  // namespace
}  // namespace tensor_service
