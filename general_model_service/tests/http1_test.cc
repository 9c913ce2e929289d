// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1: requests in their many forms, and the bytes of the answers.

#include <gtest/gtest.h>

#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

class Http1Test : public testing::Test {
 protected:
  std::string receive(std::string_view bytes) {
    protocol->receive(bytes);
    return protocol->take_output();
  }

  std::string answer(std::string body, Status status = Status::kOk, std::string type = "") {
    Reply reply = reply_to(sink.calls.back().id, std::move(body), status);
    reply.content_type = std::move(type);
    protocol->reply(std::move(reply));
    return protocol->take_output();
  }

  static std::string post(std::string_view fields, std::string_view body) {
    return "POST /GeneralModelService/inference HTTP/1.1\r\nHost: localhost\r\n" +
           std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }

  RecordingSink sink;
  std::unique_ptr<Protocol> protocol = make_http1(sink, {});
};

TEST_F(Http1Test, HandsOverARequestAndWritesItsAnswer) {
  EXPECT_EQ(receive(post("Content-Type: application/json\r\n", "{\"log_id\": 7}")), "");
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].method, "POST");
  EXPECT_EQ(sink.calls[0].path, "/GeneralModelService/inference");
  EXPECT_EQ(sink.calls[0].format, Format::kJson);
  EXPECT_EQ(sink.calls[0].body, "{\"log_id\": 7}");
  EXPECT_FALSE(sink.calls[0].deadline);
  EXPECT_EQ(answer("{}"),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_FALSE(protocol->wants_close());
}

TEST_F(Http1Test, ReadsTheSameRequestWhereverItIsCut) {
  const std::string request =
      "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: "
      "application/proto\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RecordingSink one;
    const auto cut_protocol = make_http1(one, {});
    cut_protocol->receive(request.substr(0, cut));
    ASSERT_TRUE(one.calls.empty()) << cut;
    EXPECT_EQ(cut_protocol->stage(), Stage::kReceiving) << cut;
    cut_protocol->receive(request.substr(cut));
    ASSERT_EQ(one.calls.size(), 1U) << cut;
    EXPECT_EQ(one.calls[0].path, "/a");
    EXPECT_EQ(one.calls[0].body, "abcde");
    EXPECT_EQ(cut_protocol->stage(), Stage::kAnswering) << cut;
  }
}

