// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/tokenizer_files.h"

#include <simdjson.h>

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "text/pair_encoder.h"
#include "text/text_rules.h"
#include "text/text_view.h"

namespace tensor_service {
namespace {

constexpr std::array<std::string_view, 4> kSpecial = {"[PAD]", "[CLS]", "[SEP]", "[UNK]"};
constexpr const char* kVocabulary = "vocab.txt";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kUnigramFile = "sentencepiece.bpe.model";
constexpr std::string_view kUnigramClass = "XLMRobertaTokenizer";
constexpr const char* kPiecesFile = "spm_cased_simp_sampled.model";
constexpr std::string_view kPiecesClass = "ErnieTinyTokenizer";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw TokenizerError(path.string() + ": " + reason);
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  return stream.is_open() && !stream.bad() ? std::optional(std::move(bytes)) : std::nullopt;
}

// As Python reads a text file: each of the three ends of lines is the same.
std::string with_plain_line_ends(const std::string& text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r') {
      plain += text[at];
    } else if (at + 1 == text.size() || text[at + 1] != '\n') {
      plain += '\n';
    }
  }
  return plain;
}

// What Python takes for true.
bool is_true(const simdjson::dom::element& value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::ARRAY:
      return value.get_array().value_unsafe().size() > 0;
    case element_type::OBJECT:
      return value.get_object().value_unsafe().size() > 0;
    case element_type::STRING:
      return value.get_string_length().value_unsafe() > 0;
    case element_type::BOOL:
      return value.get_bool().value_unsafe();
    case element_type::NULL_VALUE:
      return false;
    default:
      return value.get_double().value_unsafe() != 0;
  }
}

struct Stated {
  TokenizerConfig config;
  std::optional<std::string> tokenizer_class;
};

// Of a key that stands twice the last counts, as to Python.
Stated stated_by(const simdjson::dom::object& fields) {
  Stated stated;
  for (const auto field : fields) {
    if (field.key == "do_lower_case") {
      stated.config.lower_case = is_true(field.value);
    } else if (field.key == "symbols_alone") {
      stated.config.symbols_alone = is_true(field.value);
    } else if (field.key == "tokenizer_class") {
      std::string_view name;
      const bool is_text = field.value.get(name) == simdjson::SUCCESS;
      stated.tokenizer_class.reset();
      if (is_text || !field.value.is_null()) {
        stated.tokenizer_class = std::string(name);
      }
    }
  }
  return stated;
}

Stated read_config(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    return {};
  }
  const auto bytes = read_file(path);
  if (!bytes) {
    refuse(path, "cannot read the tokenizer config; check its permissions");
  }
  simdjson::dom::parser parser;
  simdjson::dom::object fields;
  const auto error = parser.parse(*bytes).get(fields);
  if (error != simdjson::SUCCESS) {
    refuse(path, std::string("cannot read the tokenizer config (") +
                     simdjson::error_message(error) + "); export the bundle again");
  }
  return stated_by(fields);
}

}  // namespace

VocabularyFile::VocabularyFile(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  if (!bytes || !simdjson::validate_utf8(*bytes)) {
    refuse(path, std::string("cannot read the vocabulary (") +
                     (bytes ? "it is no UTF-8" : "no such file, or no permission") +
                     "); export the bundle again");
  }
  text_ = with_plain_line_ends(*bytes);
  text_.erase(text_.find_last_not_of('\n') + 1);
  std::string_view rest = text_;
  for (std::int64_t id = 0;; ++id) {
    const std::string_view token = rest.substr(0, rest.find('\n'));
    tokens_.push_back({token, id});
    for (const std::string_view special : kSpecial) {
      if (token == special) {
        special_[std::string(token)] = id;
      }
    }
    if (token.size() == rest.size()) {
      break;
    }
    rest.remove_prefix(token.size() + 1);
  }
  std::string missing;
  for (const std::string_view special : kSpecial) {
    if (!special_.contains(std::string(special))) {
      missing += (missing.empty() ? "" : ", ") + std::string(special);
    }
  }
  if (!missing.empty()) {
    refuse(path, "the vocabulary lacks " + missing + "; it is not an ERNIE vocab.txt");
  }
}

TokenizerConfig read_wordpiece_config(const std::filesystem::path& directory) {
  const Stated stated = read_config(directory / kConfig);
  const auto refuse_pieces = [&directory](const std::string& whose) {
    refuse(directory, "is the tokenizer of " + whose +
                          ", which makes sentence pieces; only Python encodes its texts");
  };
  const auto is_there = [&directory](const char* name) {
    return std::filesystem::is_regular_file(directory / name);
  };
  const auto& named = stated.tokenizer_class;
  if (named ? named->starts_with(kUnigramClass) : is_there(kUnigramFile)) {
    refuse_pieces("XLM-RoBERTa");
  }
  if (named ? *named == kPiecesClass : is_there(kPiecesFile)) {
    refuse_pieces("ERNIE-tiny");
  }
  return stated.config;
}

PairEncoder PairEncoder::load(const std::filesystem::path& directory, std::size_t max_seq_length,
                              const TextRules& rules) {
  const TokenizerConfig config = read_wordpiece_config(directory);
  const VocabularyFile file(directory / kVocabulary);
  auto pieces = std::make_shared<const WordPieces>(file.tokens(), file.special("[UNK]"));
  auto characters = std::make_shared<const CharacterRules>(
      Normalization{config.lower_case, rules.nfkc, config.symbols_alone}, *pieces);
  return {std::move(pieces),
          std::move(characters),
          {file.special("[CLS]"), file.special("[SEP]")},
          max_seq_length,
          rules.truncation};
}

}  // namespace tensor_service
