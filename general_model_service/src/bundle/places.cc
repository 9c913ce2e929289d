// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/places.h"

#include <algorithm>
#include <array>
#include <vector>

#include "bundle/bundle.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr std::array kAlwaysRead{kServerConf, kVocabularyFile, kGoldenFile};
constexpr const char* kTokenizerConfig = "tokenizer/tokenizer_config.json";
constexpr std::array kGraphSuffixes{".pdmodel", ".json", ".onnx", ".xml", ".pdiparams", ".bin"};
// of Paddle 1, whole names
constexpr std::array kOldGraph{"__model__", "__params__"};

template <class Names>
bool among(const Names& names, const fs::path& name) {
  return std::find(names.begin(), names.end(), name.string()) != names.end();
}

// A relative path in its one spelling.
bool stays_inside(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && path.is_relative() && name.find('\\') == std::string::npos &&
         name.find('\0') == std::string::npos && path.lexically_normal() == path &&
         path.has_filename() && name.find("//") == std::string::npos && *path.begin() != ".." &&
         *path.begin() != ".";
}

bool lies_in(const fs::path& file, const fs::path& root) {
  const fs::path relative = file.lexically_relative(root);
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// What is there, and this service or another one of the bundle would read.
std::vector<fs::path> read_files(const fs::path& root) {
  std::vector<fs::path> found;
  for (const char* name : {kServerConf, kVocabularyFile, kGoldenFile, kTokenizerConfig}) {
    if (fs::is_regular_file(root / name)) {
      found.emplace_back(name);
    }
  }
  auto entry = fs::recursive_directory_iterator(root / kServerDir);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    // a ConfigMap's own directories begin with a dot
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    const fs::path& path = entry->path();
    if ((among(kGraphSuffixes, path.extension()) || among(kOldGraph, path.filename())) &&
        entry->is_regular_file()) {
      found.push_back(path.lexically_relative(root));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

void check_names(const ListedFiles& files, const fs::path& manifest) {
  for (const auto& [name, digest] : files) {
    if (!stays_inside(name)) {
      throw BundleError(manifest.string() + ": files: \"" + name +
                        "\" is no path inside the bundle; export the bundle again");
    }
  }
  for (const char* name : kAlwaysRead) {
    if (!files.contains(name)) {
      throw BundleError(manifest.string() + ": files: \"" + name +
                        "\" is not among them, so nothing shows whether it was changed; export "
                        "the bundle again");
    }
  }
}

void check_places(const fs::path& root, const ListedFiles& files) {
  const fs::path real = fs::canonical(root);
  for (const auto& [name, digest] : files) {
    // one that is not there is missing, which verify_files says
    if (!lies_in(fs::weakly_canonical(root / name), real)) {
      throw BundleError((root / name).string() +
                        ": a link leads out of the bundle, to a file that may change without "
                        "another version; put the file itself there (cp -L)");
    }
  }
  for (const fs::path& name : read_files(root)) {
    if (!files.contains(name.generic_string())) {
      throw BundleError((root / name).string() +
                        ": is not among the manifest's files, and would be read; remove it, or "
                        "export the bundle again");
    }
  }
}

}  // namespace tensor_service
