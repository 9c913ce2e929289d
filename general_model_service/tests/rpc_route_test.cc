// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls of PipelineService that the connection refuses, and what a hostile message may cost. What
// is answered to all others is compared by tests/general_model_service/test_rpc.py.

#include <gtest/gtest.h>

#include "http2_peer.h"
#include "pipeline_service.pb.h"
#include "ranking/text_route.h"
#include "recording_sink.h"
#include "service/text_refusal.h"
#include "wire/compression.h"

namespace tensor_service {
namespace {

using baidu::paddle_serving::pipeline_serving::Request;
using baidu::paddle_serving::pipeline_serving::Response;

constexpr const char* kPath = "/baidu.paddle_serving.pipeline_serving.PipelineService/inference";

Response response_of(const std::string& body) {
  Response response;
  EXPECT_TRUE(response.ParseFromString(body));
  return response;
}

std::optional<Reply> refused(std::string_view path, Status status, bool is_http = false) {
  static const CallFields fields{
      .timeout_ms = {}, .request_id = "mine", .ranker = {}, .dry_run = {}};
  return text_refusal({path, is_http, fields, 9, is_http && status == Status::kTooLarge},
                      CallError(status, "message: why"));
}

TEST(TextRefusal, IsOfItsPathAndOfWhatIsTooMuch) {
  EXPECT_FALSE(refused("/other", Status::kTooLarge));
  EXPECT_FALSE(refused(kPath, Status::kMalformed));
  EXPECT_FALSE(refused(kPath, Status::kUnavailable));
  EXPECT_FALSE(refused(kPath, Status::kTooLarge, true)) << "no path of HTTP";
  EXPECT_FALSE(refused("/rerank", Status::kTooLarge)) << "no path of RPC";
  EXPECT_FALSE(refused("/info", Status::kTooLarge, true));
  const auto told = refused(kPath, Status::kTooLarge);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, Status::kOk);
  EXPECT_EQ(response_of(told->body).err_no(), 5000);
  EXPECT_EQ(response_of(told->body).err_msg(), "request: why");
  for (const Status status : {Status::kOverloaded, Status::kCrowded}) {
    EXPECT_EQ(response_of(refused(kPath, status)->body).err_no(), 51);
  }
  EXPECT_EQ(response_of(refused(kPath, Status::kNoMemory)->body).err_no(), 10000);
}

TEST(TextRefusal, HasTheShapeOfItsPath) {
  const auto rerank = refused("/v1/rerank/", Status::kTooLarge, true);
  ASSERT_TRUE(rerank);
  EXPECT_EQ(rerank->http_status, 413);
  EXPECT_NE(rerank->body.find("more than 9 bytes"), std::string::npos);
  ASSERT_EQ(rerank->fields.size(), 1U);
  EXPECT_EQ(rerank->fields[0].second, "mine");
  const auto prediction = refused("/ranker/prediction", Status::kTooLarge, true);
  ASSERT_TRUE(prediction);
  EXPECT_EQ(
      prediction->body,
      R"({"err_no":5000,"err_msg":"body: more than 9 bytes","key":[],"value":[],"tensors":[]})");
  EXPECT_EQ(refused("/rerank", Status::kUnavailable, true)->http_status, 503);
}

TEST(TextRefusal, GoesOutAsAnAnswer) {
  RecordingSink sink;
  const auto protocol = make_grpc(sink, {.max_body = 1000, .refusal = text_refusal});
  Http2Peer peer{*protocol};
  const auto call = [&](const char* path) {
    return peer.request({{":method", "POST"},
                         {":scheme", "http"},
                         {":path", path},
                         {":authority", "x"},
                         {"content-type", "application/grpc"},
                         {"te", "trailers"}},
                        grpc_frame(std::string(1001, 'x')));
  };
  const std::int32_t own = call(kPath);
  const std::int32_t other = call("/other/inference");
  peer.exchange();
  EXPECT_EQ(peer.answers[own].trailers["grpc-status"], "0");
  ASSERT_GT(peer.answers[own].body.size(), 5U);
  EXPECT_EQ(response_of(peer.answers[own].body.substr(5)).err_no(), 5000);
  EXPECT_EQ(peer.answers[other].head["grpc-status"], "8");
  EXPECT_TRUE(sink.calls.empty());
}

// Two bytes become a string, or a message with lists.
TEST(RpcRoute, CountsWhatAMessageBecomes) {
  const auto route = make_text_route(kPath, "");
  ASSERT_TRUE(route);
  Request message;
  EXPECT_EQ(route->tree_bytes(message.SerializeAsString()), 0U);
  for (int i = 0; i < 1000; ++i) {
    message.add_key();
    message.add_tensors();
  }
  EXPECT_GT(route->tree_bytes(message.SerializeAsString()), 1000U * 300U);
  message.Clear();
  for (int i = 0; i < 1000; ++i) {
    message.mutable_tensors()->Add()->add_str_data();
    message.mutable_tensors(0)->add_int64_data(1);
  }
  EXPECT_GT(route->tree_bytes(message.SerializeAsString()), 1000U * 300U + 1000U * 8U);
}

TEST(RpcRoute, CountsBrokenMessagesToTheirEnd) {
  const auto route = make_text_route(kPath, "");
  for (const std::string& bytes :
       {std::string("\x0a\x7f"), std::string("\xff\xff\xff"), std::string(3000, '\x1a'),
        std::string("\x1a\x05\x0a\x7f"), std::string("\x0b\x0c"), std::string("\x0c")}) {
    EXPECT_GE(route->tree_bytes(bytes), bytes.size());
  }
}

}  // namespace
}  // namespace tensor_service
