// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Every file of the codecs' fuzz corpora, once more through the function that the fuzz targets
// call: what fuzzing found stays found.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/codec_run.h"

namespace tensor_service {
namespace {

void replay(const std::string& target, void (*run)(std::string_view)) {
  const std::filesystem::path corpus(std::string(REPOSITORY) +
                                     "/general_model_service/fuzz/corpus/" + target);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string input = bytes.str();
    EXPECT_NO_THROW(run(input)) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0) << corpus;
}

TEST(FuzzCorpus, JsonCodec) { replay("json_codec_fuzz", run_json_codec); }
TEST(FuzzCorpus, ProtoCodec) { replay("proto_codec_fuzz", run_proto_codec); }
TEST(FuzzCorpus, Inflate) { replay("inflate_fuzz", run_inflate); }

}  // namespace
}  // namespace tensor_service
