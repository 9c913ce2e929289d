// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/vocabulary.h"

#include <fstream>
#include <string>

#include "bundle/bundle.h"

namespace tensor_service {
namespace {

constexpr std::string_view kPad = "[PAD]";

}  // namespace

// A token a line. Empty lines at the end are none; of a token that stands twice the last counts,
// and so an id that a repetition leaves without a token still is one.
Vocabulary read_vocabulary(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  Vocabulary vocabulary;
  vocabulary.pad_id = -1;
  std::int64_t number = 0;
  for (std::string line; std::getline(stream, line); ++number) {
    if (!line.empty()) {
      vocabulary.size = number + 1;
    }
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (line == kPad) {
      vocabulary.pad_id = number;
    }
  }
  if (!stream.eof()) {
    throw BundleError(file.string() + ": cannot be read; check its permissions");
  }
  if (vocabulary.pad_id < 0) {
    throw BundleError(file.string() + ": lacks " + std::string(kPad) +
                      "; it is no vocabulary of this project, export the bundle again");
  }
  return vocabulary;
}

}  // namespace tensor_service
