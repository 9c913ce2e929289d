// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A text in one of the forms in which it comes, and cursors that read its characters one by one.
// Nothing behind a cursor is looked at, so that no more of a long text is touched than is read.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tensor_service {

constexpr char32_t kReplacementCharacter = 0xFFFD;

// Python keeps a text in one of the last three.
enum class TextForm { kUtf8, kLatin1, kUcs2, kUcs4 };

// Units are bytes, or numbers of two or four bytes; they belong to the caller.
struct TextView {
  const void* units = nullptr;
  std::size_t size = 0;
  TextForm form = TextForm::kUtf8;

  TextView() = default;
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> TextView(const Text& text) {
    const std::string_view utf8 = text;
    units = utf8.data();
    size = utf8.size();
  }
  TextView(const void* data, std::size_t count, TextForm how)
      : units(data), size(count), form(how) {}

  std::size_t unit_size() const {
    return form == TextForm::kUcs4 ? 4 : form == TextForm::kUcs2 ? 2 : 1;
  }
  std::string_view bytes() const { return {static_cast<const char*>(units), size * unit_size()}; }
};

// Half a character of UTF-16 is a character of its own, as to Python. All other bytes that are no
// UTF-8 are U+FFFD, as Python's errors="replace" has it.
class Utf8Cursor {
 public:
  explicit Utf8Cursor(const TextView& text)
      : at_(static_cast<const unsigned char*>(text.units)), end_(at_ + text.size) {}

  bool at_end() const { return at_ == end_; }

  char32_t next() {
    const unsigned char lead = *at_++;
    if (lead < 0x80) {
      return lead;
    }
    if ((lead & 0xF0) == 0xE0) {
      return rest<2>(lead & 0x0FU, lead == 0xE0 ? 0xA0 : 0x80, 0xBF);
    }
    if (lead >= 0xC2 && lead < 0xE0) {
      return rest<1>(lead & 0x1FU, 0x80, 0xBF);
    }
    if (lead >= 0xF0 && lead < 0xF5) {
      return rest<3>(lead & 0x07U, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    }
    return kReplacementCharacter;
  }

 private:
  // Only the first byte after the lead has bounds of its own.
  template <int count>
  char32_t rest(char32_t begun, unsigned char least, unsigned char most) {
    for (int i = 0; i < count; ++i) {
      if (at_ == end_ || *at_ < least || *at_ > most) {
        return kReplacementCharacter;
      }
      begun = begun << 6U | (*at_++ & 0x3FU);
      least = 0x80;
      most = 0xBF;
    }
    return begun;
  }

  const unsigned char* at_;
  const unsigned char* end_;
};

template <class Unit>
class UnitCursor {
 public:
  explicit UnitCursor(const TextView& text)
      : at_(static_cast<const Unit*>(text.units)), end_(at_ + text.size) {}

  bool at_end() const { return at_ == end_; }
  char32_t next() { return *at_++; }

 private:
  const Unit* at_;
  const Unit* end_;
};

// use(cursor) with the cursor of the text's form.
template <class Use>
auto with_cursor(const TextView& text, Use use) {
  switch (text.form) {
    case TextForm::kLatin1:
      return use(UnitCursor<std::uint8_t>(text));
    case TextForm::kUcs2:
      return use(UnitCursor<std::uint16_t>(text));
    case TextForm::kUcs4:
      return use(UnitCursor<std::uint32_t>(text));
    case TextForm::kUtf8:
      break;
  }
  return use(Utf8Cursor(text));
}

}  // namespace tensor_service
