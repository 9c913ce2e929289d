// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See canonical_json.h. A version is made of this text: every byte of it is Python's.

#include "bundle/canonical_json.h"

#include <simdjson.h>

#include <limits>

#include "json/json_value.h"
#include "json/python_text.h"
#include "report/error.h"

namespace tensor_service {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

// Python reads no longer whole number
constexpr std::size_t kMaxDigits = 4300;

// simdjson lets the second half of a surrogate pair pass alone, which is no UTF-8.
std::string_view encodable(std::string_view text, const JsonPath& path) {
  if (!simdjson::validate_utf8(text)) {
    refuse_json(path.text(), "half of a surrogate pair is no text");
  }
  return text;
}

double double_of(std::string_view text, const JsonPath& path) {
  try {
    return json_number<double>(text, path);
  } catch (const CallError& error) {
    if (error.status() != Status::kOverflow) {
      throw;
    }
    const double infinity = std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -infinity : infinity;
  }
}

std::string scalar(std::string_view text, const JsonPath& path) {
  if (text == "null" || text == "true" || text == "false") {
    return std::string(text);
  }
  if (!is_json_number(text)) {
    refuse_json(path.text(), "not JSON: " + std::string(text.substr(0, 40)));
  }
  if (text.find_first_of(".eE") != std::string_view::npos) {
    return python_float(double_of(text, path));
  }
  if (text.size() - (text.front() == '-' ? 1 : 0) > kMaxDigits) {
    refuse_json(path.text(), "a number of more than " + std::to_string(kMaxDigits) + " digits");
  }
  return text == "-0" ? "0" : std::string(text);
}

std::string canonical(ondemand::value& value, const JsonPath& path);

JsonFields fields_of(ondemand::object object, JsonPath path) {
  JsonFields fields;
  for (auto field : object) {
    const std::string key(encodable(checked(field.unescaped_key(), path), path));
    ondemand::value value = checked(field.value(), path);
    if (path.field.empty()) {
      JsonPath inside = path;
      inside.field = key;
      fields[key] = canonical(value, inside);
    } else {
      fields[key] = canonical(value, path);
    }
  }
  return fields;
}

std::string object_text(ondemand::value& value, const JsonPath& path) {
  std::string out;
  for (const auto& [key, text] : fields_of(checked(value.get_object(), path), path)) {
    out += (out.empty() ? "{" : ",") + json_text(key) + ":" + text;
  }
  return out.empty() ? "{}" : out + "}";
}

std::string array_text(ondemand::value& value, const JsonPath& path) {
  std::string out;
  for (auto element : checked(value.get_array(), path)) {
    ondemand::value inner = checked(std::move(element), path);
    out += (out.empty() ? "[" : ",") + canonical(inner, path);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string canonical(ondemand::value& value, const JsonPath& path) {
  switch (checked(value.type(), path)) {
    case json_type::object:
      return object_text(value, path);
    case json_type::array:
      return array_text(value, path);
    case json_type::string:
      return json_text(encodable(checked(value.get_string(), path), path));
    default:
      return scalar(scalar_text(value, path), path);
  }
}

}  // namespace

JsonFields canonical_fields(std::string_view json) {
  const JsonPath top;
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document = checked(parser.iterate(padded), top);
  if (checked(document.type(), top) != json_type::object) {
    refuse_json("", "expected an object");
  }
  JsonFields fields = fields_of(checked(document.get_object(), top), top);
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    refuse_json("", "not JSON: something follows the object");
  }
  return fields;
}

}  // namespace tensor_service
