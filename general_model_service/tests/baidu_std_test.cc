// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// baidu_std with messages written by hand.

#include <gtest/gtest.h>

#include "baidu_peer.h"
#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

using baidu_std::RpcMeta;

constexpr ProtocolLimits kSmall = {.max_body = 1000,
                                   .max_header = 512,
                                   .max_concurrent_streams = 3,
                                   .max_buffered = 2000,
                                   .compress_threshold = 512};
class BaiduStdTest : public testing::Test {
 protected:
  std::vector<BaiduAnswer> receive(std::string_view bytes) {
    protocol->receive(bytes);
    return baidu_answers(protocol->take_output());
  }

  void expect_refused(const std::string& bytes, int error_code, std::string_view says) {
    const auto refused = receive(bytes);
    ASSERT_EQ(refused.size(), 1U) << says;
    EXPECT_EQ(refused[0].meta.response().error_code(), error_code) << says;
    EXPECT_NE(refused[0].meta.response().error_text().find(says), std::string::npos)
        << refused[0].meta.response().error_text();
    EXPECT_EQ(refused[0].payload, "");
    EXPECT_TRUE(sink.calls.empty());
    EXPECT_FALSE(protocol->wants_close());
    EXPECT_EQ(protocol->stage(), Stage::kIdle);
  }

  RecordingSink sink;
  std::unique_ptr<Protocol> protocol = make_baidu_std(sink, kSmall);
};

TEST_F(BaiduStdTest, HandsOverACallAndWritesItsAnswer) {
  EXPECT_TRUE(receive(baidu_request(0x200000002, "payload")).empty());
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].method, "POST");
  EXPECT_EQ(sink.calls[0].path, "/" + std::string(kBaiduService) + "/inference");
  EXPECT_EQ(sink.calls[0].format, Format::kProto);
  EXPECT_EQ(sink.calls[0].body, "payload");
  EXPECT_FALSE(sink.calls[0].deadline);
  protocol->reply(reply_to(sink.calls[0].id, "answer"));
  // as brpc writes it: response{error_code: 0}, compress_type: 0, correlation_id, payload
  const std::string_view meta("\x12\x02\x08\x00\x18\x00\x20\x82\x80\x80\x80\x20", 12);
  EXPECT_EQ(protocol->take_output(), baidu_framed(std::string(meta), "answer"));
}

TEST_F(BaiduStdTest, ReadsTheSameMessageWhereverItIsCut) {
  RpcMeta meta = baidu_request_meta(5);
  meta.set_attachment_size(4);
  const std::string bytes =
      baidu_framed(meta.SerializeAsString(), "payloadtail") + baidu_request(6, "");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    RecordingSink one;
    const auto cut_protocol = make_baidu_std(one, kSmall);
    cut_protocol->receive(bytes.substr(0, cut));
    EXPECT_LE(one.calls.size(), 1U) << cut;
    cut_protocol->receive(bytes.substr(cut));
    ASSERT_EQ(one.calls.size(), 2U) << cut;
    EXPECT_EQ(one.calls[0].body, "payload") << "without the attachment";
    EXPECT_EQ(one.calls[1].body, "");
    EXPECT_NE(one.calls[0].id, one.calls[1].id);
  }
}

TEST_F(BaiduStdTest, AnswersOpenCallsInAnyOrder) {
  receive(baidu_request(7, "a") + baidu_request(8, "b"));
  ASSERT_EQ(sink.calls.size(), 2U);
  protocol->reply(reply_to(sink.calls[1].id, "second"));
  protocol->reply(reply_to(sink.calls[1].id, "twice"));
  protocol->reply(reply_to(sink.calls[0].id, "first"));
  const auto sent = baidu_answers(protocol->take_output());
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].meta.correlation_id(), 8);
  EXPECT_EQ(sent[0].payload, "second");
  EXPECT_EQ(sent[1].meta.correlation_id(), 7);
  EXPECT_EQ(sent[1].payload, "first");
  EXPECT_EQ(protocol->stage(), Stage::kIdle);
}

TEST_F(BaiduStdTest, ErrorsAreBrpcsOwnOrStandInTheResponse) {
  receive(baidu_request(1, "a") + baidu_request(2, "b"));
  ASSERT_EQ(sink.calls.size(), 2U);
  protocol->reply(reply_to(sink.calls[0].id, "body", Status::kOverloaded, "the queue is full"));
  protocol->reply(reply_to(sink.calls[1].id, "err_no inside", Status::kInvalid, "a shape"));
  const auto sent = baidu_answers(protocol->take_output());
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].meta.response().error_code(), 1011);
  EXPECT_EQ(sent[0].meta.response().error_text(), "the queue is full");
  EXPECT_EQ(sent[0].payload, "");
  EXPECT_EQ(sent[1].meta.response().error_code(), 0);
  EXPECT_FALSE(sent[1].meta.response().has_error_text());
  EXPECT_EQ(sent[1].payload, "err_no inside");
}

