// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// base64 against the vectors of RFC 4648 and a round of all bytes.

#include "codec/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace tensor_service {
namespace {

TEST(Base64, VectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    std::string encoded;
    append_base64(encoded, bytes);
    EXPECT_EQ(encoded, text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, PaddingAndAlphabetAreFree) {
  EXPECT_EQ(base64_decode("Zg"), "f");
  EXPECT_EQ(base64_decode("Zm8"), "fo");
  EXPECT_EQ(base64_decode("+/+/"), base64_decode("-_-_"));
}

TEST(Base64, AllBytesReturn) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
    std::string text;
    append_base64(text, bytes);
    ASSERT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNot) {
  for (const char* text : {"Z", "Zm9vY", "Zm 9v", "Zm9v\n",
                           "Zg=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9\xC3", "Zm9*"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tensor_service
