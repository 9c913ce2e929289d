// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The three tables of contract/text, which CMake puts into the library, in; what becomes of a code
// point out. contract/text/unicode_table.py says what their columns mean. Called when a tokenizer
// is loaded.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

// The SHA-256 of each file as 64 hex digits, in the order of their names in unicode_table.py,
// between them a space.
extern const char* const kTablesDigest;

// The files as they are.
extern const char* const kUnicodeTable;
extern const char* const kCompatibilityTable;
extern const char* const kSymbolTable;

// Ranges of code points, as lines.
class LineTable {
 public:
  explicit LineTable(std::string_view text);

  // What the line of a code point says of it, or nothing.
  std::string_view find(char32_t code_point) const;

  // Whether a line says something of a code point from first to last.
  bool has_any(char32_t first, char32_t last) const;

 private:
  struct Line {
    char32_t first;
    char32_t last;
    std::string_view rest;
  };
  const Line* line_from(char32_t code_point) const;

  std::vector<Line> lines_;
};

// What a code point is to a capital sigma near it.
enum class SigmaContext { kOther, kCased, kIgnored };

class FrozenTables {
 public:
  // Read once for the process.
  static const FrozenTables& get();

  // Appends what becomes of a code point; of a sigma, in a context where it is not final.
  void append_replacement(char32_t code_point, bool lower_case, std::u32string& out) const;

  SigmaContext context(char32_t code_point) const;

  // Appends the characters that a code point stands for by NFKC; mostly itself.
  void append_compatible(char32_t code_point, std::u32string& out) const;

  bool is_symbol(char32_t code_point) const { return !symbols_.find(code_point).empty(); }

  // False where every code point from first to last is dropped.
  bool keeps_any(char32_t first, char32_t last, bool compatible) const;

 private:
  FrozenTables();

  LineTable unicode_;
  LineTable compatibility_;
  LineTable symbols_;
};

}  // namespace tensor_service
