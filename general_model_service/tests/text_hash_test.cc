// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/text_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tensor_service {
namespace {

TEST(TextHash, IsOfTheWholeText) {
  constexpr std::size_t kLength = 100'000;
  const std::string text(kLength, 'a');
  std::set<std::size_t> found = {hash_of_text(text)};
  std::size_t texts = 1;
  for (std::size_t place = 0; place < kLength; place += 499, ++texts) {
    std::string other = text;
    other[place] = 'b';
    found.insert(hash_of_text(other));
  }
  EXPECT_EQ(found.size(), texts);
  EXPECT_EQ(hash_of_text(text), hash_of_text(std::string(kLength, 'a')));
}

TEST(TextHash, CountsZerosAndTheLength) {
  std::set<std::size_t> found;
  for (std::size_t length = 0; length < 100; ++length) {
    found.insert(hash_of_text(std::string(length, '\0')));
  }
  EXPECT_EQ(found.size(), 100U);
}

}  // namespace
}  // namespace tensor_service
