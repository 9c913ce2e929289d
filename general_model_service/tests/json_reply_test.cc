// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Replies as JSON, byte for byte.

#include <gtest/gtest.h>

#include <limits>

#include "refusal.h"

namespace tensor_service {
namespace {

template <class T>
Tensor make(ElemType type, const std::vector<T>& values) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = {static_cast<std::int64_t>(values.size())};
  tensor.data = bytes_of(values);
  return tensor;
}

InferenceReply reply_with(const Tensor& tensor) {
  InferenceReply reply;
  reply.outputs.push_back(tensor);
  return reply;
}

// The elements of the only output, from its field on to elem_type.
std::string elements_of(const Tensor& tensor) {
  const std::string text = encode_reply(Format::kJson, reply_with(tensor));
  const std::string before = "{\"outputs\":[{\"tensor\":[{";
  EXPECT_TRUE(text.starts_with(before)) << text;
  return text.substr(before.size(), text.find(",\"elem_type\"") - before.size());
}

TEST(JsonReply, AsBrpcWritesIt) {
  Tensor tensor = make<float>(ElemType::kFp32, {0.8511221F});
  tensor.shape = {1, 1};
  tensor.name = "sigmoid_2.tmp_0";
  tensor.alias = "predict";
  InferenceReply reply = reply_with(tensor);
  reply.engine_name = "general_infer_0";
  reply.log_id = 18446744073709551615U;
  EXPECT_EQ(encode_reply(Format::kJson, reply),
            R"({"outputs":[{"tensor":[{"float_data":[0.8511221],"elem_type":1,"shape":[1,1],)"
            R"("name":"sigmoid_2.tmp_0","alias_name":"predict"}],)"
            R"("engine_name":"general_infer_0"}],"log_id":18446744073709551615,"err_no":0,)"
            R"("err_msg":""})");
}

TEST(JsonReply, LodAndProfileOnlyWhenThereAreAny) {
  Tensor tensor = make<std::int64_t>(ElemType::kInt64, {});
  tensor.lod = {0, 2, 5};
  InferenceReply reply = reply_with(tensor);
  reply.profile = true;
  reply.profile_times = {1700000000000000, 1700000000000007};
  EXPECT_EQ(encode_reply(Format::kJson, reply),
            R"({"outputs":[{"tensor":[{"int64_data":[],"elem_type":0,"shape":[0],"lod":[0,2,5],)"
            R"("name":"","alias_name":""}],"engine_name":""}],)"
            R"("profile_time":[1700000000000000,1700000000000007],"profile_server":true,)"
            R"("log_id":0,"err_no":0,"err_msg":""})");
}

TEST(JsonReply, FloatsAreTheShortestThatReturn) {
  EXPECT_EQ(elements_of(make<float>(
                ElemType::kFp32,
                {0.1F, 1.0F, -0.0F, 1e-45F, 3.4028235e38F, 16777216.0F,
                 std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                 -std::numeric_limits<float>::infinity()})),
            R"("float_data":[0.1,1,-0,1e-45,3.4028235e+38,16777216,"NaN","Infinity","-Infinity"])");
  EXPECT_EQ(elements_of(make<double>(ElemType::kFp64, {0.1, 5e-324, 1.0 / 3})),
            R"("float64_data":[0.1,5e-324,0.3333333333333333])");
}

TEST(JsonReply, EveryTypeHasItsField) {
  EXPECT_EQ(elements_of(make<std::int64_t>(
                ElemType::kInt64, {std::numeric_limits<std::int64_t>::min(), 9007199254740993})),
            R"("int64_data":[-9223372036854775808,9007199254740993])");
  EXPECT_EQ(elements_of(make<std::int32_t>(ElemType::kInt32, {-5, 6})), R"("int_data":[-5,6])");
  EXPECT_EQ(elements_of(make<std::int16_t>(ElemType::kInt16, {-32768})), R"("int_data":[-32768])");
  EXPECT_EQ(elements_of(make<std::uint8_t>(ElemType::kUint8, {255})), R"("int_data":[255])");
  EXPECT_EQ(elements_of(make<std::int8_t>(ElemType::kInt8, {-128})), R"("int_data":[-128])");
  EXPECT_EQ(elements_of(make<std::uint16_t>(ElemType::kFp16, {0x3C00})),
            R"("tensor_content":"ADw=")");
  EXPECT_EQ(elements_of(make<std::uint16_t>(ElemType::kBf16, {0x3F80})),
            R"("tensor_content":"gD8=")");
  EXPECT_EQ(elements_of(make<std::uint8_t>(ElemType::kBool, {1, 0})),
            R"("bool_data":[true,false])");
  Tensor strings;
  strings.type = ElemType::kString;
  strings.strings = {"a\"\\\n", "\xFF中"};
  EXPECT_EQ(elements_of(strings), "\"data\":[\"a\\\"\\\\\\n\",\"\xEF\xBF\xBD中\"]");
}

TEST(JsonReply, ErrorsHoldOnlyWhatWentWrong) {
  EXPECT_EQ(encode_error(Format::kJson, Status::kInvalid, "shape \"[1]\"\x01\xC3", 7),
            "{\"log_id\":7,\"err_no\":-5100,\"err_msg\":\"shape \\\"[1]\\\"\\u0001\xEF\xBF\xBD\"}");
  EXPECT_EQ(encode_error(Format::kJson, Status::kOverflow, "", 0),
            R"({"log_id":0,"err_no":-5002,"err_msg":""})");
}

// What the service answers in a tensor it also reads in one.
TEST(JsonReply, TensorsReturnAsRequests) {
  for (const Tensor& tensor :
       {make<float>(ElemType::kFp32, {1.17549435e-38F, 0.3F, 16777217.0F, -1e20F}),
        make<double>(ElemType::kFp64, {5e-324, 0.1 + 0.2, 1.7976931348623157e308}),
        make<std::int8_t>(ElemType::kInt8, {-1, 2}), make<std::uint16_t>(ElemType::kBf16, {7, 8}),
        make<std::uint8_t>(ElemType::kBool, {1, 0, 1})}) {
    std::string text = encode_reply(Format::kJson, reply_with(tensor));
    const std::size_t first = text.find("\"tensor\"");
    text = "{" + text.substr(first, text.find(",\"engine_name\"") - first) + "}";
    const InferenceRequest request = decode_request(Format::kJson, text);
    EXPECT_EQ(request.tensors.at(0).type, tensor.type);
    EXPECT_EQ(request.tensors.at(0).data, tensor.data) << text;
    EXPECT_EQ(request.tensors.at(0).shape, tensor.shape);
  }
}

}  // namespace
}  // namespace tensor_service
