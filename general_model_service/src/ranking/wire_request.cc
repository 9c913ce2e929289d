// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/wire_request.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "json/python_characters.h"
#include "json/utf8.h"
#include "ranking/ranking_error.h"
#include "ranking/wire_values.h"
#include "text/text_hash.h"

namespace tensor_service {
namespace {

// asks for the timeline of the Pipeline's own graph
constexpr std::string_view kProfile = "pipeline.profile";
constexpr std::array kPlain =
    std::to_array<std::string_view>({"query", "ranker", "request_id", "unit_id", "user_id"});
constexpr std::string_view kStrings = "12";

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

bool is_plain(std::string_view key) {
  return std::find(kPlain.begin(), kPlain.end(), key) != kPlain.end();
}

// Options and texts by name, decoded.
RankFields decoded(const WireFields& wire, std::deque<JsonNode>& made) {
  RankFields fields;
  for (const WireField& field : wire) {
    made.push_back(is_plain(field.key) ? plain_value(field.value, field.key)
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

}  // namespace

void refuse_shape(std::string_view field, std::string message) {
  throw RankingError(Fault::kMalformed, std::move(message), std::string(field));
}

void check_wire(const std::vector<std::string>& keys, const std::vector<std::string>& values) {
  if (keys.size() != values.size()) {
    refuse_shape("value", std::to_string(keys.size()) + " keys but " +
                              std::to_string(values.size()) + " values");
  }
  TextSet seen;
  for (const std::string& key : keys) {
    if (!seen.insert(key).second) {
      refuse_shape(key, "the key stands twice");
    }
  }
}

WireFields join_wire(std::vector<std::string> keys, std::vector<std::string> values,
                     std::vector<WireTensor> tensors) {
  for (WireTensor& tensor : tensors) {
    if (tensor.elem_type != kStrings) {
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

RankRequest read_wire_request(WireFields wire, const TextLimits& limits, std::deque<JsonNode>& made,
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

}  // namespace tensor_service
