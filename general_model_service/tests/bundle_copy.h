// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A bundle in, one of serving_models/ unless told otherwise, a copy of it that a test may damage
// out; removed with the object.

#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "bundle/manifest.h"

namespace tensor_service {

inline std::filesystem::path repository() { return REPOSITORY; }

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

// The text with every occurrence of one part replaced; fails the test when there is none.
inline std::string replaced(std::string text, std::string_view part, std::string_view by) {
  std::size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  for (; at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

inline std::string sha256(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    for (const int digit : {digest[i] >> 4, digest[i] & 15}) {
      hex += "0123456789abcdef"[digit];
    }
  }
  return hex;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "tensor_service_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class BundleCopy {
 public:
  explicit BundleCopy(const std::string& name, const std::string& folder = "serving_models")
      : root_(directory_.path() / "bundle") {
    std::filesystem::copy(repository() / folder / name, root_,
                          std::filesystem::copy_options::recursive);
  }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path file(const std::string& name) const { return root_ / name; }

  void edit(const std::string& name, std::string_view part, std::string_view by) const {
    write_file(file(name), replaced(read_file(file(name)), part, by));
  }

  // Gives the manifest the version of its contents, as an export would.
  void reseal() const {
    constexpr std::string_view kKey = "\"version\": \"";
    std::string text = read_file(file("manifest.json"));
    const std::size_t at = text.find(kKey) + kKey.size();
    text.replace(at, text.find('"', at) - at, version_of(file("manifest.json")));
    write_file(file("manifest.json"), text);
  }

  // Edits a file and gives the manifest its new SHA-256 and version, as an export would.
  void edit_listed(const std::string& name, std::string_view part, std::string_view by) const {
    const std::string before = sha256(read_file(file(name)));
    edit(name, part, by);
    relist(before, name);
  }

  void write_listed(const std::string& name, std::string_view text) const {
    const std::string before = sha256(read_file(file(name)));
    write_file(file(name), text);
    relist(before, name);
  }

  // Removes a file, and what the manifest says of it.
  void remove_listed(const std::string& name) const {
    const std::string digest = sha256(read_file(file(name)));
    std::string text = read_file(file("manifest.json"));
    const std::string entry = "\"" + name + "\": \"" + digest + "\"";
    const std::size_t at = text.find(entry);
    const bool last = text[at + entry.size()] != ',';
    // the comma behind it, or the one before
    const std::size_t from = last ? text.rfind(',', at) : at;
    text.erase(from, at + entry.size() + (last ? 0 : 1) - from);
    write_file(file("manifest.json"), text);
    std::filesystem::remove(file(name));
    reseal();
  }

 private:
  void relist(const std::string& before, const std::string& name) const {
    edit("manifest.json", "\"" + name + "\": \"" + before + "\"",
         "\"" + name + "\": \"" + sha256(read_file(file(name))) + "\"");
    reseal();
  }

  TemporaryDirectory directory_;
  std::filesystem::path root_;
};

}  // namespace tensor_service
