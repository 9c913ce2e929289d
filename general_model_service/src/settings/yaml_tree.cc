// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// libyaml parses, by whose rules PyYAML's own parser was written, and tells of each value as it
// comes; the tree is built here, with a bound on what aliases make of it.

#include "settings/yaml_tree.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "json/python_text.h"
#include "settings/yaml_events.h"
#include "settings/yaml_scalar.h"

namespace tensor_service {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";
constexpr std::size_t kMostKept = 64U << 20U;
constexpr std::size_t kShown = 80;  // characters of a value in a message

// A value that is complete.
struct Value {
  JsonNode node;
  std::string raw;        // of a scalar, as it stands in the file
  bool scalar = false;    // else a list or a mapping
  bool merge = false;     // the key <<
  std::size_t size = 1;   // values, itself included
  std::size_t bytes = 0;  // of its texts
};

// A list or a mapping that is open.
struct Frame {
  Value value;
  std::string anchor;
  std::optional<Value> key;  // of a mapping, that waits for its value
  yaml_mark_t mark{};
  std::set<std::string> seen;
  std::vector<Value> merged;
};

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view name) : name_(name) {}

  void take(const yaml_event_t& event) {
    mark_ = event.start_mark;
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (documents_++ > 0) {
          fail("expected a single document in the stream, but found another document");
        }
        return;
      case YAML_ALIAS_EVENT:
        return alias(text_of(event.data.alias.anchor));
      case YAML_SCALAR_EVENT:
        return scalar(event.data.scalar);
      case YAML_SEQUENCE_START_EVENT:
        return open(JsonKind::kArray, event.data.sequence_start.tag, "seq",
                    text_of(event.data.sequence_start.anchor));
      case YAML_MAPPING_START_EVENT:
        return open(JsonKind::kObject, event.data.mapping_start.tag, "map",
                    text_of(event.data.mapping_start.anchor));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      default:
        return;
    }
  }

  JsonNode result() { return std::move(root_.node); }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw YamlError(reason + place_text(name_, mark_));
  }

  bool wants_key() const {
    return !frames_.empty() && frames_.back().value.node.is_object() && !frames_.back().key;
  }

  void count(std::size_t values) {
    values_ += values;
    if (values_ > kMostYamlValues) {
      fail("more than " + std::to_string(kMostYamlValues) + " values, aliases included");
    }
  }

  // The name of a tag of YAML's own.
  std::string own_tag(const yaml_char_t* given) const {
    std::string tag = text_of(given);
    if (!tag.starts_with(kTagPrefix)) {
      fail("could not determine a constructor for the tag " + python_repr(tag, kShown));
    }
    return tag.substr(kTagPrefix.size());
  }

  void note_anchor(const std::string& anchor) {
    if (!anchor.empty() && !anchor_names_.insert(anchor).second) {
      fail("found duplicate anchor " + python_repr(anchor, kShown));
    }
  }

  template <class Scalar>
  void scalar(const Scalar& event) {
    count(1);
    const std::string anchor = text_of(event.anchor);
    note_anchor(anchor);
    Value value;
    value.scalar = true;
    value.raw.assign(reinterpret_cast<const char*>(event.value), event.length);
    value.bytes = event.length;
    const bool plain = event.plain_implicit != 0 || text_of(event.tag) == "!";
    std::string tag = plain                  ? std::string(implicit_tag(value.raw))
                      : event.tag == nullptr ? std::string("str")
                                             : own_tag(event.tag);
    if (wants_key() && (tag == "merge" || tag == "value")) {
      value.merge = tag == "merge";
      tag = "str";
    }
    try {
      value.node = scalar_node(tag, value.raw);
    } catch (const ScalarError& error) {
      fail(error.what());
    }
    keep(value, anchor);
    place(std::move(value));
  }

  void alias(const std::string& anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      fail(anchor_names_.contains(anchor)
               ? "the alias " + python_repr(anchor, kShown) + " stands inside of what it names"
               : "found undefined alias " + python_repr(anchor, kShown));
    }
    count(found->second.size);  // before they are copied
    bytes_ += found->second.bytes;
    if (bytes_ > kMostYamlBytes) {
      fail("aliases make more than " + std::to_string(kMostYamlBytes) + " bytes of it");
    }
    place(Value(found->second));
  }

  void open(JsonKind kind, const yaml_char_t* tag, std::string_view own,
            const std::string& anchor) {
    if (tag != nullptr && text_of(tag) != "!" && own_tag(tag) != own) {
      fail("could not determine a constructor for the tag " + python_repr(text_of(tag), kShown));
    }
    if (wants_key()) {
      fail("found unhashable key");
    }
    if (frames_.size() >= kMostYamlDepth) {
      fail("nested more than " + std::to_string(kMostYamlDepth) + " levels deep");
    }
    count(1);
    note_anchor(anchor);
    Frame frame;
    frame.value.node.kind = kind;
    frame.anchor = anchor;
    frame.mark = mark_;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    mark_ = frame.mark;
    merge(frame);
    keep(frame.value, frame.anchor);
    place(std::move(frame.value));
  }

  void keep(const Value& value, const std::string& anchor) {
    if (anchor.empty()) {
      return;
    }
    // an anchor inside of another is kept twice
    kept_ += value.bytes + value.size * sizeof(JsonNode);
    if (kept_ > kMostKept) {
      fail("more than " + std::to_string(kMostKept) + " bytes behind anchors");
    }
    anchors_[anchor] = value;
  }

  void place(Value&& value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.value.node.is_array()) {
      append(frame.value, std::move(value));
    } else if (!frame.key) {
      take_key(frame, std::move(value));
    } else {
      take_member(frame, std::move(value));
    }
  }

  static void append(Value& to, Value&& value) {
    to.size += value.size;
    to.bytes += value.bytes;
    to.node.items.push_back(std::move(value.node));
  }

  void take_key(Frame& frame, Value&& key) {
    if (!key.scalar) {
      fail("found unhashable key");
    }
    if (!frame.seen.insert(key.raw).second && !key.merge) {
      fail("the key " + python_repr(key.raw, kShown) + " stands twice");
    }
    frame.key = std::move(key);
  }

  void take_member(Frame& frame, Value&& value) {
    const Value key = *std::exchange(frame.key, std::nullopt);
    if (key.merge) {
      if (value.scalar) {
        fail("expected a mapping or list of mappings for merging, but found scalar");
      }
      frame.merged.push_back(std::move(value));
      return;
    }
    if (!key.node.is_string() && frame.value.node.text.empty()) {
      frame.value.node.text = python_repr(key.node, kShown);
    }
    value.node.key = key.raw;
    frame.value.bytes += key.raw.size();
    ++frame.value.size;
    append(frame.value, std::move(value));
  }

  // What << brings stands before a mapping's own members, which win.
  void merge(Frame& frame) {
    JsonNode& node = frame.value.node;
    std::vector<JsonNode> brought;
    for (Value& value : frame.merged) {
      frame.value.size += value.size;
      frame.value.bytes += value.bytes;
      std::vector<JsonNode> sources;
      if (value.node.is_object()) {
        sources.push_back(std::move(value.node));
      } else {
        sources = std::move(value.node.items);
      }
      for (JsonNode& source : sources) {
        if (!source.is_object()) {
          fail("expected a mapping for merging, but found another value");
        }
        node.text = node.text.empty() ? source.text : node.text;
        std::move(source.items.begin(), source.items.end(), std::back_inserter(brought));
      }
    }
    if (brought.empty()) {
      return;
    }
    std::set<std::string_view> names;
    for (const JsonNode& member : brought) {
      // PyYAML takes now the first and now the last of them
      if (!names.insert(member.key).second) {
        fail("two mappings for merging have the key " + python_repr(member.key, kShown));
      }
    }
    std::move(node.items.begin(), node.items.end(), std::back_inserter(brought));
    node.items = std::move(brought);
    keep_last_of_keys(node);
  }

  const std::string_view name_;
  yaml_mark_t mark_{};
  Value root_;
  std::vector<Frame> frames_;
  std::map<std::string, Value> anchors_;
  std::set<std::string> anchor_names_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;  // that aliases have made
  std::size_t kept_ = 0;   // bytes behind anchors
  int documents_ = 0;
};

}  // namespace

JsonNode read_yaml(std::string_view text, std::string_view name) {
  if (text.size() > kMostYamlBytes) {
    throw YamlError("has more than " + std::to_string(kMostYamlBytes) + " bytes");
  }
  TreeBuilder builder(name);
  YamlEvents events(text, name);
  while (events.next([&builder](const yaml_event_t& event) { builder.take(event); })) {
  }
  return builder.result();
}

}  // namespace tensor_service
