// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Heads of requests on every protocol: they are shown before the body, and one that is refused is
// answered at once; its body is thrown away and becomes no call.

#include <gtest/gtest.h>

#include "baidu_peer.h"
#include "http2_peer.h"
#include "recording_sink.h"

namespace tensor_service {
namespace {

// What a sink saw of a head.
struct Shown {
  std::string method = {};
  std::string path = {};
  std::string key = {};
  std::string host = {};
  bool is_http = false;
  bool has_fields = false;
  std::size_t body = 0;

  bool operator==(const Shown&) const = default;
};

struct TicketPass final : Pass {
  void enter(std::size_t) override {}
  void count() override {}
  void take_documents(std::size_t) override {}
  void leave(bool) noexcept override {}
};

// Refuses where it is told to.
struct DoorSink : RecordingSink {
  Verdict on_head(const RequestHead& head) override {
    Shown one{.method = std::string(head.method),
              .path = std::string(head.path),
              .is_http = head.is_http,
              .has_fields = head.door != nullptr,
              .body = head.body};
    if (head.door != nullptr) {
      one.key = head.door->api_key.value_or("");
      one.host = head.door->host.value_or("");
    }
    shown.push_back(one);
    Verdict verdict;
    verdict.fields.emplace_back("vary", "Origin");
    if (refuses) {
      verdict.refusal = reply_to(0, "no", Status::kUnauthorized, "no key");
      verdict.refusal->fields.emplace_back("WWW-Authenticate", "Bearer");
    } else {
      verdict.pass = pass;
    }
    return verdict;
  }

  bool refuses = true;
  std::shared_ptr<Pass> pass = std::make_shared<TicketPass>();
  std::vector<Shown> shown;
};

class HeadsTest : public testing::Test {
 protected:
  static ProtocolLimits limits() {
    ProtocolLimits limits;
    limits.shows_heads = true;
    return limits;
  }
  std::string receive(std::string_view bytes) {
    http1->receive(bytes);
    return http1->take_output();
  }
  static std::string post(const std::string& fields) {
    return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  }
  static bool closes(const std::string& answer) {
    return answer.find("Connection: close\r\n") != std::string::npos;
  }

  DoorSink sink;
  std::unique_ptr<Protocol> http1 = make_http1(sink, limits());
};

TEST_F(HeadsTest, OfHttp1AreAnsweredBeforeTheBody) {
  const std::string answer =
      receive(post("Content-Length: 10\r\nX-API-Key: k\r\nx-api-key: l\r\n"));
  EXPECT_EQ(sink.shown, (std::vector<Shown>{{"POST", "/a", "k", "h", true, true, 10}}));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n")) << answer;
  EXPECT_NE(answer.find("WWW-Authenticate: Bearer\r\n"), std::string::npos);
  EXPECT_NE(answer.find("vary: Origin\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nno"));
  EXPECT_FALSE(http1->wants_close());
  EXPECT_EQ(http1->stage(), Stage::kReceiving);
  EXPECT_EQ(receive("0123456789"), "");
  EXPECT_EQ(http1->stage(), Stage::kIdle);
  EXPECT_TRUE(sink.calls.empty());
}

TEST_F(HeadsTest, OfTheNextRequestAreShownBehindABodyThatWasThrownAway) {
  EXPECT_NE(receive(post("Content-Length: 3\r\n") + "abc" + post("")), "");
  EXPECT_EQ(sink.shown.size(), 2U);
  sink.refuses = false;
  receive(post("Content-Length: 3\r\n") + "abc");
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].body, "abc");
  EXPECT_EQ(sink.calls[0].pass, sink.pass);
  http1->reply(reply_to(sink.calls[0].id, "yes"));
  EXPECT_NE(http1->take_output().find("vary: Origin\r\n"), std::string::npos);
}

