// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "json/json_node.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "json/json_reader.h"
#include "json/utf8.h"
#include "text/text_hash.h"

namespace tensor_service {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void check_utf8(std::string_view body) {
  for (std::size_t place = 0; place < body.size();) {
    const std::size_t length = utf8_length(body.substr(place));
    if (length == 0) {
      throw JsonError("not UTF-8 at byte " + std::to_string(place));
    }
    place += length;
  }
}

}  // namespace

std::int64_t JsonNode::whole() const {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    using Range = std::numeric_limits<std::int64_t>;
    return text.starts_with('-') ? Range::min() : Range::max();
  }
  return value;
}

bool JsonNode::is_zero() const {
  return kind == JsonKind::kFalse || (kind == JsonKind::kInteger && text == "0") ||
         (kind == JsonKind::kFloat && number == 0.0);
}

const JsonNode* JsonNode::find(std::string_view name) const {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [name](const JsonNode& item) { return item.key == name; });
  return kind == JsonKind::kObject && found != items.end() ? &*found : nullptr;
}

const JsonNode* JsonNode::given(std::string_view name) const {
  const JsonNode* found = find(name);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

JsonNode read_json(std::string_view utf8, const JsonRules& rules) {
  return JsonReader(utf8, rules).read();
}

JsonNode read_json_object(std::string_view body) {
  check_utf8(body);
  if (body.starts_with(kByteOrderMark)) {
    body.remove_prefix(kByteOrderMark.size());
  }
  JsonNode node = read_json(body);
  if (!node.is_object()) {
    throw JsonError("must be a JSON object");
  }
  return node;
}

void keep_last_of_keys(JsonNode& object) {
  std::unordered_map<std::string_view, std::size_t, TextHash> seen;
  std::vector<std::pair<std::size_t, std::size_t>> again;  // the later, and which it replaces
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const auto [first, is_new] = seen.emplace(object.items[i].key, i);
    if (!is_new) {
      again.emplace_back(i, first->second);
    }
  }
  if (again.empty()) {
    return;
  }
  seen.clear();
  std::vector<bool> dropped(object.items.size());
  for (const auto& [later, first] : again) {
    std::string key = std::move(object.items[first].key);
    object.items[first] = std::move(object.items[later]);
    object.items[first].key = std::move(key);
    dropped[later] = true;
  }
  std::size_t number = 0;
  std::erase_if(object.items, [&](const JsonNode&) { return dropped[number++]; });
}

// Every value but the first stands behind one of these; a vector that grows holds what it has
// twice.
std::size_t json_tree_bytes(std::string_view body) {
  const auto starts = std::count_if(body.begin(), body.end(),
                                    [](char c) { return c == ',' || c == '[' || c == '{'; });
  return body.size() + (static_cast<std::size_t>(starts) + 1) * 3 * sizeof(JsonNode);
}

}  // namespace tensor_service
