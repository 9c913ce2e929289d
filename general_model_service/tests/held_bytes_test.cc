// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What requests may hold together: each protocol asks the budget while a body arrives and inflates,
// refuses in its own way, and gives all back.

#include "call/held_bytes.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "baidu_peer.h"
#include "codec/codec.h"
#include "codec/decoding_bytes.h"
#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

constexpr std::size_t kMiB = 1U << 20U;

Status status_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const CallError& error) {
    return error.status();
  }
  return Status::kOk;
}

TEST(HeldBytes, LargeSharesLeaveAQuarter) {
  ByteBudget budget(16 * kMiB);
  HeldBytes large(&budget);
  HeldBytes small(&budget);
  EXPECT_EQ(status_of([&] { large.resize(13 * kMiB); }), Status::kTooLarge);
  EXPECT_EQ(budget.held(), 0U);
  large.resize(12 * kMiB);
  EXPECT_EQ(budget.held(), 12 * kMiB);
  EXPECT_EQ(status_of([&] { small.resize(2 * kMiB); }), Status::kCrowded);
  small.resize(kMiB);
  small.resize(0);
  large.resize(kMiB);
  EXPECT_EQ(budget.held(), kMiB);
  HeldBytes moved = std::move(large);
  large.release();
  EXPECT_EQ(budget.held(), kMiB);
  moved.release();
  EXPECT_EQ(budget.held(), 0U);
}

TEST(HeldBytes, ASmallRequestAlwaysHasItsPlace) {
  ByteBudget budget(0);
  HeldBytes share(&budget);
  share.resize(HeldBytes::kFree);
  EXPECT_EQ(status_of([&] { share.resize(HeldBytes::kFree + 1); }), Status::kTooLarge);
}

class HeldBytesOfProtocols : public ::testing::Test {
 protected:
  ProtocolLimits limits() {
    ProtocolLimits small;
    small.max_body = 4 * kMiB;
    small.budget = &budget_;
    return small;
  }

