// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/key_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "json/python_text.h"
#include "json/utf8.h"
#include "settings/config_error.h"

namespace tensor_service {
namespace {

// Longer than any key: what is named is another file.
constexpr std::size_t kLongest = 64U << 10U;

std::string read_file(const std::filesystem::path& path, const std::string& where) {
  const auto refuse = [&](const std::string& reason) {
    throw ConfigError(where, "cannot read " + path.string() + " (" + reason + ")");
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    refuse(std::generic_category().message(errno));
  }
  std::string text(kLongest + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    refuse(std::generic_category().message(errno));
  }
  if (text.size() > kLongest) {
    refuse("longer than a key");
  }
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string key_of_file(const std::filesystem::path& path, const std::string& where) {
  const std::string text = read_file(path, where);
  if (!is_utf8(text)) {
    throw ConfigError(where, "cannot read " + path.string() + " (it is not UTF-8)");
  }
  std::string key(stripped(text));
  if (key.empty()) {
    throw ConfigError(where, path.string() + " holds no key; write it there");
  }
  return key;
}

}  // namespace tensor_service