TEST_F(BaiduStdTest, ReadsCompressionDeadlineAndLogId) {
  RpcMeta meta = baidu_request_meta(1);
  meta.set_compress_type(2);
  meta.mutable_request()->set_timeout_ms(300);
  meta.mutable_request()->set_log_id(42);
  receive(baidu_framed(meta.SerializeAsString(), gzip("payload")));
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].body, "payload");
  EXPECT_EQ(sink.calls[0].log_id, 42U);
  EXPECT_EQ(sink.calls[0].deadline, sink.calls[0].received + std::chrono::milliseconds(300));
  const std::string_view zlib("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27", 11);
  meta.set_compress_type(3);
  receive(baidu_framed(meta.SerializeAsString(), std::string(zlib)));
  ASSERT_EQ(sink.calls.size(), 2U);
  EXPECT_EQ(sink.calls[1].body, "abc");
}

TEST_F(BaiduStdTest, RefusesMessagesItCanSkip) {
  RpcMeta meta = baidu_request_meta(9);
  meta.set_compress_type(1);
  expect_refused(baidu_framed(meta.SerializeAsString(), "x"), 1003, "send 0 (none), 2 (gzip)");
  meta.set_compress_type(2);
  expect_refused(baidu_framed(meta.SerializeAsString(), "no gzip"), 1003, "");
  expect_refused(baidu_framed(meta.SerializeAsString(), gzip(std::string(1001, 'x'))), 1003, "");
  for (const int size : {-1, 4}) {
    meta.set_attachment_size(size);
    expect_refused(baidu_framed(meta.SerializeAsString(), "abc"), 1003, "attachment_size");
  }
  expect_refused(baidu_framed("\xff\xff", "rest"), 1003, "RpcMeta: not readable");
  expect_refused(baidu_framed("", ""), 1003, "RpcMeta.request: missing");
  expect_refused(baidu_request(3, std::string(1001, 'x')), 1003, "--max_body_size");
  EXPECT_TRUE(receive(baidu_request(4, std::string(1000, 'x'))).empty());
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(BaiduStdTest, AnswersAnUnreadableMetaByTheIdItFound) {
  RpcMeta meta;
  meta.mutable_request();  // without the names, which are required
  meta.set_correlation_id(77);
  const auto refused = receive(baidu_framed(meta.SerializePartialAsString(), "x"));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].meta.correlation_id(), 77);
}

TEST_F(BaiduStdTest, ClosesWhenTheFramesAreLost) {
  const std::string good = baidu_request(1, "x");
  for (const std::string& bad :
       {std::string("PRPX"), std::string("GET / HT"), "PRPC" + baidu_number(3) + baidu_number(4),
        "PRPC" + baidu_number(4000) + baidu_number(513)}) {
    RecordingSink one;
    const auto lost = make_baidu_std(one, kSmall);
    lost->receive(good + bad);
    ASSERT_EQ(one.calls.size(), 1U);
    EXPECT_EQ(one.cancelled, std::vector<CallId>{one.calls[0].id}) << bad;
    EXPECT_TRUE(lost->wants_close()) << bad;
    lost->reply(reply_to(one.calls[0].id, "late"));
    lost->receive(good);
    EXPECT_EQ(lost->take_output(), "");
    EXPECT_EQ(one.calls.size(), 1U);
  }
}

TEST_F(BaiduStdTest, StopsReadingAtTheMostOpenCallsAndKeepsTheRest) {
  std::string many;
  for (int i = 0; i < 5; ++i) {
    many += baidu_request(i, "x");
  }
  receive(many);
  EXPECT_EQ(sink.calls.size(), kSmall.max_concurrent_streams);
  EXPECT_FALSE(protocol->wants_read());
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_LT(i, sink.calls.size());
    protocol->reply(reply_to(sink.calls[i].id, "y"));
  }
  EXPECT_TRUE(protocol->wants_read());
  EXPECT_EQ(baidu_answers(protocol->take_output()).size(), 5U);
}

TEST_F(BaiduStdTest, BoundsTheBodiesOfOpenCallsTogether) {
  receive(baidu_request(1, std::string(600, 'x')) + baidu_request(2, std::string(600, 'x')) +
          baidu_request(3, "x"));
  EXPECT_EQ(sink.calls.size(), 2U);
  EXPECT_FALSE(protocol->wants_read());
  protocol->reply(reply_to(sink.calls[0].id, "y"));
  EXPECT_EQ(sink.calls.size(), 3U);
  EXPECT_TRUE(protocol->wants_read() || sink.calls.size() == kSmall.max_concurrent_streams);
}

TEST_F(BaiduStdTest, WaitsForItsOutputToBeTaken) {
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += baidu_request(i, "x");
  }
  sink.answer_at_once = [this](CallId id) { protocol->reply(reply_to(id, std::string(100, 'y'))); };
  protocol->receive(many);
  std::size_t count = 0;
  for (std::string output = protocol->take_output(); !output.empty();
       output = protocol->take_output()) {
    EXPECT_LE(output.size(), kSmall.max_buffered + 200);
    count += baidu_answers(output).size();
  }
  EXPECT_EQ(count, 5000U);
  EXPECT_TRUE(protocol->wants_read());
}

TEST_F(BaiduStdTest, DrainAnswersWhatIsOpenAndRefusesTheRest) {
  receive(baidu_request(1, "x"));
  protocol->drain();
  EXPECT_FALSE(protocol->wants_close());
  const auto refused = receive(baidu_request(2, "x"));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].meta.response().error_code(), 2003);
  protocol->reply(reply_to(sink.calls[0].id, "y"));
  EXPECT_EQ(baidu_answers(protocol->take_output()).size(), 1U);
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_TRUE(sink.cancelled.empty());
}

}  // namespace
}  // namespace tensor_service
