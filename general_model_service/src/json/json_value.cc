// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See json_value.h. On-demand parsing checks only what is looked at, which is why walk() looks at
// values that nobody wants.

#include "json/json_value.h"

#include <new>

#include "report/error.h"

namespace tensor_service {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

constexpr int kMaxDepth = 64;  // of unknown values, which are walked recursively

json_type type_of(ondemand::value& value, const JsonPath& path) {
  return checked(value.type(), path);
}

void walk_at(ondemand::value& value, const JsonPath& path, int depth) {
  if (depth > kMaxDepth) {
    refuse_json(path.text(), "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  switch (type_of(value, path)) {
    case json_type::array:
      for (auto element : checked(value.get_array(), path)) {
        ondemand::value inner = checked(std::move(element), path);
        walk_at(inner, path, depth + 1);
      }
      return;
    case json_type::object:
      for (auto field : checked(value.get_object(), path)) {
        checked(field.unescaped_key(), path);
        ondemand::value inner = checked(field.value(), path);
        walk_at(inner, path, depth + 1);
      }
      return;
    case json_type::string:
      checked(value.get_string(), path);
      return;
    default:
      break;
  }
  const std::string_view text = scalar_text(value, path);
  if (text != "null" && text != "true" && text != "false" && !is_json_number(text)) {
    refuse_json(path.text(), "not JSON: " + std::string(text.substr(0, 40)));
  }
}

}  // namespace

void refuse_json(const std::string& path, const std::string& reason) {
  throw CallError(Status::kMalformed, (path.empty() ? "body" : path) + ": " + reason);
}

void check_json(simdjson::error_code error, const JsonPath& path) {
  if (error == simdjson::SUCCESS) {
    return;
  }
  if (error == simdjson::MEMALLOC) {
    throw std::bad_alloc();
  }
  if (error == simdjson::CAPACITY) {
    throw CallError(Status::kTooLarge, "JSON bodies end at 4 GiB; send protobuf or fewer rows");
  }
  refuse_json(path.text(), std::string("not JSON: ") + simdjson::error_message(error));
}

std::string_view type_text(json_type type) {
  switch (type) {
    case json_type::array:
      return "an array";
    case json_type::object:
      return "an object";
    case json_type::number:
      return "a number";
    case json_type::string:
      return "a string";
    case json_type::boolean:
      return "a boolean";
    case json_type::null:
      return "null";
  }
  return "a value";
}

void expect_type(ondemand::value& value, json_type wanted, const JsonPath& path,
                 std::optional<std::size_t> element) {
  const json_type found = type_of(value, path);
  if (found != wanted) {
    refuse_json(path.text(element), "expected " + std::string(type_text(wanted)) + ", found " +
                                        std::string(type_text(found)));
  }
}

std::string_view scalar_text(ondemand::value& value, const JsonPath& path) {
  const json_type type = type_of(value, path);
  if (type == json_type::array || type == json_type::object) {
    refuse_json(path.text(), "expected one value, found " + std::string(type_text(type)));
  }
  const std::string_view token = value.raw_json_token();  // with the white space after it
  if (type == json_type::string) {
    checked(value.get_string(), path);  // a string that is not read would be skipped as a key
  }
  return token.substr(0, token.find_last_not_of(" \t\n\r") + 1);
}

bool is_null(ondemand::value& value, const JsonPath& path) {
  if (type_of(value, path) != json_type::null) {
    return false;
  }
  if (scalar_text(value, path) != "null") {
    refuse_json(path.text(), "not JSON: a name that is not null");
  }
  return true;
}

std::string_view string_of(ondemand::value& value, const JsonPath& path,
                           std::optional<std::size_t> element) {
  expect_type(value, json_type::string, path, element);
  return checked(value.get_string(), path);
}

void walk(ondemand::value& value, const JsonPath& path) { walk_at(value, path, 1); }

}  // namespace tensor_service
