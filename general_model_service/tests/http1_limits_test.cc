// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1 against peers that send too much, too oddly or too early, and at a shutdown.

#include <gtest/gtest.h>

#include <utility>

#include "recording_sink.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

constexpr ProtocolLimits kSmall = {.max_body = 1000,
                                   .max_header = 512,
                                   .max_concurrent_streams = 4,
                                   .max_buffered = 2000,
                                   .compress_threshold = 512};

class Http1LimitsTest : public testing::Test {
 protected:
  // What a new connection answers to the bytes; the call must not have been made.
  std::string refusal_of(std::string_view bytes) {
    protocol = make_http1(sink, kSmall);
    protocol->receive(bytes);
    EXPECT_TRUE(sink.calls.empty()) << bytes;
    return protocol->take_output();
  }

  void expect_lost(std::string_view bytes, std::string_view status) {
    const std::string output = refusal_of(bytes);
    EXPECT_TRUE(output.starts_with("HTTP/1.1 " + std::string(status) + " ")) << bytes << output;
    EXPECT_NE(output.find("Connection: close\r\n"), std::string::npos) << bytes;
    EXPECT_TRUE(protocol->wants_close()) << bytes;
    EXPECT_FALSE(protocol->wants_read()) << bytes;
    EXPECT_EQ(std::exchange(sink.refused, {}).size(), 1U) << bytes;
  }

  RecordingSink sink;
  std::unique_ptr<Protocol> protocol = make_http1(sink, kSmall);
};

TEST_F(Http1LimitsTest, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string fields :
       {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3, 3\r\n", "Content-Length: -1\r\n", "Content-Length: 0x3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length : 3\r\n"}) {
    expect_lost(head + fields + "\r\nabc", "400");
  }
  expect_lost("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "400");
}

TEST_F(Http1LimitsTest, AnswersGarbageOnce) {
  expect_lost(std::string_view("\x16\x03\x01\x02\x00\x01", 6), "400");
  expect_lost("GET / HTTP/9.9\r\n\r\n", "400");
  expect_lost("GET  HTTP/1.1\r\nHost: a\r\n\r\n", "400");
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400");
}

TEST_F(Http1LimitsTest, RefusesALongHead) {
  expect_lost("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(600, 'x') + "\r\n\r\n", "431");
  expect_lost("GET /" + std::string(600, 'x'), "431");
  for (const std::size_t piece : {1U, 7U}) {
    protocol = make_http1(sink, kSmall);
    std::size_t sent = 0;
    for (; sent < 5000 && !protocol->wants_close(); sent += piece) {
      protocol->receive(std::string(piece, 'x'));
    }
    EXPECT_LE(sent, 2 * kSmall.max_header) << piece;
  }
}

TEST_F(Http1LimitsTest, BoundsTheFramesOfChunksToo) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_lost(head + "3;" + std::string(600, 'x'), "400");
  expect_lost(head + "0\r\nX: " + std::string(600, 'x'), "400");
}

TEST_F(Http1LimitsTest, JudgesTheLengthBeforeTheBody) {
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "413");
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
              "413");
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n", "413");
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413");
  expect_lost("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
                  std::string(1000, 'x') + "\r\n1\r\n",
              "413");
  const std::string bomb = gzip(std::string(1001, 'x'));
  EXPECT_TRUE(
      refusal_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: " +
                 std::to_string(bomb.size()) + "\r\n\r\n" + bomb)
          .starts_with("HTTP/1.1 413 "));
  EXPECT_FALSE(protocol->wants_close());
  protocol->receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
                    std::string(1000, 'x'));
  ASSERT_EQ(sink.calls.size(), 1U);
  EXPECT_EQ(sink.calls[0].body.size(), 1000U);
}

TEST_F(Http1LimitsTest, ErrorsAreWrittenInTheFormatOfTheCall) {
  const std::string output = refusal_of(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/proto\r\nContent-Length: "
      "1001\r\n\r\n");
  EXPECT_NE(output.find("\r\nContent-Type: application/proto\r\n"), std::string::npos);
  const std::string body = output.substr(output.find("\r\n\r\n") + 4);
  EXPECT_TRUE(body.starts_with("\x28")) << "err_no is field 5, a varint";
}

TEST_F(Http1LimitsTest, StopsReadingWhenTooMuchIsPipelined) {
  protocol->receive("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(sink.calls.size(), 1U);
  const std::string request = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  std::size_t sent = 0;
  while (protocol->wants_read()) {
    protocol->receive(request);
    ++sent;
    ASSERT_LE(sent, kSmall.max_buffered / request.size() + 1);
  }
  EXPECT_GT(sent, 1U);
  for (std::size_t i = 0; i < sent; ++i) {
    protocol->reply(reply_to(sink.calls.back().id, "x"));
    protocol->take_output();
  }
  EXPECT_EQ(sink.calls.size(), sent + 1);
  EXPECT_TRUE(protocol->wants_read());
}

TEST_F(Http1LimitsTest, WaitsForItsOutputToBeTaken) {
  std::string many;
  constexpr std::size_t kRequests = 20000;  // as nested calls, they would overflow the stack
  for (std::size_t i = 0; i < kRequests; ++i) {
    many += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  sink.answer_at_once = [this](CallId id) { protocol->reply(reply_to(id, std::string(100, 'x'))); };
  protocol->receive(many);
  std::size_t answers = 0;
  for (std::string output = protocol->take_output(); !output.empty();
       output = protocol->take_output()) {
    EXPECT_LE(output.size(), kSmall.max_buffered + 300);
    for (std::size_t at = 0; (at = output.find("HTTP/1.1 200", at)) != std::string::npos; ++at) {
      ++answers;
    }
  }
  EXPECT_EQ(answers, kRequests);
  EXPECT_TRUE(protocol->wants_read());
  EXPECT_EQ(protocol->stage(), Stage::kIdle);
}

TEST_F(Http1LimitsTest, DrainsAtOnceWhenIdle) {
  protocol->drain();
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(protocol->take_output(), "");
  protocol->receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(sink.calls.empty());
}

TEST_F(Http1LimitsTest, DrainAnswersTheOpenCallAndNoOther) {
  protocol->receive("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  protocol->drain();
  EXPECT_FALSE(protocol->wants_close());
  protocol->reply(reply_to(sink.calls[0].id, "x"));
  EXPECT_NE(protocol->take_output().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(protocol->wants_close());
  EXPECT_EQ(sink.calls.size(), 1U);
}

TEST_F(Http1LimitsTest, DrainRefusesAnUnfinishedRequest) {
  protocol->receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  protocol->drain();
  EXPECT_TRUE(protocol->take_output().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(protocol->wants_close());
}

TEST_F(Http1LimitsTest, AsksForOneHost) {
  const std::string fields = "Host: a\r\n";
  expect_lost("GET /health HTTP/1.1\r\n\r\n", "400");
  expect_lost("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "400");
  expect_lost("GET /health HTTP/1.1\r\n" + fields + fields + "\r\n", "400");
  expect_lost("GET /health HTTP/1.0\r\n" + fields + fields + "\r\n", "400");
  protocol = make_http1(sink, kSmall);
  protocol->receive("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_EQ(sink.calls.size(), 1U);
}

}  // namespace
}  // namespace tensor_service