TEST_F(Http1Test, AnswersPipelinedRequestsOneAfterAnother) {
  receive("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_NE(answer("one").find("one"), std::string::npos);
  ASSERT_EQ(sink.calls.size(), 2U);
  EXPECT_EQ(sink.calls[1].path, "/2");
  EXPECT_NE(sink.calls[0].id, sink.calls[1].id);
  protocol->reply(reply_to(sink.calls[0].id, "late"));  // of a call that is answered
  EXPECT_EQ(protocol->take_output(), "");
  EXPECT_NE(answer("two").find("two"), std::string::npos);
  EXPECT_EQ(protocol->stage(), Stage::kIdle);
}

TEST_F(Http1Test, ClosesWhenTheClientDoesNotKeepTheConnection) {
  receive("GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(protocol->wants_close());  // not before the answer
  EXPECT_NE(answer("x").find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(receive("GET / HTTP/1.0\r\n\r\n"), "");
  EXPECT_EQ(sink.calls.size(), 1U);

  protocol = make_http1(sink, {});
  receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(answer("x").find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_FALSE(protocol->wants_close());

  receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer("x").find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(protocol->wants_close());
}

TEST_F(Http1Test, SaysContinueOnlyToAHeadItAccepts) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nContent-Type: ";
  EXPECT_EQ(receive(head + "application/json\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(receive("{}"), "");
  ASSERT_EQ(sink.calls.size(), 1U);
  answer("{}");

  EXPECT_EQ(receive(head + "application/json\r\n\r\n{}"), "");  // the body did not wait
  EXPECT_EQ(sink.calls.size(), 2U);
  answer("{}");

  const std::string refused = receive(head + "text/csv\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 415 Unsupported Media Type\r\n")) << refused;
  EXPECT_TRUE(protocol->wants_close());
}

TEST_F(Http1Test, ReadsTheFormatFromTheContentType) {
  const std::vector<std::pair<std::string, Format>> types = {
      {"", Format::kJson},
      {"Content-Type: application/json; charset=utf-8\r\n", Format::kJson},
      {"content-type: APPLICATION/JSON\r\n", Format::kJson},
      {"Content-Type: application/x-www-form-urlencoded\r\n", Format::kJson},
      {"Content-Type: application/proto\r\n", Format::kProto},
      {"Content-Type: application/x-protobuf\r\n", Format::kProto},
      {"Content-Type: application/octet-stream\r\n", Format::kProto}};
  for (const auto& [field, format] : types) {
    receive(post(field, "x"));
    EXPECT_EQ(sink.calls.back().format, format) << field;
    const std::string type = format == Format::kJson ? "application/json" : "application/proto";
    EXPECT_NE(answer("y").find("\r\nContent-Type: " + type + "\r\n"), std::string::npos) << field;
  }
  EXPECT_EQ(sink.calls.size(), types.size());
  EXPECT_TRUE(receive(post("Content-Type: text/plain\r\n", "x")).starts_with("HTTP/1.1 415 "));
  EXPECT_FALSE(protocol->wants_close());  // the body was read; the next request is in place
  receive("GET /next HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n\r\n");
  EXPECT_EQ(sink.calls.back().path, "/next");  // without a body its type does not matter
  EXPECT_NE(answer("m", Status::kOk, "text/plain").find("Content-Type: text/plain"),
            std::string::npos);
}

TEST_F(Http1Test, InflatesWhatIsCompressed) {
  receive(post("Content-Encoding: gzip\r\n", gzip("{\"a\": 1}")));
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].body, "{\"a\": 1}");
  answer("{}");
  EXPECT_TRUE(receive(post("Content-Encoding: gzip\r\n", "damaged")).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(receive(post("Content-Encoding: br\r\n", "x")).starts_with("HTTP/1.1 415 "));
  EXPECT_FALSE(protocol->wants_close());
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(Http1Test, CompressesLongAnswersForThoseWhoAccept) {
  const std::string body(2000, 'x');
  const std::vector<std::pair<std::string, bool>> accepts = {{"gzip", true},
                                                             {"deflate, gzip;q=0.5", true},
                                                             {"*", true},
                                                             {"gzip;q=0", false},
                                                             {"*;q=0.0", false},
                                                             {"identity", false},
                                                             {"gzip; q=0, *", false},
                                                             {"br", false}};
  for (const auto& [codings, compressed] : accepts) {
    receive(post("Accept-Encoding: " + codings + "\r\n", "{}"));
    const std::string output = answer(body);
    EXPECT_EQ(output.find("Content-Encoding: gzip\r\n") != std::string::npos, compressed)
        << codings;
    const std::string sent = output.substr(output.find("\r\n\r\n") + 4);
    EXPECT_EQ(compressed ? inflate(sent, body.size()) : sent, body) << codings;
    EXPECT_NE(output.find("Content-Length: " + std::to_string(sent.size()) + "\r\n"),
              std::string::npos);
  }
  receive(post("Accept-Encoding: gzip\r\n", "{}"));
  EXPECT_EQ(answer(std::string(511, 'x')).find("Content-Encoding"), std::string::npos);
}

TEST_F(Http1Test, AnswersHeadWithoutABody) {
  receive("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string output = answer("alive", Status::kOk, "text/plain");
  EXPECT_NE(output.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(output.ends_with("\r\n\r\n")) << output;
}

TEST_F(Http1Test, TakesTheDeadlineFromItsHeader) {
  receive(post("x-timeout-ms: 250\r\n", "{}"));
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].deadline, sink.calls[0].received + std::chrono::milliseconds(250));
  answer("{}");
  for (const std::string value : {"0", "-1", "1.5", "soon", "", "99999999999999999999"}) {
    const std::string output = receive(post("x-timeout-ms: " + value + "\r\n", "{}"));
    EXPECT_TRUE(output.starts_with("HTTP/1.1 400 ")) << value;
  }
  EXPECT_EQ(sink.calls.size(), 1U);
  receive(post("x-timeout-ms: 9999999999999999999\r\n", "{}"));  // further than the clock reaches
  ASSERT_EQ(sink.calls.size(), 2U);
  EXPECT_GT(sink.calls[1].deadline, sink.calls[1].received);
}

TEST_F(Http1Test, StripsQueryAndAuthorityFromThePath) {
  const std::vector<std::pair<std::string, std::string>> targets = {
      {"/metrics?x=1", "/metrics"}, {"http://host:1/health?x", "/health"},
      {"http://host", "/"},         {"/?a://b", "/"},
      {"http://host?x", "/"},       {"/a%20b", "/a%20b"}};
  for (const auto& [target, path] : targets) {
    receive("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(sink.calls.back().path, path) << target;
    answer("x");
  }
}

TEST_F(Http1Test, WritesTheStatusAndWhatBelongsToIt) {
  const std::vector<std::pair<Status, std::string>> lines = {
      {Status::kInvalid, "400 Bad Request"},
      {Status::kNotFound, "404 Not Found"},
      {Status::kMethodNotAllowed, "405 Method Not Allowed"},
      {Status::kTooLarge, "413 Content Too Large"},
      {Status::kOverloaded, "429 Too Many Requests"},
      {Status::kCancelled, "499 Client Closed Request"},
      {Status::kInternal, "500 Internal Server Error"},
      {Status::kUnavailable, "503 Service Unavailable"},
      {Status::kDeadline, "504 Gateway Timeout"}};
  for (const auto& [status, line] : lines) {
    receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string output = answer("{}", status);
    EXPECT_TRUE(output.starts_with("HTTP/1.1 " + line + "\r\n")) << output;
    const bool retry = status == Status::kOverloaded || status == Status::kUnavailable;
    EXPECT_EQ(output.find("Retry-After: 1\r\n") != std::string::npos, retry) << line;
    EXPECT_EQ(output.find("Allow: POST\r\n") != std::string::npos,
              status == Status::kMethodNotAllowed);
    EXPECT_TRUE(output.ends_with("{}"));
  }
  receive(post("", "{}"));
  EXPECT_NE(answer("", Status::kMethodNotAllowed).find("Allow: GET, HEAD\r\n"), std::string::npos);
}

}  // namespace
}  // namespace tensor_service
