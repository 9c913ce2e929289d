// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests as JSON: what is read, and how what is not a request is refused.

#include "codec/json_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "refusal.h"

namespace tensor_service {
namespace {

InferenceRequest decode(std::string_view body) { return decode_request(Format::kJson, body); }

// The only tensor of a request, from the inside of its object.
Tensor tensor_of(const std::string& fields) {
  InferenceRequest request = decode("{\"tensor\":[{" + fields + "}]}");
  EXPECT_EQ(request.tensors.size(), 1U);
  return request.tensors.at(0);
}

TEST(JsonRequest, TheCurlLineOfPaddleServing) {
  const InferenceRequest request = decode(
      R"({"tensor":[{"int64_data":[1,12,213,58,405,545,54,68,73,3,5,859,712,29,671,2,131,177,340,)"
      R"(21,2],"elem_type":0,"name":"input_ids","alias_name":"input_ids","shape":[1,21]},)"
      R"({"int64_data":[0,0,0,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,1,1,1],"elem_type":0,)"
      R"("name":"token_type_ids","alias_name":"token_type_ids","shape":[1,21]}],)"
      R"("fetch_var_names":["sigmoid_2.tmp_0"],"log_id":0})");
  ASSERT_EQ(request.tensors.size(), 2U);
  const Tensor& ids = request.tensors[0];
  EXPECT_EQ(ids.name, "input_ids");
  EXPECT_EQ(ids.alias, "input_ids");
  EXPECT_EQ(ids.type, ElemType::kInt64);
  EXPECT_EQ(ids.shape, (Shape{1, 21}));
  EXPECT_EQ(values_of<std::int64_t>(ids),
            (std::vector<std::int64_t>{1,   12,  213, 58,  405, 545, 54,  68,  73, 3, 5,
                                       859, 712, 29,  671, 2,   131, 177, 340, 21, 2}));
  EXPECT_EQ(request.tensors[1].name, "token_type_ids");
  EXPECT_EQ(request.tensors[1].count(), 21U);
  EXPECT_EQ(request.fetch_names, (std::vector<std::string>{"sigmoid_2.tmp_0"}));
  EXPECT_EQ(request.log_id, 0U);
  EXPECT_FALSE(request.profile);
}

TEST(JsonRequest, CamelCaseAndProtobufsQuotedIntegers) {
  const InferenceRequest request = decode(
      R"({"tensor": [{"int64Data": ["7", "-8", "9223372036854775807"], "elemType": 0,)"
      R"( "shape": [1, 3], "lod": [0, 3], "name": "x", "aliasName": "y"}],)"
      R"( "fetchVarNames": ["a", "b"], "profileServer": true, "logId": "18446744073709551615"})");
  EXPECT_EQ(values_of<std::int64_t>(request.tensors.at(0)),
            (std::vector<std::int64_t>{7, -8, 9223372036854775807}));
  EXPECT_EQ(request.tensors[0].alias, "y");
  EXPECT_EQ(request.tensors[0].lod, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(request.fetch_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(request.profile);
  EXPECT_EQ(request.log_id, 18446744073709551615U);
}

TEST(JsonRequest, ElemTypeMayComeLastAndNullIsAbsent) {
  const Tensor tensor = tensor_of(
      R"("float_data":[0.5],"int64_data":null,"tensor_content":null,"shape":[1],"lod":null,)"
      R"("name":null,"elem_type":1)");
  EXPECT_EQ(tensor.type, ElemType::kFp32);
  EXPECT_EQ(values_of<float>(tensor), std::vector<float>{0.5F});
  EXPECT_EQ(tensor.name, "");
  EXPECT_EQ(tensor_of(R"("elem_type":null)").type, ElemType::kInt64);
}

TEST(JsonRequest, UnknownKeysAreIgnoredButMustBeJson) {
  const InferenceRequest request =
      decode(R"({"a":{"b":[1,-2.5e3,"\u00e9",true,false,null,{}],"c":{}},)"
             R"("tensor":[{"extra":[[]],"name":"x"}],"z":"\"tensor\":5"})");
  EXPECT_EQ(request.tensors.at(0).name, "x");
  for (const char* value :
       {"01", "nul", "nullx", "truE", "1.", ".5", "1e", "+1", "[1,]", "[1 2]", "{\"a\" 1}", "{a:1}",
        "\"\\x\"", "{\"a\":1,}", "NaN", "'a'", "\"a\":1"}) {
    EXPECT_TRUE(refusal(Format::kJson, "{\"a\":" + std::string(value) + "}")
                    .starts_with(refused(Status::kMalformed, "body: ")))
        << value;
  }
}

TEST(JsonRequest, IntegersStayExact) {
  EXPECT_EQ(values_of<std::int64_t>(tensor_of(
                R"("int64_data":[9007199254740993,-9223372036854775808,9223372036854775807,)"
                R"(-1,0,-0,1.0,2.50e1,3E2,"4",123456789012345678,9007199254740991.0])")),
            (std::vector<std::int64_t>{9007199254740993, std::numeric_limits<std::int64_t>::min(),
                                       9223372036854775807, -1, 0, 0, 1, 25, 300, 4,
                                       123456789012345678, 9007199254740991}));
}

TEST(JsonRequest, LongArraysOfAllWidths) {
  std::vector<std::int64_t> expected;
  std::string text;
  std::int64_t value = 1;
  for (int i = 0; i < 5000; ++i) {
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 6364136223846793005U + 1);
    expected.push_back(value >> (i % 64));
    text += (i == 0 ? "" : i % 3 == 0 ? ", " : ",") + std::to_string(expected.back());
  }
  const Tensor tensor = tensor_of("\"int64_data\":[" + text + "]");
  EXPECT_EQ(values_of<std::int64_t>(tensor), expected);
  // pretty-printed, as protobuf's own printer writes it
  std::string spread;
  for (const std::int64_t number : expected) {
    spread += (spread.empty() ? "\n    \"" : ",\n    \"") + std::to_string(number) + "\"";
  }
  EXPECT_EQ(tensor_of("\"int64_data\": [" + spread + "\n  ]").data, tensor.data);
}

TEST(JsonRequest, FloatsAreCorrectlyRounded) {
  // the sixth is a little below the middle of two floats; as a double it would be the middle
  const Tensor tensor = tensor_of(
      R"("elem_type":1,"float_data":[1,-0.0,"2.5",1e-50,3.4028235e38,1.00000017881393432617187499,)"
      R"(1e-45,"NaN","Infinity","-Infinity"])");
  const auto values = values_of<float>(tensor);
  ASSERT_EQ(values.size(), 10U);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_TRUE(std::signbit(values[1]));
  EXPECT_EQ(values[2], 2.5F);
  EXPECT_EQ(values[3], 0.0F);
  EXPECT_EQ(values[4], std::numeric_limits<float>::max());
  EXPECT_EQ(values[5], 1.00000011920928955F);
  EXPECT_EQ(values[6], std::numeric_limits<float>::denorm_min());
  EXPECT_TRUE(std::isnan(values[7]));
  EXPECT_EQ(values[8], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[9], -std::numeric_limits<float>::infinity());
  const auto doubles =
      values_of<double>(tensor_of(R"("elem_type":3,"float64_data":[0.1,1e-400,-1e-400])"));
  EXPECT_EQ(doubles, (std::vector<double>{0.1, 0.0, 0.0}));
  EXPECT_FALSE(std::signbit(doubles[1]));
  EXPECT_TRUE(std::signbit(doubles[2]));
  const std::string tiny = "0." + std::string(400, '0') + "1e5";
  EXPECT_EQ(values_of<double>(tensor_of("\"elem_type\":3,\"float64_data\":[" + tiny + "]")),
            std::vector<double>{0.0});
}

TEST(JsonRequest, EveryTypeHasItsField) {
  EXPECT_EQ(values_of<std::int32_t>(tensor_of(R"("elem_type":2,"int_data":[-2147483648,5])")),
            (std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), 5}));
  EXPECT_EQ(values_of<std::int16_t>(tensor_of(R"("elem_type":4,"int_data":[-32768,32767])")),
            (std::vector<std::int16_t>{-32768, 32767}));
  EXPECT_EQ(values_of<std::uint16_t>(tensor_of(R"("elem_type":5,"float_data":[1,65504])")),
            (std::vector<std::uint16_t>{0x3C00, 0x7BFF}));
  EXPECT_EQ(values_of<std::uint16_t>(tensor_of(R"("elem_type":6,"float_data":[1,"Infinity"])")),
            (std::vector<std::uint16_t>{0x3F80, 0x7F80}));
  EXPECT_EQ(values_of<std::uint8_t>(tensor_of(R"("elem_type":7,"int_data":[0,255])")),
            (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(values_of<std::uint8_t>(tensor_of(R"("elem_type":7,"uint32_data":[254])")),
            std::vector<std::uint8_t>{254});
  EXPECT_EQ(values_of<std::int8_t>(tensor_of(R"("elem_type":8,"int_data":[-128,127])")),
            (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(tensor_of(R"("elem_type":9,"bool_data":[true,false,1, 0])").data,
            std::string("\1\0\1\0", 4));
  const Tensor strings = tensor_of(R"("elem_type":20,"data":["a","","\u4e2d\"\\"])");
  EXPECT_EQ(strings.strings, (std::vector<std::string>{"a", "", "中\"\\"}));
  EXPECT_EQ(strings.count(), 3U);
}

TEST(JsonRequest, TensorContentIsBase64) {
  const Tensor tensor = tensor_of(R"("elem_type":1,"shape":[2],"tensor_content":"AACAPwAAAMA=")");
  EXPECT_EQ(values_of<float>(tensor), (std::vector<float>{1.0F, -2.0F}));
}

TEST(JsonRequest, EmptyFieldsAreNoElements) {
  const Tensor tensor = tensor_of(
      R"("elem_type":1,"float_data":[],"int64_data":[ ],"data":[],"tensor_content":"","shape":[])");
  EXPECT_EQ(tensor.count(), 0U);
  EXPECT_TRUE(tensor.shape.empty());
  EXPECT_TRUE(decode("{}").tensors.empty());
  EXPECT_TRUE(decode(" { \"tensor\" : [ ] } \n").tensors.empty());
}

TEST(JsonRequest, NegativeDimensionsAreLeftToTheShapeCheck) {
  EXPECT_EQ(tensor_of(R"("shape":[-1,"2"])").shape, (Shape{-1, 2}));
}

TEST(JsonRequest, AByteOrderMarkBeforeTheBody) {
  EXPECT_EQ(decode("\xEF\xBB\xBF{\"log_id\": 7}").log_id, 7U);
  std::string large = "\xEF\xBB\xBF{\"log_id\": 8" + std::string(2U << 20U, ' ') + "}";
  EXPECT_EQ(decode_owned(Format::kJson, std::move(large)).log_id, 8U);
}

}  // namespace
}  // namespace tensor_service
