// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every file of the fuzz corpus of text requests, as bodies and as messages, once more through the
// function that the fuzz target calls: what fuzzing found stays found.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/rpc_request_run.h"

namespace tensor_service {
namespace {

void replay(const std::string& target, void (*run)(std::string_view)) {
  const std::filesystem::path corpus(std::string(REPOSITORY) +
                                     "/general_model_service/fuzz/corpus/" + target);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    EXPECT_NO_THROW(run(bytes.str())) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0) << corpus;
}

TEST(FuzzCorpus, TextRequest) { replay("request_fuzz", run_request); }

TEST(FuzzCorpus, RpcRequest) { replay("rpc_request_fuzz", run_rpc_request); }

}  // namespace
}  // namespace tensor_service