  std::string http(const std::string& fields, const std::string& body) {
    const auto protocol = make_http1(sink_, limits());
    protocol->receive("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body);
    return protocol->take_output();
  }

  BaiduAnswer baidu(const std::string& payload, int compress_type = 0) {
    const auto protocol = make_baidu_std(sink_, limits());
    auto meta = baidu_request_meta(9);
    meta.set_compress_type(compress_type);
    protocol->receive(baidu_framed(meta.SerializeAsString(), payload));
    protocol->receive(baidu_request(10, "small"));  // the connection goes on
    EXPECT_FALSE(protocol->wants_close());
    EXPECT_EQ(sink_.calls.back().body, "small");
    sink_.calls.pop_back();
    const auto answers = baidu_answers(protocol->take_output());
    return answers.empty() ? BaiduAnswer() : answers.front();
  }

  RecordingSink sink_;
  ByteBudget budget_{8 * kMiB};
};

TEST_F(HeldBytesOfProtocols, ABodyIsHeldUntilItsCallEnds) {
  EXPECT_EQ(http("", std::string(3 * kMiB, 'x')), "");
  ASSERT_EQ(sink_.calls.size(), 1U);
  EXPECT_GE(budget_.held(), 3 * kMiB);
  EXPECT_LE(budget_.held(), 3 * kMiB + (32U << 10U));
  baidu(std::string(2 * kMiB, 'x'));
  EXPECT_GE(budget_.held(), 5 * kMiB);
  sink_.calls.clear();
  EXPECT_EQ(budget_.held(), 0U);
}

TEST_F(HeldBytesOfProtocols, WhatHasNoPlaceIsRefused) {
  HeldBytes others(&budget_);
  others.resize(5 * kMiB);
  const std::string answer = http("", std::string(3 * kMiB, 'x'));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429 ")) << answer;
  EXPECT_NE(answer.find("Retry-After: 1"), std::string::npos) << answer;
  EXPECT_NE(answer.find("--max_bytes_in_flight"), std::string::npos) << answer;
  const BaiduAnswer refused = baidu(std::string(3 * kMiB, 'x'));
  EXPECT_EQ(refused.meta.response().error_code(), 1011);
  EXPECT_EQ(refused.meta.correlation_id(), 9);
  EXPECT_TRUE(sink_.calls.empty());
  others.release();
  EXPECT_EQ(budget_.held(), 0U);
}

TEST_F(HeldBytesOfProtocols, ABombIsNotInflated) {
  const std::string bomb = gzip(std::string(64 * kMiB, '['));
  EXPECT_LT(bomb.size(), 400'000U);
  const std::string answer = http("Content-Encoding: gzip\r\n", bomb);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_EQ(baidu(bomb, 2).meta.response().error_code(), 1003);
  EXPECT_EQ(budget_.held(), 0U);
}

TEST(Inflation, IsBoundedByTheSizeOfTheData) {
  ByteBudget budget(1000 * kMiB);
  HeldBytes held(&budget);
  const std::string small(kMiB, '[');
  EXPECT_EQ(inflate(gzip(small), 1000 * kMiB, held), small);
  EXPECT_GE(budget.held(), kMiB);
  EXPECT_EQ(status_of([&] { inflate(gzip(std::string(4 * kMiB, '[')), 1000 * kMiB, held); }),
            Status::kTooLarge);
}

TEST(DecodingBytes, CoverWhatIsTaken) {
  std::string ids = R"({"tensor":[{"alias_name":"a","shape":[1,100000],"int64_data":[1)";
  for (int i = 1; i < 100000; ++i) {
    ids += ",4711";
  }
  ids += "]}]}";
  EXPECT_GE(decoding_bytes(Format::kJson, ids), 100000U * (8 + 8));
  EXPECT_LE(decoding_bytes(Format::kJson, ids), 100000U * 18);
  const std::string brackets(kMiB, '[');
  EXPECT_GE(decoding_bytes(Format::kJson, brackets), 4 * kMiB);
  const std::string text = R"({"tensor":[{"data":["\")" + std::string(kMiB, '\\') + R"(x"]}]})";
  EXPECT_GE(decoding_bytes(Format::kJson, text), 2 * kMiB);
  EXPECT_GE(decoding_bytes(Format::kJson, std::string(kMiB, '"')), kMiB / 2);
}

TEST(DecodingBytes, OfProtobuf) {
  // tensor { int64_data: 1'000 x 1 }, then tensor_content of 100'000 bytes
  const std::string packed = "\x0a\xe8\x07" + std::string(1000, '\x01');
  const std::string content = "\x7a\xa0\x8d\x06" + std::string(100'000, '\x01');
  const auto in_tensor = [](const std::string& fields) {
    std::string size;
    for (std::size_t rest = fields.size(); rest != 0; rest >>= 7U) {
      size += static_cast<char>((rest & 0x7FU) | (rest > 0x7F ? 0x80U : 0U));
    }
    return "\x0a" + size + fields;
  };
  EXPECT_GE(decoding_bytes(Format::kProto, in_tensor(packed)), 8'000U);
  EXPECT_LE(decoding_bytes(Format::kProto, in_tensor(packed)), 50'000U);
  EXPECT_LE(decoding_bytes(Format::kProto, in_tensor(content)), 400'000U);
  EXPECT_NO_THROW(decoding_bytes(Format::kProto, in_tensor(packed).substr(0, 500)));
  EXPECT_NO_THROW(decoding_bytes(Format::kProto, std::string(70'000, '\xff')));
}

TEST(DecodingBytes, ALargeBodyIsDecodedInItsPlace) {
  std::string body = R"({"tensor":[{"alias_name":"a","shape":[400001],"int64_data":[1)";
  for (int i = 0; i < 400'000; ++i) {
    body += ",23456";
  }
  body += "]}]}";
  EXPECT_EQ(decode_owned(Format::kJson, std::string(body)).tensors.at(0).count(), 400'001U);
  EXPECT_THROW(decode_owned(Format::kJson, body.substr(0, body.size() - 1)), CallError);
}

}  // namespace
}  // namespace tensor_service
