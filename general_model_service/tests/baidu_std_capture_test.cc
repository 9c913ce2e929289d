// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// baidu_std against the bytes that a real brpc client and server exchanged, where the checkout has
// them beside it. baidu_std_test.cc has the same by hand.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "baidu_peer.h"
#include "recording_sink.h"

namespace tensor_service {
namespace {

// Bytes of a real exchange; nothing when the checkout stands alone.
std::string captured(const std::string& name) {
  std::ifstream file(std::string(REPOSITORY) + "/../shared/wire/" + name, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(BaiduStdCapture, ReadsTheBytesOfARealClient) {
  const std::string bytes = captured("brpc_request.bin");
  if (bytes.empty()) {
    GTEST_SKIP() << "no ../shared/wire/brpc_request.bin beside this checkout";
  }
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    RecordingSink one;
    const auto cut_protocol = make_baidu_std(one, {});
    cut_protocol->receive(bytes.substr(0, cut));
    ASSERT_TRUE(one.calls.empty()) << cut;
    cut_protocol->receive(bytes.substr(cut));
    ASSERT_EQ(one.calls.size(), 1U) << cut;
    EXPECT_EQ(one.calls[0].path, "/" + std::string(kBaiduService) + "/inference");
    EXPECT_EQ(one.calls[0].body.size(), 88U);
    EXPECT_TRUE(one.calls[0].body.ends_with("\x12\x07predict"));
    cut_protocol->reply(reply_to(one.calls[0].id, "answer"));
    const auto sent = baidu_answers(cut_protocol->take_output());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].meta.correlation_id(), 0x200000002);
    EXPECT_EQ(sent[0].payload, "answer");
  }
}

TEST(BaiduStdCapture, WritesTheLayoutOfARealServer) {
  const std::string bytes = captured("brpc_response.bin");
  if (bytes.empty()) {
    GTEST_SKIP() << "no ../shared/wire/brpc_response.bin beside this checkout";
  }
  const auto real = baidu_answers(bytes);
  ASSERT_EQ(real.size(), 1U) << "brpc_response.bin is no baidu_std message: the file is damaged";
  RecordingSink sink;
  const auto protocol = make_baidu_std(sink, {});
  protocol->receive(baidu_request(real[0].meta.correlation_id(), "x"));
  ASSERT_EQ(sink.calls.size(), 1U);
  protocol->reply(reply_to(sink.calls[0].id, real[0].payload));
  const auto sent = baidu_answers(protocol->take_output());
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].meta.correlation_id(), real[0].meta.correlation_id());
  EXPECT_EQ(sent[0].meta.response().error_code(), real[0].meta.response().error_code());
  EXPECT_EQ(sent[0].meta.response().error_text(), real[0].meta.response().error_text());
  EXPECT_EQ(sent[0].meta.compress_type(), real[0].meta.compress_type());
  EXPECT_EQ(sent[0].meta.attachment_size(), real[0].meta.attachment_size());
  EXPECT_EQ(sent[0].payload, real[0].payload);
}

}  // namespace
}  // namespace tensor_service
