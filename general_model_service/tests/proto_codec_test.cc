// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests as protobuf, against messages that protobuf itself writes, and how others are refused.

#include "codec/proto_codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "general_model_service.pb.h"
#include "refusal.h"

namespace tensor_service {
namespace {

namespace wire = baidu::paddle_serving::predictor::general_model;

std::string proto_refusal(const wire::Request& request) {
  return refusal(Format::kProto, request.SerializeAsString());
}

std::string malformed() {
  return refused(Status::kMalformed,
                 "body: not a Request of general_model_service.proto, or cut short");
}

// A request of one tensor, and that tensor.
struct OneTensor {
  wire::Request request;
  wire::Tensor& tensor;
  explicit OneTensor(int elem_type) : tensor(*request.add_tensor()) {
    tensor.set_elem_type(elem_type);
    tensor.set_alias_name("x");
  }
  Tensor decoded() const {
    return decode_request(Format::kProto, request.SerializeAsString()).tensors.at(0);
  }
  std::string refusal() const { return proto_refusal(request); }
};

TEST(ProtoRequest, EveryField) {
  wire::Request message;
  wire::Tensor& ids = *message.add_tensor();
  for (const std::int64_t id : {1L, -2L, std::numeric_limits<std::int64_t>::max()}) {
    ids.add_int64_data(id);
  }
  ids.add_shape(1);
  ids.add_shape(-3);
  ids.add_lod(0);
  ids.add_lod(3);
  ids.set_name("input_ids");
  ids.set_alias_name("ids");
  wire::Tensor& second = *message.add_tensor();
  second.set_elem_type(1);
  second.add_float_data(0.5F);
  message.add_fetch_var_names("predict");
  message.add_fetch_var_names("logits");
  message.set_profile_server(true);
  message.set_log_id(18446744073709551615U);

  const InferenceRequest request = decode_request(Format::kProto, message.SerializeAsString());
  ASSERT_EQ(request.tensors.size(), 2U);
  const Tensor& tensor = request.tensors[0];
  EXPECT_EQ(tensor.type, ElemType::kInt64);
  EXPECT_EQ(values_of<std::int64_t>(tensor),
            (std::vector<std::int64_t>{1, -2, std::numeric_limits<std::int64_t>::max()}));
  EXPECT_EQ(tensor.shape, (Shape{1, -3}));
  EXPECT_EQ(tensor.lod, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(tensor.name, "input_ids");
  EXPECT_EQ(tensor.alias, "ids");
  EXPECT_EQ(values_of<float>(request.tensors[1]), std::vector<float>{0.5F});
  EXPECT_EQ(request.fetch_names, (std::vector<std::string>{"predict", "logits"}));
  EXPECT_TRUE(request.profile);
  EXPECT_EQ(request.log_id, 18446744073709551615U);
}

TEST(ProtoRequest, NothingIsARequestWithoutTensors) {
  EXPECT_TRUE(decode_request(Format::kProto, "").tensors.empty());
  EXPECT_EQ(OneTensor(1).decoded().count(), 0U);
}

TEST(ProtoRequest, TypedFieldsOfEveryType) {
  OneTensor int32(2);
  int32.tensor.add_int_data(-7);
  EXPECT_EQ(values_of<std::int32_t>(int32.decoded()), std::vector<std::int32_t>{-7});
  OneTensor fp64(3);
  fp64.tensor.add_float64_data(0.1);
  EXPECT_EQ(values_of<double>(fp64.decoded()), std::vector<double>{0.1});
  OneTensor int16(4);
  int16.tensor.add_int_data(-32768);
  EXPECT_EQ(values_of<std::int16_t>(int16.decoded()), std::vector<std::int16_t>{-32768});
  OneTensor fp16(5);
  fp16.tensor.add_float_data(1.0004883F);  // a tie, to even
  EXPECT_EQ(values_of<std::uint16_t>(fp16.decoded()), std::vector<std::uint16_t>{0x3C00});
  OneTensor bf16(6);
  bf16.tensor.add_float_data(-2);
  EXPECT_EQ(values_of<std::uint16_t>(bf16.decoded()), std::vector<std::uint16_t>{0xC000});
  for (const bool as_uint32 : {false, true}) {
    OneTensor uint8(7);
    as_uint32 ? uint8.tensor.add_uint32_data(255) : uint8.tensor.add_int_data(255);
    EXPECT_EQ(values_of<std::uint8_t>(uint8.decoded()), std::vector<std::uint8_t>{255});
  }
  OneTensor int8(8);
  int8.tensor.add_int_data(-128);
  EXPECT_EQ(values_of<std::int8_t>(int8.decoded()), std::vector<std::int8_t>{-128});
  OneTensor boolean(9);
  boolean.tensor.add_bool_data(true);
  boolean.tensor.add_bool_data(false);
  EXPECT_EQ(boolean.decoded().data, std::string("\1\0", 2));
  OneTensor strings(20);
  strings.tensor.add_data("中");
  strings.tensor.add_data("");
  EXPECT_EQ(strings.decoded().strings, (std::vector<std::string>{"中", ""}));
}

TEST(ProtoRequest, TensorContentOfEveryFixedSize) {
  const std::string bytes("\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0", 16);
  for (int elem_type = 0; elem_type <= 9; ++elem_type) {
    OneTensor one(elem_type);
    one.tensor.set_tensor_content(bytes);
    EXPECT_EQ(one.decoded().data, bytes) << elem_type;
    if (elem_type < 7) {
      one.tensor.set_tensor_content(bytes.substr(1));
      EXPECT_TRUE(
          one.refusal().starts_with(refused(Status::kOverflow,
                                            "tensor[0] \"x\": tensor_content has 15 bytes; send a "
                                            "multiple of ")))
          << one.refusal();
    }
  }
  OneTensor boolean(9);
  boolean.tensor.set_tensor_content("\1\2");
  EXPECT_EQ(
      boolean.refusal(),
      refused(Status::kOverflow, "tensor[0] \"x\": tensor_content[1] is 2, out of range for bool"));
}

TEST(ProtoRequest, ValuesOutOfRangeAreNamed) {
  const auto overflow = [](int elem_type, int value, std::string_view type) {
    OneTensor one(elem_type);
    one.tensor.add_int_data(0);
    one.tensor.add_int_data(value);
    EXPECT_EQ(one.refusal(), refused(Status::kOverflow,
                                     "tensor[0] \"x\": int_data[1] is " + std::to_string(value) +
                                         ", out of range for " + std::string(type)));
  };
  overflow(4, 32768, "int16");
  overflow(4, -32769, "int16");
  overflow(7, 256, "uint8");
  overflow(7, -1, "uint8");
  overflow(8, 128, "int8");
  overflow(8, -129, "int8");
  OneTensor uint8(7);
  uint8.tensor.add_uint32_data(256);
  EXPECT_EQ(
      uint8.refusal(),
      refused(Status::kOverflow, "tensor[0] \"x\": uint32_data[0] is 256, out of range for uint8"));
  OneTensor fp16(5);
  fp16.tensor.add_float_data(65520);
  EXPECT_EQ(fp16.refusal(),
            refused(Status::kOverflow,
                    "tensor[0] \"x\": float_data[0] is 65520, out of range for float16"));
}

TEST(ProtoRequest, FieldsThatDoNotBelong) {
  OneTensor wrong(0);
  wrong.tensor.add_float_data(1);
  EXPECT_EQ(wrong.refusal(), refused(Status::kInvalid,
                                     "tensor[0] \"x\": elem_type 0 (int64) with float_data; put "
                                     "the elements into int64_data or tensor_content"));
  OneTensor both(1);
  both.tensor.add_float_data(1);
  both.tensor.set_tensor_content("abcd");
  EXPECT_EQ(both.refusal(), refused(Status::kInvalid,
                                    "tensor[0] \"x\": float_data and tensor_content both hold "
                                    "elements; send float_data alone"));
  OneTensor strings(20);
  strings.tensor.set_tensor_content("abcd");
  EXPECT_EQ(strings.refusal(),
            refused(Status::kInvalid,
                    "tensor[0] \"x\": elem_type 20 (string) with tensor_content; "
                    "put the elements into data"));
  OneTensor complex(1);
  complex.tensor.add_complex128_data(1);
  EXPECT_TRUE(complex.refusal().starts_with(
      refused(Status::kInvalid, "tensor[0] \"x\": elem_type 1 (float32) with complex128_data;")));
  EXPECT_TRUE(OneTensor(13).refusal().starts_with(
      refused(Status::kInvalid, "tensor[0] \"x\": elem_type 13 is unknown; use 0 int64,")));
  EXPECT_TRUE(OneTensor(-1).refusal().starts_with(
      refused(Status::kInvalid, "tensor[0] \"x\": elem_type -1 is unknown; use 0 int64,")));
}

TEST(ProtoRequest, TruncatedAndTrailingBytes) {
  OneTensor one(0);
  one.tensor.add_int64_data(300);
  const std::string body = one.request.SerializeAsString();
  for (std::size_t length = 1; length < body.size(); ++length) {
    EXPECT_EQ(refusal(Format::kProto, body.substr(0, length)), malformed()) << length;
  }
  EXPECT_EQ(refusal(Format::kProto, body), "decoded");
  for (const std::string& tail : {std::string("\0", 1), std::string("\xFF"), std::string("\x0C"),
                                  std::string("\x0B"), std::string("\x07"), std::string("{}")}) {
    EXPECT_EQ(refusal(Format::kProto, body + tail), malformed());
  }
}

TEST(ProtoRequest, BrokenUtf8IsMalformedAndSilent) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(refusal(Format::kProto, "\x12\x02\xC3\x28"), malformed());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ProtoRequest, ManySmallTensorsOrNames) {
  std::string tensors;
  std::string names;
  for (int i = 0; i < 65536; ++i) {
    tensors += std::string("\x0A\0", 2);
  }
  for (int i = 0; i < 1024; ++i) {
    names += std::string("\x12\0", 2);
  }
  EXPECT_EQ(decode_request(Format::kProto, tensors + names).tensors.size(), 65536U);
  EXPECT_EQ(refusal(Format::kProto, tensors + std::string("\x0A\0", 2)),
            refused(Status::kInvalid, "tensor: more than 65536 entries; split the request"));
  EXPECT_EQ(
      refusal(Format::kProto, names + std::string("\x12\0", 2)),
      refused(Status::kInvalid, "fetch_var_names: more than 1024 entries; split the request"));
}

TEST(ProtoRequest, ManyEmptyStrings) {
  const auto strings = [](int count) {
    OneTensor one(20);
    for (int i = 0; i < count; ++i) {
      one.tensor.add_data();
    }
    return one.request.SerializeAsString();
  };
  EXPECT_EQ(decode_request(Format::kProto, strings(65536)).tensors.at(0).count(), 65536U);
  EXPECT_EQ(refusal(Format::kProto, strings(65537)),
            refused(Status::kInvalid, "data: more than 65536 entries; split the request"));
  EXPECT_EQ(refusal(Format::kProto, strings(65536) + strings(1)),
            refused(Status::kInvalid, "data: more than 65536 entries; split the request"));
}

TEST(ProtoRequest, LargerThanTheBlockOfTheThread) {
  OneTensor one(0);
  for (std::int64_t i = 0; i < 200000; ++i) {
    one.tensor.add_int64_data(i);
  }
  const auto values = values_of<std::int64_t>(one.decoded());
  ASSERT_EQ(values.size(), 200000U);
  EXPECT_EQ(values.back(), 199999);
}

}  // namespace
}  // namespace tensor_service
