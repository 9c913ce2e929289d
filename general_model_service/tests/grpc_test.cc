// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gRPC and plain requests over HTTP/2, with nghttp2's client on the other end.

#include <gtest/gtest.h>

#include "http2_peer.h"
#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

class GrpcTest : public testing::Test {
 protected:
  const Http2Peer::Answer& answer(std::int32_t id, std::string body, Status status = Status::kOk,
                                  std::string message = "") {
    protocol->reply(reply_to(static_cast<CallId>(id), std::move(body), status, std::move(message)));
    peer.exchange();
    return peer.answers[id];
  }

  // Sends a gRPC call that must be answered without the service.
  void expect_refused(const std::string& body, const Http2PeerFields& fields,
                      const std::string& status, std::string_view says) {
    const std::int32_t id = peer.call(body, fields);
    peer.exchange();
    const Http2Peer::Answer& refused = peer.answers[id];
    EXPECT_EQ(refused.head.at(":status"), "200") << says;
    EXPECT_EQ(refused.head.at("content-type"), "application/grpc") << says;
    EXPECT_EQ(refused.head.at("grpc-status"), status) << says;
    EXPECT_NE(refused.head.at("grpc-message").find(says), std::string::npos)
        << refused.head.at("grpc-message");
    EXPECT_TRUE(refused.ended) << says;
    EXPECT_TRUE(refused.trailers.empty()) << says;
    EXPECT_TRUE(sink.calls.empty()) << says;
  }

  RecordingSink sink;
  std::unique_ptr<Protocol> protocol = make_grpc(sink, {});
  Http2Peer peer{*protocol};
};

TEST_F(GrpcTest, HandsOverACallAndWritesItsAnswer) {
  const std::int32_t id = peer.call(grpc_frame("message"), {{"grpc-timeout", "2S"}});
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].method, "POST");
  EXPECT_EQ(sink.calls[0].path, "/package.Service/inference");
  EXPECT_EQ(sink.calls[0].format, Format::kProto);
  EXPECT_EQ(sink.calls[0].body, "message");
  EXPECT_EQ(sink.calls[0].deadline, sink.calls[0].received + std::chrono::seconds(2));
  EXPECT_EQ(protocol->stage(), Stage::kAnswering);

  const auto& answered = answer(id, "answer");
  EXPECT_EQ(answered.head.at(":status"), "200");
  EXPECT_EQ(answered.head.at("content-type"), "application/grpc");
  EXPECT_EQ(answered.body, grpc_frame("answer"));
  EXPECT_EQ(answered.trailers.at("grpc-status"), "0");
  EXPECT_EQ(answered.closed, NGHTTP2_NO_ERROR);
  EXPECT_EQ(protocol->stage(), Stage::kIdle);
}

TEST_F(GrpcTest, ReadsTheSameCallWhereverItIsCut) {
  peer.call(grpc_frame("message"));
  const std::string bytes = peer.take();
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    RecordingSink one;
    const auto cut_protocol = make_grpc(one, {});
    cut_protocol->receive(bytes.substr(0, cut));
    ASSERT_TRUE(one.calls.empty()) << cut;
    cut_protocol->receive(bytes.substr(cut));
    ASSERT_EQ(one.calls.size(), 1U) << cut;
    EXPECT_EQ(one.calls[0].body, "message");
  }
}

TEST_F(GrpcTest, AnswersOpenCallsInAnyOrder) {
  const std::int32_t first = peer.call(grpc_frame("1"));
  const std::int32_t second = peer.call(grpc_frame("2"));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 2U);
  EXPECT_NE(sink.calls[0].id, sink.calls[1].id);
  EXPECT_EQ(answer(second, "b").body, grpc_frame("b"));
  EXPECT_EQ(answer(first, "a").body, grpc_frame("a"));
  protocol->reply(reply_to(static_cast<CallId>(first), "again"));
  protocol->reply(reply_to(12345678901, "never asked"));
  EXPECT_EQ(protocol->take_output(), "");
}

