// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>

#include "json/python_text.h"
#include "ranking/prediction.h"
#include "ranking/wire_request.h"

namespace tensor_service {
namespace {

constexpr std::string_view kMethod = "prediction";
constexpr std::array kWireFields = std::to_array<std::string_view>(
    {"key", "value", "tensors", "name", "method", "logid", "clientip"});
constexpr std::array kTensorFields =
    std::to_array<std::string_view>({"name", "elem_type", "str_data", "shape", "lod"});

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// As Python's "or []" has it.
bool is_empty(const JsonNode* value) {
  return value == nullptr || value->is_null() || value->is_zero() ||
         (value->is_string() && value->text.empty()) ||
         ((value->is_array() || value->is_object()) && value->items.empty());
}

}  // namespace

std::vector<std::string> wire_strings(JsonNode& object, std::string_view name) {
  JsonNode* value = object.find(name);
  std::vector<std::string> strings;
  if (is_empty(value)) {
    return strings;
  }
  for (JsonNode& item : value->items) {
    if (!value->is_array() || !item.is_string()) {
      refuse_shape(name, "must be a list of strings");
    }
    strings.push_back(std::move(item.text));
  }
  if (!value->is_array()) {
    refuse_shape(name, "must be a list of strings");
  }
  return strings;
}

namespace {

WireTensor tensor_of(JsonNode& tensor, const std::string& where) {
  bool known = tensor.is_object();
  for (const JsonNode& member : tensor.items) {
    known = known && is_among(kTensorFields, member.key);
  }
  if (!known) {
    refuse_shape(where, "must hold some of name, elem_type, str_data, shape, lod");
  }
  const JsonNode* name = tensor.find("name");
  const JsonNode* type = tensor.find("elem_type");
  if ((name != nullptr && !name->is_string()) || (type != nullptr && !type->is_whole())) {
    refuse_shape(where, "name must be a string, elem_type a number");
  }
  WireTensor read;
  read.name = name == nullptr || name->text.empty() ? where : name->text;
  read.elem_type = type == nullptr ? "0" : type->text;
  for (std::string& part : wire_strings(tensor, "str_data")) {
    read.text = read.text.empty() ? std::move(part) : std::move(read.text) + part;
  }
  return read;
}

std::vector<WireTensor> tensors_of(JsonNode& body) {
  JsonNode* value = body.find("tensors");
  std::vector<WireTensor> tensors;
  if (is_empty(value)) {
    return tensors;
  }
  if (!value->is_array()) {
    refuse_shape("tensors", "must be a list");
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    tensors.push_back(tensor_of(value->items[i], numbered("tensors", i)));
  }
  return tensors;
}

}  // namespace

RankRequest read_prediction(JsonNode& body, std::string_view service, const TextLimits& limits,
                            std::deque<JsonNode>& made, const MoreBytes& more) {
  const bool is_wire = body.find("key") != nullptr || body.find("value") != nullptr ||
                       body.find("tensors") != nullptr;
  if (!is_wire) {
    return check_rank_fields(rank_fields_of(body), limits);
  }
  for (const JsonNode& member : body.items) {
    if (!is_among(kWireFields, member.key)) {
      refuse_shape(member.key, "does not go with key and value");
    }
  }
  for (const auto& [name, expected] : {std::pair{"name", service}, std::pair{"method", kMethod}}) {
    const JsonNode* given = body.find(name);
    if (given != nullptr && !(given->is_string() && given->text == expected)) {
      refuse_shape(name,
                   "must be " + python_repr(expected, expected.size() + 2) + ", as in the URL");
    }
  }
  std::vector<std::string> keys = wire_strings(body, "key");
  std::vector<std::string> values = wire_strings(body, "value");
  return read_wire_request(join_wire(std::move(keys), std::move(values), tensors_of(body)), limits,
                           made, more);
}

}  // namespace tensor_service
