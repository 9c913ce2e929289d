// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include "recording_sink.h"

namespace tensor_service {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// What the protocol chosen for the bytes makes of them tells which one it is.
std::string first_output(std::string_view bytes) {
  RecordingSink sink;
  const auto protocol = sniff_protocol(bytes, sink, {});
  if (!protocol) {
    return "undecided";
  }
  protocol->receive(bytes);
  protocol->drain();
  const std::string output = protocol->take_output();
  if (output.starts_with("HTTP/1.1 ")) {
    return "http1";
  }
  // a SETTINGS frame: its type is the fourth byte
  return output.size() > 3 && output[3] == 4 ? "grpc" : "baidu_std";
}

TEST(Sniff, TellsTheProtocolByItsFirstFourBytes) {
  EXPECT_EQ(first_output("PRPC"), "baidu_std");
  EXPECT_EQ(first_output("PRI "), "grpc");
  EXPECT_EQ(first_output(kPreface), "grpc");
  EXPECT_EQ(first_output("POST /GeneralModelService/inference"), "http1");
  EXPECT_EQ(first_output("PROPFIND / HTTP/1.1\r\n"), "http1");
  EXPECT_EQ(first_output("GET / HTTP/1.1\r\n"), "http1");
}

TEST(Sniff, WaitsWhileTheBytesMayBecomeAnother) {
  for (const std::string_view begun : {"", "P", "PR", "PRP", "PRI"}) {
    EXPECT_EQ(first_output(begun), "undecided") << begun;
  }
}

TEST(Sniff, LeavesUnknownBytesToHttpWhichAnswersThem) {
  EXPECT_EQ(first_output(std::string_view("\x16\x03\x01\x02", 4)), "http1");  // TLS
  EXPECT_EQ(first_output("X"), "http1");
}

}  // namespace
}  // namespace tensor_service
