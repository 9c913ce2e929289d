// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON bodies that are refused: the status, and a message that names the path and the remedy.

#include <gtest/gtest.h>

#include "refusal.h"

namespace tensor_service {
namespace {

std::string json_refusal(const std::string& body) { return refusal(Format::kJson, body); }

std::string tensor_refusal(const std::string& fields) {
  return json_refusal("{\"tensor\":[{\"name\":\"a\"},{" + fields + "}]}");
}

std::string malformed(std::string_view message) { return refused(Status::kMalformed, message); }
std::string overflow(std::string_view message) { return refused(Status::kOverflow, message); }
std::string invalid(std::string_view message) { return refused(Status::kInvalid, message); }

TEST(JsonRefusal, WrongTypesNameThePath) {
  EXPECT_EQ(tensor_refusal(R"("shape":[true])"),
            malformed("tensor[1].shape[0]: true is not a value of int32"));
  EXPECT_EQ(tensor_refusal(R"("shape":[1,1.5])"),
            malformed("tensor[1].shape[1]: 1.5 is not a value of int32"));
  EXPECT_EQ(tensor_refusal(R"("shape":5)"),
            malformed("tensor[1].shape: expected an array, found a number"));
  EXPECT_EQ(tensor_refusal(R"("int64_data":[1,2,null])"),
            malformed("tensor[1].int64_data[2]: null is not a value of int64"));
  EXPECT_EQ(tensor_refusal(R"("int64Data":[[1]])"),
            malformed("tensor[1].int64_data[0]: [1 is not a value of int64"));
  EXPECT_EQ(
      tensor_refusal(R"("float_data":[NaN])"),
      malformed("tensor[1].float_data[0]: NaN is not a value of float32; write it in quotes"));
  EXPECT_EQ(tensor_refusal(R"("int64_data":[NaN])"),
            malformed("tensor[1].int64_data[0]: NaN is not a value of int64"));
  EXPECT_EQ(tensor_refusal(R"("float_data":["nan"])"),
            malformed("tensor[1].float_data[0]: \"nan\" is not a value of float32"));
  EXPECT_EQ(tensor_refusal(R"("bool_data":["true"])"),
            malformed("tensor[1].bool_data[0]: \"true\" is not a value of bool"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":[0])"),
            malformed("tensor[1].elem_type: expected one value, found an array"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":"int64")"),
            malformed("tensor[1].elem_type: \"int64\" is not a value of int32"));
  EXPECT_EQ(tensor_refusal(R"("name":5)"),
            malformed("tensor[1].name: expected a string, found a number"));
  EXPECT_EQ(tensor_refusal(R"("data":["a",1])"),
            malformed("tensor[1].data[1]: expected a string, found a number"));
  EXPECT_EQ(tensor_refusal(R"("tensor_content":"AA AA")"),
            malformed("tensor[1].tensor_content: not base64"));
  EXPECT_EQ(json_refusal(R"({"tensor":{}})"),
            malformed("tensor: expected an array, found an object"));
  EXPECT_EQ(json_refusal(R"({"tensor":[null]})"),
            malformed("tensor[0]: expected an object, found null"));
  EXPECT_EQ(json_refusal(R"({"fetch_var_names":"a"})"),
            malformed("fetch_var_names: expected an array, found a string"));
  EXPECT_EQ(json_refusal(R"({"fetch_var_names":["a",null]})"),
            malformed("fetch_var_names[1]: expected a string, found null"));
  EXPECT_EQ(json_refusal(R"({"log_id":true})"), malformed("log_id: true is not a value of uint64"));
  EXPECT_EQ(json_refusal(R"({"profile_server":2})"),
            malformed("profile_server: 2 is not a value of bool"));
}

TEST(JsonRefusal, ValuesOutOfRangeAreNamed) {
  EXPECT_EQ(json_refusal(R"({"log_id":-1})"), overflow("log_id: -1 is out of range for uint64"));
  EXPECT_EQ(json_refusal(R"({"log_id":18446744073709551616})"),
            overflow("log_id: 18446744073709551616 is out of range for uint64"));
  EXPECT_EQ(tensor_refusal(R"("int64_data":[9223372036854775808])"),
            overflow("tensor[1].int64_data[0]: 9223372036854775808 is out of range for int64"));
  EXPECT_EQ(tensor_refusal(R"("int64_data":[0,99999999999999999999,1])"),
            overflow("tensor[1].int64_data[1]: 99999999999999999999 is out of range for int64"));
  EXPECT_EQ(tensor_refusal("\"float64_data\":[" + std::string(400, '9') + "]"),
            overflow("tensor[1].float64_data[0]: " + std::string(40, '9') +
                     " is out of range for float64"));
  EXPECT_EQ(tensor_refusal(R"("int64_data":[9007199254740993.0])"),
            overflow("tensor[1].int64_data[0]: 9007199254740993.0 is out of range for int64"));
  EXPECT_EQ(tensor_refusal(R"("int_data":[0,2147483648])"),
            overflow("tensor[1].int_data[1]: 2147483648 is out of range for int32"));
  EXPECT_EQ(tensor_refusal(R"("uint32_data":[-1])"),
            overflow("tensor[1].uint32_data[0]: -1 is out of range for uint32"));
  EXPECT_EQ(tensor_refusal(R"("shape":[4294967297])"),
            overflow("tensor[1].shape[0]: 4294967297 is out of range for int32"));
  EXPECT_EQ(tensor_refusal(R"("float_data":[1e39])"),
            overflow("tensor[1].float_data[0]: 1e39 is out of range for float32"));
  EXPECT_EQ(tensor_refusal(R"("float64_data":["-1e400"])"),
            overflow("tensor[1].float64_data[0]: \"-1e400\" is out of range for float64"));
  EXPECT_EQ(tensor_refusal("\"float64_data\":[0.0001e500]"),
            overflow("tensor[1].float64_data[0]: 0.0001e500 is out of range for float64"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":7,"name":"x","int_data":[1,256])"),
            overflow("tensor[1] \"x\": int_data[1] is 256, out of range for uint8"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":5,"alias_name":"x","float_data":[-65520])"),
            overflow("tensor[1] \"x\": float_data[0] is -65520, out of range for float16"));
}

TEST(JsonRefusal, FieldsThatDoNotBelong) {
  EXPECT_EQ(tensor_refusal(R"("elem_type":0,"float_data":[1],"name":"ids")"),
            invalid("tensor[1] \"ids\": elem_type 0 (int64) with float_data; put the elements into "
                    "int64_data or tensor_content"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":1,"float_data":[1],"tensor_content":"AACAPw==")"),
            invalid("tensor[1]: float_data and tensor_content both hold elements; send float_data "
                    "alone"));
  EXPECT_EQ(tensor_refusal(R"("complex64_data":[1,0])"),
            invalid("tensor[1]: elem_type 0 (int64) with complex64_data; put the elements into "
                    "int64_data or tensor_content"));
  EXPECT_TRUE(tensor_refusal(R"("elem_type":10,"complex64_data":[1,0])")
                  .starts_with(invalid("tensor[1]: elem_type 10 is unknown; use 0 int64,")));
}

TEST(JsonRefusal, AKeyThatStandsTwice) {
  EXPECT_EQ(tensor_refusal(R"("shape":[1],"shape":[2])"),
            malformed("tensor[1].shape: stands twice; send it once"));
  EXPECT_EQ(tensor_refusal(R"("elem_type":0,"elemType":1)"),
            malformed("tensor[1].elem_type: stands twice; send it once"));
  EXPECT_EQ(json_refusal(R"({"tensor":[],"tensor":[]})"),
            malformed("tensor: stands twice; send it once"));
}

TEST(JsonRefusal, WhatIsNotAJsonObject) {
  for (const char* body : {"",
                           " ",
                           "null",
                           "[]",
                           "5",
                           "\"a\"",
                           "{",
                           "}",
                           "{\"tensor\":[",
                           "{\"tensor\":[{}",
                           "{}{}",
                           "{} x",
                           "{\"tensor\":[]}]",
                           "{\"tensor\":[{}}",
                           "{\"tensor\":[{]}",
                           "{\"tensor\":[{}],}",
                           "{\"log_id\":1:2}",
                           "{\"log_id\":\"1\":2}",
                           "{\"log_id\":\"1\":2},\"a\":3}",
                           "{\"log_id\" 1}",
                           "{\"log_id\":1 2}",
                           "{\"log_id\":\"1}",
                           "{'log_id':1}",
                           "{\"a\xFF\":1}",
                           "{\"tensor\":[{\"name\":\"\xC3\"}]}",
                           "{\"tensor\":[{\"name\":\"a\nb\"}]}"}) {
    EXPECT_TRUE(json_refusal(body).starts_with(malformed(""))) << body << " " << json_refusal(body);
  }
  for (const char* array :
       {"[",      "[1",      "[1,",   "[1}",  "[1,]",  "[,1]",   "[1,,2]",   "[1 2]",    "[01]",
        "[01,1]", "[-01,1]", "[-,1]", "[-]",  "[--1]", "[1-]",   "[\"1]",    "[\"1\"2]", "[1:2]",
        "[1],2]", "[0x1]",   "[1e]",  "[1.]", "[+1]",  "[\"\"]", "[\"1 \"]", "[1\"2\"]", "[{}]"}) {
    EXPECT_TRUE(tensor_refusal("\"int64_data\":" + std::string(array)).starts_with(malformed("")))
        << array;
    EXPECT_TRUE(tensor_refusal("\"float_data\":" + std::string(array)).starts_with(malformed("")))
        << array;
  }
}

TEST(JsonRefusal, EveryTruncationOfARequest) {
  const std::string body =
      R"({"tensor":[{"int64_data":[1,-22,"333"],"elem_type":0,"name":"x","shape":[1,3]}],"log_id":7})";
  ASSERT_EQ(json_refusal(body), "decoded");
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_TRUE(json_refusal(body.substr(0, length)).starts_with(malformed(""))) << length;
  }
}

TEST(JsonRefusal, DeepNestingEndsEarly) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(json_refusal(nested(64)), "decoded");
  EXPECT_EQ(json_refusal(nested(65)), malformed("body: nested deeper than 64 levels"));
  EXPECT_EQ(json_refusal(nested(1000000)), malformed("body: nested deeper than 64 levels"));
  EXPECT_TRUE(json_refusal("{\"a\":" + std::string(1000000, '{')).starts_with(malformed("")));
}

