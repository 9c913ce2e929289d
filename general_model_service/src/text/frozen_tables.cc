// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/frozen_tables.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace tensor_service {
namespace {

constexpr std::size_t kDigits = 6;  // of FIRST and of LAST
constexpr std::size_t kRest = 2 * (kDigits + 1);
constexpr char32_t kSyllable = 0xAC00;
constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowel = 0x1161;
constexpr char32_t kTrailing = 0x11A7;
constexpr char32_t kVowels = 21;
constexpr char32_t kTrailings = 28;

char32_t hexadecimal(std::string_view digits) {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

// Cuts off and returns what stands before the mark, or all of the text.
std::string_view cut(std::string_view& text, char mark) {
  const std::string_view part = text.substr(0, text.find(mark));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

// By the arithmetic of Unicode, section 3.12.
void append_jamo(char32_t code_point, std::u32string& out) {
  const char32_t place = code_point - kSyllable;
  out += kLeading + place / (kVowels * kTrailings);
  out += kVowel + place / kTrailings % kVowels;
  if (place % kTrailings != 0) {
    out += kTrailing + place % kTrailings;
  }
}

void append_by_rule(char32_t code_point, std::string_view rule, std::u32string& out) {
  const char kind = rule.front();
  std::string_view value = rule.substr(1);
  switch (kind) {
    case 'k':
      out += code_point;
      break;
    case 's':
      out += U' ';
      break;
    case 'a':
      out += {U' ', code_point, U' '};
      break;
    case 'h':
      append_jamo(code_point, out);
      break;
    case '+':
      out += code_point + hexadecimal(value);
      break;
    case '-':
      out += code_point - hexadecimal(value);
      break;
    case '=':
      while (!value.empty()) {
        out += hexadecimal(cut(value, '.'));
      }
      break;
    default:  // dropped
      break;
  }
}

}  // namespace

LineTable::LineTable(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = cut(text, '\n');
    if (!line.starts_with('#')) {
      lines_.push_back({hexadecimal(line.substr(0, kDigits)),
                        hexadecimal(line.substr(kDigits + 1, kDigits)), line.substr(kRest)});
    }
  }
}

// The first line that ends at the code point or after it; the lines ascend.
const LineTable::Line* LineTable::line_from(char32_t code_point) const {
  const auto found =
      std::partition_point(lines_.begin(), lines_.end(),
                           [code_point](const Line& line) { return line.last < code_point; });
  return found == lines_.end() ? nullptr : &*found;
}

std::string_view LineTable::find(char32_t code_point) const {
  const Line* line = line_from(code_point);
  return line != nullptr && line->first <= code_point ? line->rest : std::string_view();
}

bool LineTable::has_any(char32_t first, char32_t last) const {
  const Line* line = line_from(first);
  return line != nullptr && line->first <= last;
}

FrozenTables::FrozenTables()
    : unicode_(kUnicodeTable), compatibility_(kCompatibilityTable), symbols_(kSymbolTable) {}

const FrozenTables& FrozenTables::get() {
  static const FrozenTables tables;
  return tables;
}

void FrozenTables::append_replacement(char32_t code_point, bool lower_case,
                                      std::u32string& out) const {
  std::string_view facts = unicode_.find(code_point);
  if (facts.empty()) {
    return;
  }
  const std::string_view cased = cut(facts, ' ');
  append_by_rule(code_point, lower_case ? cut(facts, ' ') : cased, out);
}

SigmaContext FrozenTables::context(char32_t code_point) const {
  const std::string_view facts = unicode_.find(code_point);
  return facts.ends_with(" c")   ? SigmaContext::kCased
         : facts.ends_with(" i") ? SigmaContext::kIgnored
                                 : SigmaContext::kOther;
}

void FrozenTables::append_compatible(char32_t code_point, std::u32string& out) const {
  const std::string_view rule = compatibility_.find(code_point);
  append_by_rule(code_point, rule.empty() ? "k" : rule, out);
}

bool FrozenTables::keeps_any(char32_t first, char32_t last, bool compatible) const {
  return unicode_.has_any(first, last) || (compatible && compatibility_.has_any(first, last));
}

}  // namespace tensor_service
