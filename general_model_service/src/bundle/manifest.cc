// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/manifest.h"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

namespace tensor_service {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

constexpr std::int64_t kSchema = 1;

[[noreturn]] void refuse(const fs::path& file, const std::string& reason) {
  throw BundleError(file.string() + ": " + reason + "; export the bundle again");
}

template <class T>
T field(const fs::path& file, const element& object, const char* key) {
  T value{};
  if (const auto error = object[key].get(value)) {
    refuse(file, std::string(key) +
                     (error == simdjson::NO_SUCH_FIELD ? ": missing" : ": of another type"));
  }
  return value;
}

std::string text_field(const fs::path& file, const element& object, const char* key) {
  return std::string(field<std::string_view>(file, object, key));
}

// A listed file is read and hashed: the manifest must not lead the service out of the bundle.
bool stays_inside(const fs::path& name) {
  return !name.empty() && name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".."; });
}

std::map<std::string, std::string> listed_files(const fs::path& file, const element& root) {
  std::map<std::string, std::string> files;
  for (const auto entry : field<simdjson::dom::object>(file, root, "files")) {
    const std::string name(entry.key);
    if (!stays_inside(name)) {
      refuse(file, "files: \"" + name + "\" is not a path inside the bundle");
    }
    std::string_view digest;
    if (entry.value.get(digest) != simdjson::SUCCESS) {
      refuse(file, "files: \"" + name + "\" has no SHA-256");
    }
    files.emplace(name, digest);
  }
  return files;
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string sha256_of(const fs::path& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  std::ifstream stream(file, std::ios::binary);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 || !stream) {
    throw BundleError(file.string() + ": cannot be read; check its permissions");
  }
  std::vector<char> block(1 << 20);
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (stream.bad() || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
    throw BundleError(file.string() + ": cannot be read to its end; copy the bundle again");
  }
  return hex(digest.data(), size);
}

}  // namespace

ManifestFile read_manifest(const fs::path& path) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.load(path.string()).get(root)) {
    refuse(path,
           std::string("not a manifest of this project (") + simdjson::error_message(error) + ")");
  }
  const auto schema = field<std::int64_t>(path, root, "schema");
  if (schema != kSchema) {
    refuse(path, "schema " + std::to_string(schema) + " is not " + std::to_string(kSchema));
  }
  ManifestFile result;
  result.path = path;
  Manifest& manifest = result.manifest;
  manifest.ranker = text_field(path, root, "ranker");
  manifest.version = text_field(path, root, "version");
  manifest.score_function = text_field(path, root, "score_function");
  manifest.logits = text_field(path, root, "logits");
  manifest.precision = text_field(path, root, "precision");
  manifest.max_seq_length = field<std::int64_t>(path, root, "max_seq_length");
  if (manifest.precision != "fp32" && manifest.precision != "bf16" &&
      manifest.precision != "int8") {
    refuse(path, "precision \"" + manifest.precision + "\" is not one of fp32, bf16, int8");
  }
  result.files = listed_files(path, root);
  return result;
}

void verify_files(const ManifestFile& manifest) {
  for (const auto& [name, digest] : manifest.files) {
    const fs::path file = manifest.path.parent_path() / name;
    // a fifo or a device would hold up the reader for ever
    if (!fs::is_regular_file(file)) {
      throw BundleError(file.string() + ": missing; export or copy the bundle again");
    }
    if (sha256_of(file) != digest) {
      throw BundleError(file.string() +
                        ": damaged: its SHA-256 is not the manifest's; export or copy the bundle "
                        "again");
    }
  }
}

void require_listed(const ManifestFile& manifest, const fs::path& file) {
  const std::string name = file.lexically_relative(manifest.path.parent_path()).generic_string();
  if (!manifest.files.contains(name)) {
    throw BundleError(file.string() + ": not listed in " + manifest.path.string() +
                      "; remove the file or export the bundle again");
  }
}

}  // namespace tensor_service
