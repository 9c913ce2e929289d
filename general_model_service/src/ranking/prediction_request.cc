// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

#include "json/python_characters.h"
#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/prediction.h"
#include "ranking/wire_values.h"

namespace tensor_service {
namespace {

constexpr std::string_view kMethod = "prediction";
// asks for the timeline of the Pipeline's own graph
constexpr std::string_view kProfile = "pipeline.profile";
constexpr std::array kPlain =
    std::to_array<std::string_view>({"query", "ranker", "request_id", "unit_id", "user_id"});
constexpr std::array kWireFields = std::to_array<std::string_view>(
    {"key", "value", "tensors", "name", "method", "logid", "clientip"});
constexpr std::array kTensorFields =
    std::to_array<std::string_view>({"name", "elem_type", "str_data", "shape", "lod"});
constexpr std::int64_t kStringTensor = 12;

struct WireField {
  std::string key;
  std::string value;
};
using WireFields = std::vector<WireField>;

[[noreturn]] void refuse_shape(std::string_view field, std::string message) {
  throw RankingError(Fault::kMalformed, std::move(message), std::string(field));
}

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

void check_wire(const std::vector<std::string>& keys, const std::vector<std::string>& values) {
  if (keys.size() != values.size()) {
    refuse_shape("value", std::to_string(keys.size()) + " keys but " +
                              std::to_string(values.size()) + " values");
  }
  std::unordered_set<std::string_view> seen;
  for (const std::string& key : keys) {
    if (!seen.insert(key).second) {
      refuse_shape(key, "the key stands twice");
    }
  }
}

namespace {

struct TextTensor {
  std::string name;
  std::string elem_type;  // its digits
  std::string text;
};

TextTensor tensor_of(JsonNode& tensor, const std::string& where) {
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
  TextTensor read;
  read.name = name == nullptr || name->text.empty() ? where : name->text;
  read.elem_type = type == nullptr ? "0" : type->text;
  for (std::string& part : wire_strings(tensor, "str_data")) {
    read.text = read.text.empty() ? std::move(part) : std::move(read.text) + part;
  }
  return read;
}

std::vector<TextTensor> tensors_of(JsonNode& body) {
  JsonNode* value = body.find("tensors");
  std::vector<TextTensor> tensors;
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

WireFields wire_fields_of(JsonNode& body) {
  std::vector<std::string> keys = wire_strings(body, "key");
  std::vector<std::string> values = wire_strings(body, "value");
  for (TextTensor& tensor : tensors_of(body)) {
    if (tensor.elem_type != std::to_string(kStringTensor)) {
      refuse_field(tensor.name,
                   "elem_type " + tensor.elem_type + " is not taken; send strings (elem_type 12)");
    }
    keys.push_back(std::move(tensor.name));
    values.push_back(std::move(tensor.text));
  }
  check_wire(keys, values);
  WireFields fields;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    fields.push_back({std::move(keys[i]), std::move(values[i])});
  }
  return fields;
}

// As str.isdecimal() has it: digits of any script.
bool is_number(std::string_view key) {
  bool is_decimals = !key.empty();
  while (is_decimals && !key.empty()) {
    is_decimals = is_decimal(take_character(key));
  }
  return is_decimals;
}

// The place that a key is the plain number of; `end` for one of none before it.
std::size_t place_of(const std::string& key, std::size_t end) {
  std::size_t place = end;
  std::from_chars(key.data(), key.data() + key.size(), place);
  return std::to_string(place) == key ? place : end;
}

// Options and texts by name, decoded.
RankFields decoded(const WireFields& wire, std::deque<JsonNode>& made) {
  RankFields fields;
  for (const WireField& field : wire) {
    made.push_back(is_among(kPlain, field.key) ? plain_value(field.value, field.key)
                                               : decode_value(field.value, field.key));
    *fields.place_of(field.key) = &made.back();
  }
  if (fields.documents != nullptr && fields.documents->is_array()) {
    for (const JsonNode& document : fields.documents->items) {
      fields.texts.push_back({&document, {}});
    }
  }
  return fields;
}

void add_pair(const WireField& field, const TextLimits& limits, std::deque<JsonNode>& made,
              RankRequest& request) {
  const JsonNode& pair = made.emplace_back(decode_value(field.value, field.key));
  if (!pair.is_object()) {
    refuse_shape(field.key, "must be an object with query and title");
  }
  for (const char* name : {"query", "title"}) {
    if (pair.find(name) == nullptr) {
      refuse_field(field.key + "." + name, "missing");
    }
  }
  request.queries.push_back(
      check_text(*pair.find("query"), field.key + ".query", limits.max_query_chars));
  request.titles.push_back(
      check_text(*pair.find("title"), field.key + ".title", limits.max_document_chars, true));
}

// Upstream's shape; options of the fuller shape may stand beside the numbers.
RankRequest pairs_of(WireFields& wire, const TextLimits& limits, std::deque<JsonNode>& made) {
  std::vector<const WireField*> numbers;
  WireFields options;
  for (WireField& field : wire) {
    if (is_number(field.key)) {
      numbers.push_back(&field);
    } else {
      options.push_back(std::move(field));
    }
  }
  check_count(numbers.size(), "key", limits.max_documents);
  std::vector<const WireField*> pairs(numbers.size());
  for (const WireField* field : numbers) {
    const std::size_t place = place_of(field->key, pairs.size());
    if (place >= pairs.size()) {
      refuse_shape("key",
                   "keys must be \"0\" to \"" + std::to_string(pairs.size() - 1) + "\", each once");
    }
    pairs[place] = field;
  }
  for (const WireField& field : options) {
    RankFields known;
    if (known.place_of(field.key) == nullptr || field.key == "query" || field.key == "documents") {
      refuse_field(field.key, "does not go with numbered pairs");
    }
  }
  RankRequest request;
  request.numbered_pairs = true;
  for (const WireField* pair : pairs) {
    add_pair(*pair, limits, made, request);
  }
  check_rank_options(decoded(options, made), request);
  return request;
}

RankRequest request_of(WireFields wire, const TextLimits& limits, std::deque<JsonNode>& made,
                       const MoreBytes& more) {
  for (const WireField& field : wire) {
    if (field.key == kProfile && field.value == "1") {
      refuse_field(kProfile,
                   "no timeline of a graph is kept here; ask the Pipeline, or leave it out");
    }
  }
  std::erase_if(wire, [](const WireField& field) { return field.key == kProfile; });
  if (wire.empty()) {
    refuse_shape("key", "the request has no keys");
  }
  std::size_t trees = 0;
  for (const WireField& field : wire) {
    trees += json_tree_bytes(field.value);
  }
  more(trees);
  if (std::any_of(wire.begin(), wire.end(),
                  [](const WireField& field) { return is_number(field.key); })) {
    return pairs_of(wire, limits, made);
  }
  for (const WireField& field : wire) {
    RankFields known;
    if (known.place_of(field.key) == nullptr) {
      refuse_field(field.key, "unknown; known are " + rank_field_names());
    }
  }
  return check_rank_fields(decoded(wire, made), limits);
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
  return request_of(wire_fields_of(body), limits, made, more);
}

}  // namespace tensor_service