TEST_F(GrpcTest, ErrorsAreTrailersOnly) {
  const std::int32_t id = peer.call(grpc_frame("x"));
  peer.exchange();
  const auto& failed = answer(id, "ignored", Status::kInvalid, "50% of \xE4\xBD\xA0\n");
  EXPECT_EQ(failed.head.at("grpc-status"), "3");
  EXPECT_EQ(failed.head.at("grpc-message"), "50%25 of %E4%BD%A0%0A");
  EXPECT_EQ(failed.head.at("err_no"), "-5100");
  EXPECT_EQ(failed.body, "");
  EXPECT_TRUE(failed.ended);
}

TEST_F(GrpcTest, ErrorTextsAreCutBetweenCharacters) {
  const std::int32_t id = peer.call(grpc_frame("x"));
  peer.exchange();
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) {
    text += "\xE4\xBD\xA0";
  }
  const std::string sent = answer(id, "", Status::kInternal, text).head.at("grpc-message");
  EXPECT_EQ(sent.size(), 1 + 341 * 9U);
}

TEST_F(GrpcTest, InflatesWhatIsCompressed) {
  peer.call(grpc_frame(gzip("message"), 1), {{"grpc-encoding", "gzip"}});
  peer.call(grpc_frame("plain"), {{"grpc-encoding", "gzip"}});
  peer.call(grpc_frame("plain too"), {{"grpc-encoding", "identity"}});
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 3U);
  EXPECT_EQ(sink.calls[0].body, "message");
  EXPECT_EQ(sink.calls[1].body, "plain");
  EXPECT_EQ(sink.calls[2].body, "plain too");
}

TEST_F(GrpcTest, RefusesEncodingsItDoesNotRead) {
  expect_refused(grpc_frame("x", 1), {{"grpc-encoding", "snappy"}}, "12", "grpc-encoding");
  EXPECT_EQ(peer.answers.rbegin()->second.head.at("grpc-accept-encoding"), "identity,deflate,gzip");
  expect_refused(grpc_frame("x", 1), {}, "12", "names no encoding");
  expect_refused(grpc_frame("x", 1), {{"grpc-encoding", "identity"}}, "12", "names no encoding");
  expect_refused(grpc_frame("damaged", 1), {{"grpc-encoding", "gzip"}}, "3", "");
}

TEST_F(GrpcTest, TakesExactlyOneMessage) {
  expect_refused("", {}, "3", "no message");
  expect_refused(grpc_frame("x").substr(0, 3), {}, "3", "inside its message");
  expect_refused(grpc_frame("message").substr(0, 8), {}, "3", "inside its message");
  expect_refused(grpc_frame("a") + grpc_frame("b"), {}, "3", "more than one message");
  expect_refused(grpc_frame("x", 7), {}, "3", "neither 0 nor 1");
  peer.call(grpc_frame(""));
  peer.exchange();
  EXPECT_EQ(sink.calls.size(), 1U) << "an empty message is one";
}

TEST_F(GrpcTest, ReadsAllUnitsOfTime) {
  const std::vector<std::pair<std::string, std::chrono::nanoseconds>> values = {
      {"1H", std::chrono::hours(1)},        {"2M", std::chrono::minutes(2)},
      {"3S", std::chrono::seconds(3)},      {"4m", std::chrono::milliseconds(4)},
      {"5u", std::chrono::microseconds(5)}, {"6n", std::chrono::nanoseconds(6)},
      {"99999999H", std::chrono::hours(24)}};
  for (const auto& [value, time] : values) {
    peer.call(grpc_frame("x"), {{"grpc-timeout", value}});
    peer.exchange();
    EXPECT_EQ(sink.calls.back().deadline, sink.calls.back().received + time) << value;
  }
  sink.calls.clear();
  for (const std::string value : {"1", "S", "1s", "123456789S", "-1S", "1.5S", "1 S", "+1S"}) {
    expect_refused(grpc_frame("x"), {{"grpc-timeout", value}}, "3", "grpc-timeout");
  }
}

