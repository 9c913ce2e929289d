// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gzip and zlib data, whole, in pieces, damaged and far too large.

#include "wire/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "report/error.h"

namespace tensor_service {
namespace {

constexpr std::size_t kEnough = 1U << 24U;

// "<status number>" of the CallError, "inflated" when there was none.
std::string outcome(std::string_view data, std::size_t max_size) {
  try {
    inflate(data, max_size);
  } catch (const CallError& error) {
    return error.status() == Status::kTooLarge    ? "too large"
           : error.status() == Status::kMalformed ? "malformed"
                                                  : "another status";
  }
  return "inflated";
}

std::string zlib_of(const std::string& text) {
  std::string out(compressBound(text.size()), '\0');
  uLongf size = out.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  out.resize(size);
  return out;
}

// Text that deflate cannot make much of.
std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>(state >> 24U);
  }
  return text;
}

TEST(Compression, GzipReturns) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(100000, 'x'),
                                  noise(16U << 10U), noise(300000)}) {
    const std::string packed = gzip(text);
    EXPECT_TRUE(packed.starts_with("\x1f\x8b"));
    EXPECT_EQ(inflate(packed, kEnough), text);
    EXPECT_EQ(inflate(packed, text.size()), text);
  }
  EXPECT_LT(gzip(std::string(100000, 'x')).size(), 1000U);
}

TEST(Compression, AFileOfTheGzipProgram) {
  // printf 'tensor' | gzip --best --no-name
  const std::string file(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x49\xcd\x2b\xce\x2f\x02\x00\x08\x27\x83\xa1"
      "\x06\x00\x00\x00",
      26);
  EXPECT_EQ(inflate(file, kEnough), "tensor");
}

TEST(Compression, ZlibIsToldApart) {
  EXPECT_EQ(inflate(zlib_of("tensor"), kEnough), "tensor");
  EXPECT_EQ(outcome(zlib_of("tensor") + zlib_of("tensor"), kEnough), "malformed");
  EXPECT_EQ(outcome(zlib_of("tensor") + gzip("tensor"), kEnough), "malformed");
}

TEST(Compression, SeveralMembers) {
  EXPECT_EQ(inflate(gzip("ten") + gzip("") + gzip("sor"), kEnough), "tensor");
  EXPECT_EQ(outcome(gzip("ten") + zlib_of("sor"), kEnough), "malformed");
  EXPECT_EQ(outcome(gzip("ten") + gzip("sor"), 5), "too large");
}

TEST(Compression, NoMoreThanAllowed) {
  const std::string packed = gzip(std::string(1000, 'x'));
  EXPECT_EQ(outcome(packed, 1000), "inflated");
  EXPECT_EQ(outcome(packed, 999), "too large");
  EXPECT_EQ(outcome(packed, 0), "too large");
  EXPECT_EQ(outcome(gzip(""), 0), "inflated");
  EXPECT_EQ(outcome(packed, std::string::npos), "inflated");
  EXPECT_EQ(outcome(gzip(std::string(64U << 20U, '\0')), 1U << 20U), "too large");
}

TEST(Compression, EveryTruncation) {
  for (const std::string& packed : {gzip(noise(500)), zlib_of(noise(500))}) {
    for (std::size_t length = 0; length < packed.size(); ++length) {
      ASSERT_EQ(outcome(packed.substr(0, length), kEnough), "malformed") << length;
    }
  }
}

TEST(Compression, DamageAndGarbage) {
  const std::string packed = gzip("tensor");
  EXPECT_EQ(outcome(packed + "x", kEnough), "malformed");
  EXPECT_EQ(outcome(packed + std::string(1, '\0'), kEnough), "malformed");
  EXPECT_EQ(outcome(packed + "\x1f\x8b", kEnough), "malformed");
  EXPECT_EQ(outcome("tensor", kEnough), "malformed");
  std::string wrong_sum = packed;
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  EXPECT_EQ(outcome(wrong_sum, kEnough), "malformed");
  std::string wrong_length = packed;
  wrong_length[wrong_length.size() - 4] ^= 1;
  EXPECT_EQ(outcome(wrong_length, kEnough), "malformed");
}

TEST(Compression, ADictionaryIsNotKnown) {
  // zlib header with FDICT and the checksum of a dictionary
  EXPECT_EQ(outcome(std::string("\x78\xbb\x00\x00\x00\x01", 6), kEnough), "malformed");
}

}  // namespace
}  // namespace tensor_service
