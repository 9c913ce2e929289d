// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gRPC against peers that send too much, reset too often or flood, and at a shutdown.

#include <gtest/gtest.h>

#include "http2_peer.h"
#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

constexpr ProtocolLimits kSmall = {.max_body = 1000,
                                   .max_header = 1024,
                                   .max_concurrent_streams = 4,
                                   .max_buffered = 4000,
                                   .compress_threshold = 512};

class GrpcLimitsTest : public testing::Test {
 protected:
  std::string status_of(std::int32_t id) { return peer.answers[id].head["grpc-status"]; }

  RecordingSink sink;
  std::unique_ptr<Protocol> protocol = make_grpc(sink, kSmall);
  Http2Peer peer{*protocol};
};

TEST_F(GrpcLimitsTest, RefusesALargeMessageByItsPrefix) {
  const std::int32_t id = peer.call(grpc_frame(std::string(1001, 'x')).substr(0, 10), {}, true);
  peer.exchange();
  EXPECT_EQ(status_of(id), "8");
  EXPECT_EQ(peer.answers[id].closed, NGHTTP2_NO_ERROR) << "the rest of the body is not wanted";
  const std::int32_t bomb =
      peer.call(grpc_frame(gzip(std::string(1001, 'x')), 1), {{"grpc-encoding", "gzip"}});
  peer.exchange();
  EXPECT_EQ(status_of(bomb), "8");
  const std::int32_t plain =
      peer.request({{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}},
                   std::string(1001, 'x'));
  peer.exchange();
  EXPECT_EQ(peer.answers[plain].head[":status"], "413");
  EXPECT_TRUE(sink.calls.empty());
  peer.call(grpc_frame(std::string(1000, 'x')));
  peer.exchange();
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(GrpcLimitsTest, RefusesALongHead) {
  const std::int32_t id = peer.call(grpc_frame("x"), {{"x", std::string(1024, 'x')}});
  const std::int32_t plain = peer.request({{":method", "GET"},
                                           {":scheme", "http"},
                                           {":path", "/" + std::string(1024, 'x')},
                                           {":authority", "x"}},
                                          "");
  peer.exchange();
  EXPECT_EQ(status_of(id), "8");
  EXPECT_EQ(peer.answers[plain].head[":status"], "431");
  EXPECT_TRUE(sink.calls.empty());
}

TEST_F(GrpcLimitsTest, BoundsTheBodiesOfAllStreamsTogether) {
  protocol = make_grpc(sink, {.max_body = 1000, .max_concurrent_streams = 10, .max_buffered = 500});
  Http2Peer many(*protocol);
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(many.call(grpc_frame(std::string(900, 'x')).substr(0, 605), {}, true));
  }
  many.exchange();
  const auto is_refused = [&](std::int32_t id) {
    return many.answers[id].head["grpc-status"] == "8";
  };
  EXPECT_FALSE(is_refused(ids[0]));
  EXPECT_FALSE(is_refused(ids[1]));
  EXPECT_TRUE(is_refused(ids[2])) << "1,800 bytes, beyond max_body and max_buffered";
  EXPECT_TRUE(is_refused(ids[3]));
}

TEST_F(GrpcLimitsTest, EndsAStreamWhoseBodyIsLate) {
  const auto late = [](const RequestHead& head) {
    Reply reply;
    reply.status = Status::kDeadline;
    reply.http_status = 408;
    reply.message = std::string(head.path) + " is late";
    return reply;
  };
  const std::int32_t stalls = peer.call(grpc_frame("abc").substr(0, 6), {}, true);
  peer.exchange();
  const std::int32_t whole = peer.call(grpc_frame("abc"));
  peer.exchange();
  protocol->expire(Clock::now() - std::chrono::hours(1), late);
  peer.exchange();
  EXPECT_EQ(status_of(stalls), "") << "it has time";
  protocol->expire(Clock::now() + std::chrono::hours(1), late);
  peer.exchange();
  EXPECT_EQ(status_of(stalls), "4");
  EXPECT_EQ(peer.answers[stalls].closed, NGHTTP2_NO_ERROR) << "the rest of the body is not wanted";
  EXPECT_EQ(status_of(whole), "") << "it is computed";
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(GrpcLimitsTest, CountsInflatedBodiesOfOpenCalls) {
  protocol = make_grpc(sink, {.max_body = 1000, .max_concurrent_streams = 10, .max_buffered = 500});
  Http2Peer many(*protocol);
  const std::string bomb = grpc_frame(gzip(std::string(900, 'x')), 1);
  many.call(bomb, {{"grpc-encoding", "gzip"}});
  const std::int32_t second = many.call(bomb, {{"grpc-encoding", "gzip"}});
  many.exchange();
  EXPECT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(many.answers[second].head["grpc-status"], "8");
  protocol->reply(reply_to(sink.calls[0].id, "x"));
  many.call(bomb, {{"grpc-encoding", "gzip"}});
  many.exchange();
  EXPECT_EQ(sink.calls.size(), 2U) << "an answered call gives its place back";
}

TEST_F(GrpcLimitsTest, OpensNoMoreStreamsThanItSaid) {
  peer.exchange();
  for (int i = 0; i < 10; ++i) {
    peer.call(grpc_frame("x"));
  }
  peer.exchange();
  EXPECT_EQ(sink.calls.size(), kSmall.max_concurrent_streams);
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_LT(i, sink.calls.size());
    protocol->reply(reply_to(sink.calls[i].id, "y"));
    peer.exchange();
  }
}