TEST_F(GrpcTest, ResetStreamsCancelTheirCalls) {
  const std::int32_t id = peer.call(grpc_frame("x"));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  nghttp2_submit_rst_stream(peer.session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  peer.exchange();
  EXPECT_EQ(sink.cancelled, std::vector<CallId>{sink.calls[0].id});
  EXPECT_EQ(protocol->stage(), Stage::kIdle);
  protocol->reply(reply_to(sink.calls[0].id, "late"));
  EXPECT_EQ(protocol->take_output(), "");
}

TEST_F(GrpcTest, ALargeAnswerFollowsThePeersWindow) {
  Http2Peer slow(*protocol, 1000);
  nghttp2_session_set_local_window_size(slow.session, NGHTTP2_FLAG_NONE, 0, 3000);
  const std::int32_t id = slow.call(grpc_frame("x"));
  slow.exchange();
  std::string large(3 << 20, 'x');
  large.back() = 'y';
  protocol->reply(reply_to(static_cast<CallId>(id), large));
  EXPECT_LT(protocol->take_output().size(), 70000U) << "more than the connection's first window";
  EXPECT_EQ(protocol->stage(), Stage::kIdle) << "the peer may take its time";
}

TEST_F(GrpcTest, LargeMessagesGoBothWays) {
  const std::string large(10 << 20, 'x');
  const std::int32_t id = peer.call(grpc_frame(large));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].body, large);
  EXPECT_EQ(answer(id, large).body, grpc_frame(large));
  EXPECT_LE(peer.largest_output, ProtocolLimits{}.max_buffered + 20000);
}

TEST_F(GrpcTest, ServesPlainRequests) {
  const Http2PeerFields head = {
      {":method", "GET"}, {":scheme", "http"}, {":path", "/health?x"}, {":authority", "localhost"}};
  const std::int32_t id = peer.request(head, "");
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].method, "GET");
  EXPECT_EQ(sink.calls[0].path, "/health");
  const auto& alive = answer(id, "{}");
  EXPECT_EQ(alive.head.at(":status"), "200");
  EXPECT_EQ(alive.head.at("content-type"), "application/json");
  EXPECT_EQ(alive.head.at("content-length"), "2");
  EXPECT_EQ(alive.body, "{}");
  EXPECT_TRUE(alive.trailers.empty());

  Http2PeerFields post = {{":method", "POST"},
                          {":scheme", "http"},
                          {":path", "/"},
                          {":authority", "localhost"},
                          {"content-type", "application/proto"},
                          {"x-timeout-ms", "40"},
                          {"content-encoding", "gzip"}};
  const std::int32_t posted = peer.request(post, gzip("proto"));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 2U);
  EXPECT_EQ(sink.calls[1].format, Format::kProto);
  EXPECT_EQ(sink.calls[1].body, "proto");
  EXPECT_EQ(sink.calls[1].deadline, sink.calls[1].received + std::chrono::milliseconds(40));
  EXPECT_EQ(answer(posted, "x", Status::kNotFound).head.at(":status"), "404");

  post[4].second = "application/grpc-web";  // another protocol, and no format of ours
  const std::int32_t refused = peer.request(post, "x");
  peer.exchange();
  EXPECT_EQ(peer.answers[refused].head.at(":status"), "415");
  EXPECT_EQ(sink.calls.size(), 2U);
}

TEST_F(GrpcTest, AnswersHeadWithoutABody) {
  const std::int32_t id = peer.request(
      {{":method", "HEAD"}, {":scheme", "http"}, {":path", "/health"}, {":authority", "x"}}, "");
  peer.exchange();
  const auto& alive = answer(id, "alive");
  EXPECT_EQ(alive.head.at("content-length"), "5");
  EXPECT_EQ(alive.body, "");
  EXPECT_TRUE(alive.ended);
}

TEST_F(GrpcTest, GrpcCallsArePostsOfProtobuf) {
  const Http2PeerFields head = {{":method", "GET"},
                                {":scheme", "http"},
                                {":path", "/"},
                                {":authority", "x"},
                                {"content-type", "application/grpc"}};
  const std::int32_t id = peer.request(head, "");
  peer.exchange();
  EXPECT_EQ(peer.answers[id].head.at("grpc-status"), "12");
  Http2PeerFields json = head;
  json[0].second = "POST";
  json[4].second = "application/grpc+json";
  const std::int32_t second = peer.request(json, grpc_frame("{}"));
  json[4].second = "application/grpc+proto";
  peer.request(json, grpc_frame("x"));
  peer.exchange();
  EXPECT_EQ(peer.answers[second].head.at("grpc-status"), "12");
  EXPECT_EQ(sink.calls.size(), 1U);
}

}  // namespace
}  // namespace tensor_service
