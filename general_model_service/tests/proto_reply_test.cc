// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Replies as protobuf, read by protobuf itself.

#include <gtest/gtest.h>

#include <limits>

#include "codec/proto_codec.h"
#include "general_model_service.pb.h"
#include "refusal.h"

namespace tensor_service {
namespace {

namespace wire = baidu::paddle_serving::predictor::general_model;

TEST(ProtoReply, EveryField) {
  InferenceReply reply;
  reply.engine_name = "general_infer_0";
  reply.log_id = 9;
  reply.profile = true;
  reply.profile_times = {5, 6};
  Tensor& tensor = reply.outputs.emplace_back();
  tensor.name = "sigmoid_2.tmp_0";
  tensor.alias = "predict";
  tensor.type = ElemType::kFp32;
  tensor.shape = {2, 1};
  tensor.lod = {0, 2};
  tensor.data = bytes_of<float>({0.25F, std::numeric_limits<float>::infinity()});

  wire::Response message;
  ASSERT_TRUE(message.ParseFromString(encode_reply(Format::kProto, reply)));
  ASSERT_EQ(message.outputs_size(), 1);
  EXPECT_EQ(message.outputs(0).engine_name(), "general_infer_0");
  const wire::Tensor& output = message.outputs(0).tensor(0);
  EXPECT_EQ(output.name(), "sigmoid_2.tmp_0");
  EXPECT_EQ(output.alias_name(), "predict");
  EXPECT_EQ(output.elem_type(), 1);
  EXPECT_EQ(output.shape_size(), 2);
  EXPECT_EQ(output.shape(0), 2);
  EXPECT_EQ(output.lod(1), 2);
  EXPECT_EQ(output.float_data(0), 0.25F);
  EXPECT_EQ(output.float_data(1), std::numeric_limits<float>::infinity());
  EXPECT_EQ(message.profile_time(1), 6);
  EXPECT_TRUE(message.profile_server());
  EXPECT_EQ(message.log_id(), 9U);
  EXPECT_EQ(message.err_no(), 0);
}

// What the service answers in a tensor it also reads in one.
TEST(ProtoReply, TensorsOfEveryTypeReturnAsRequests) {
  for (int number : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20}) {
    InferenceReply reply;
    Tensor& tensor = reply.outputs.emplace_back();
    tensor.type = *elem_type_from(number);
    tensor.shape = {8};
    if (tensor.type == ElemType::kString) {
      tensor.strings = {"a", "中"};
    } else {
      tensor.data = std::string(element_size(tensor.type) * 8, '\1');
    }
    wire::Response message;
    ASSERT_TRUE(message.ParseFromString(encode_reply(Format::kProto, reply)));
    wire::Request request;
    request.mutable_tensor()->CopyFrom(message.outputs(0).tensor());
    const Tensor returned =
        decode_request(Format::kProto, request.SerializeAsString()).tensors.at(0);
    EXPECT_EQ(returned.type, tensor.type);
    EXPECT_EQ(returned.data, tensor.data);
    EXPECT_EQ(returned.strings, tensor.strings);
    const bool typed = number <= 3 || number == 9 || number == 20;
    EXPECT_EQ(message.outputs(0).tensor(0).tensor_content().empty(), typed) << number;
  }
}

TEST(ProtoReply, ErrorsHoldOnlyWhatWentWrong) {
  wire::Response message;
  ASSERT_TRUE(message.ParseFromString(
      encode_error(Format::kProto, Status::kInvalid, "not UTF-8: \xC3(", 7)));
  EXPECT_EQ(message.err_no(), -5100);
  EXPECT_EQ(message.err_msg(), "not UTF-8: ?(");
  EXPECT_EQ(message.log_id(), 7U);
  EXPECT_EQ(message.outputs_size(), 0);
}

}  // namespace
}  // namespace tensor_service