TEST_F(GrpcLimitsTest, CallsForCalmWhenStreamsAreOpenedOnlyToBeReset) {
  std::size_t resets = 0;
  for (; resets < 1000 && !peer.goaway; ++resets) {
    const std::int32_t id = peer.call(grpc_frame("x"), {}, resets % 2 == 0);
    const std::string opening = peer.take();
    nghttp2_submit_rst_stream(peer.session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    const std::string resetting = peer.take();
    if (resets % 3 == 0) {
      protocol->receive(opening + resetting);
    } else {
      protocol->receive(opening);
      protocol->receive(resetting);
    }
    peer.exchange();
  }
  EXPECT_EQ(peer.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_LE(resets, 2 * kSmall.max_concurrent_streams + 1);
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(sink.calls.size(), sink.cancelled.size());
}

TEST_F(GrpcLimitsTest, ResetsBetweenAnswersAreNoReasonForAlarm) {
  for (int i = 0; i < 100; ++i) {
    const std::int32_t answered = peer.call(grpc_frame("x"));
    const std::int32_t given_up = peer.call(grpc_frame("x"));
    peer.exchange();
    protocol->reply(reply_to(static_cast<CallId>(answered), "y"));
    nghttp2_submit_rst_stream(peer.session, NGHTTP2_FLAG_NONE, given_up, NGHTTP2_CANCEL);
    peer.exchange();
    ASSERT_FALSE(peer.goaway) << i;
  }
  EXPECT_EQ(sink.cancelled.size(), 100U);
}

TEST_F(GrpcLimitsTest, StopsReadingOrClosesWhenFlooded) {
  peer.exchange();
  const std::string ping("\x00\x00\x08\x06\x00\x00\x00\x00\x00pingping", 17);
  const std::string settings("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9);
  for (const std::string& frame : {ping, settings}) {
    RecordingSink one;
    const auto flooded = make_grpc(one, kSmall);
    Http2Peer client(*flooded);
    client.exchange();
    std::string flood;
    for (int i = 0; i < 2000; ++i) {
      flood += frame;
    }
    std::size_t received = 0;
    for (; received < 1000 && flooded->wants_read() && !flooded->wants_close(); ++received) {
      flooded->receive(flood);
    }
    EXPECT_LE(received, 2U);
    EXPECT_LE(flooded->take_output().size(), kSmall.max_buffered + 100);
  }
}

TEST_F(GrpcLimitsTest, ClosesAndCancelsWhenTheFramesAreLost) {
  peer.call(grpc_frame("x"));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  protocol->receive(std::string(64, '\xff'));
  protocol->take_output();
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(sink.cancelled, std::vector<CallId>{sink.calls[0].id});
  protocol->reply(reply_to(sink.calls[0].id, "late"));
  EXPECT_EQ(protocol->take_output(), "");

  const auto no_preface = make_grpc(sink, kSmall);
  EXPECT_EQ(no_preface->stage(), Stage::kReceiving) << "the preface is due";
  no_preface->receive("PRI * HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(no_preface->wants_close());
}

TEST_F(GrpcLimitsTest, DrainsAtOnceWhenIdle) {
  peer.exchange();
  protocol->drain();
  peer.exchange();
  EXPECT_EQ(peer.goaway, NGHTTP2_NO_ERROR);
  EXPECT_TRUE(protocol->wants_close());
}

TEST_F(GrpcLimitsTest, DrainAnswersWhatIsOpenAndNothingElse) {
  const std::int32_t open = peer.call(grpc_frame("x"));
  const std::int32_t unfinished = peer.call(grpc_frame("xyz").substr(0, 6), {}, true);
  peer.exchange();
  EXPECT_EQ(sink.calls.size(), 1U);
  protocol->drain();
  peer.call(grpc_frame("late"));
  peer.exchange();
  EXPECT_EQ(status_of(unfinished), "14");
  EXPECT_FALSE(protocol->wants_close());
  protocol->reply(reply_to(static_cast<CallId>(open), "y"));
  peer.exchange();
  EXPECT_EQ(peer.answers[open].body, grpc_frame("y"));
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(sink.calls.size(), 1U);
  EXPECT_TRUE(sink.cancelled.empty());
}

TEST_F(GrpcLimitsTest, TakesAnswersFromInsideTheCall) {
  sink.answer_at_once = [this](CallId id) { protocol->reply(reply_to(id, "y")); };
  const std::int32_t id = peer.call(grpc_frame("x"));
  peer.exchange();
  EXPECT_EQ(peer.answers[id].body, grpc_frame("y"));
}

}  // namespace
}  // namespace tensor_service