TEST_F(HeadsTest, EndTheConnectionWhereTheBodyMayBeEndless) {
  for (const char* fields : {"Transfer-Encoding: chunked\r\n", "Content-Length: 67108865\r\n",
                             "Content-Length: 3\r\nExpect: 100-continue\r\n",
                             "Content-Length: 3\r\nConnection: close\r\n"}) {
    ProtocolLimits roomy = limits();
    roomy.max_body = 1U << 30U;
    const auto protocol = make_http1(sink, roomy);
    protocol->receive(post(fields));
    const std::string answer = protocol->take_output();
    EXPECT_TRUE(closes(answer)) << fields << answer;
    EXPECT_EQ(answer.find("100 Continue"), std::string::npos);
    EXPECT_TRUE(protocol->wants_close()) << fields;
  }
}

TEST_F(HeadsTest, AreAnsweredOnceWhateverFollows) {
  receive(post("Content-Length: 10\r\n"));
  http1->drain();
  EXPECT_EQ(http1->take_output(), "");
  EXPECT_TRUE(http1->wants_close());
}

TEST_F(HeadsTest, ThatMakeNoRequestAreNotShown) {
  for (const char* request : {"GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n"}) {
    const auto protocol = make_http1(sink, limits());
    protocol->receive(request);
    EXPECT_TRUE(protocol->take_output().starts_with("HTTP/1.1 400 "));
  }
  EXPECT_TRUE(sink.shown.empty());
}

TEST_F(HeadsTest, AreNotShownWhereNobodyAsks) {
  const auto protocol = make_http1(sink, {});
  protocol->receive(post("Content-Length: 0\r\n"));
  EXPECT_TRUE(sink.shown.empty());
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(HeadsTest, OfHttp2AreAnsweredBeforeTheBody) {
  const auto protocol = make_grpc(sink, limits());
  Http2Peer peer(*protocol);
  const auto plain = peer.request({{":method", "POST"},
                                   {":scheme", "http"},
                                   {":path", "/a"},
                                   {":authority", "h"},
                                   {"content-length", "12"},
                                   {"x-api-key", "k"}},
                                  "part", true);
  const auto call = peer.call(grpc_frame("message"), {{"authorization", "Bearer k"}}, true);
  peer.exchange();
  ASSERT_EQ(sink.shown.size(), 2U);
  EXPECT_EQ(sink.shown[0], (Shown{"POST", "/a", "k", "h", true, true, 12}));
  EXPECT_EQ(sink.shown[1].path, "/package.Service/inference");
  EXPECT_FALSE(sink.shown[1].is_http);
  EXPECT_EQ(peer.answers[plain].head[":status"], "401");
  EXPECT_EQ(peer.answers[plain].head["www-authenticate"], "Bearer");
  EXPECT_EQ(peer.answers[plain].head["vary"], "Origin");
  EXPECT_EQ(peer.answers[plain].body, "no");
  EXPECT_EQ(peer.answers[call].head["grpc-status"], "16");
  EXPECT_EQ(peer.answers[call].head["grpc-message"], "no key");
  EXPECT_TRUE(sink.calls.empty());
  sink.refuses = false;
  peer.call(grpc_frame("message"));
  peer.exchange();
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].pass, sink.pass);
}

TEST_F(HeadsTest, OfBaiduStdCarryNoKey) {
  const auto protocol = make_baidu_std(sink, limits());
  protocol->receive(baidu_request(7, "payload"));
  const auto answers = baidu_answers(protocol->take_output());
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].meta.correlation_id(), 7);
  EXPECT_EQ(answers[0].meta.response().error_code(), 1004);
  EXPECT_EQ(answers[0].meta.response().error_text(), "no key");
  ASSERT_EQ(sink.shown.size(), 1U);
  EXPECT_FALSE(sink.shown[0].has_fields);
  EXPECT_TRUE(sink.calls.empty());
  sink.refuses = false;
  protocol->receive(baidu_request(8, "payload"));
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].pass, sink.pass);
}

}  // namespace
}  // namespace tensor_service