TEST(JsonRefusal, ManySmallTensorsOrNames) {
  const auto many = [](std::string_view key, std::string_view entry, int count) {
    std::string body = "{\"" + std::string(key) + "\":[";
    for (int i = 0; i < count; ++i) {
      body += (i == 0 ? "" : ",") + std::string(entry);
    }
    return body + "]}";
  };
  EXPECT_EQ(json_refusal(many("tensor", "{}", 65536)), "decoded");
  EXPECT_EQ(json_refusal(many("tensor", "{}", 65537)),
            invalid("tensor: more than 65536 entries; split the request"));
  EXPECT_EQ(json_refusal(many("fetch_var_names", "\"\"", 1025)),
            invalid("fetch_var_names: more than 1024 entries; split the request"));
}

TEST(JsonRefusal, ManyEmptyStrings) {
  const auto strings = [](int count) {
    std::string tensor = R"({"elem_type":20,"data":["")";
    for (int i = 1; i < count; ++i) {
      tensor += R"(,"")";
    }
    return tensor + "]}";
  };
  const auto request = [](const std::string& tensors) { return "{\"tensor\":[" + tensors + "]}"; };
  const std::string refused = invalid("data: more than 65536 entries; split the request");
  EXPECT_EQ(json_refusal(request(strings(65536))), "decoded");
  EXPECT_EQ(json_refusal(request(strings(65537))), refused);
  EXPECT_EQ(json_refusal(request(strings(65536) + "," + strings(1))), refused);
}

TEST(JsonRefusal, ABodyLongerThanTheThreadKeepsRoomFor) {
  std::string body = "{\"tensor\":[{\"int64_data\":[1";
  for (int i = 0; i < 400000; ++i) {
    body += ",12345";
  }
  body += "]}]}";
  EXPECT_EQ(decode_request(Format::kJson, body).tensors.at(0).count(), 400001U);
  body.pop_back();
  EXPECT_TRUE(json_refusal(body).starts_with(malformed("")));
  EXPECT_EQ(json_refusal("{}"), "decoded");
}

}  // namespace
}  // namespace tensor_service
