// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which files a manifest has to name, and where they may lie, as contract.bundle.places has it:
// what is read and not named could be exchanged without another version, and so could a file behind
// a link that leads out of the bundle. Called by manifest.cc and open_bundle.

#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace tensor_service {

inline constexpr const char* kServerDir = "serving_server";
inline constexpr const char* kServerConf = "serving_server/serving_server_conf.prototxt";
inline constexpr const char* kVocabularyFile = "tokenizer/vocab.txt";
inline constexpr const char* kGoldenFile = "golden.jsonl";

// SHA-256 in hex by path relative to the bundle.
using ListedFiles = std::map<std::string, std::string>;

// Throws BundleError, which names the manifest, when a name leads out of the bundle, or when one
// that every service reads is missing.
void check_names(const ListedFiles& files, const std::filesystem::path& manifest);

// Throws BundleError for a file behind a link that leaves the bundle, and for one that would be
// read and is not among the files. Links within the bundle are legal, and the bundle itself may be
// one; so may the entries of a mounted ConfigMap.
void check_places(const std::filesystem::path& root, const ListedFiles& files);

}  // namespace tensor_service
