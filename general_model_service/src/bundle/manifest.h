// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// manifest.json in, the facts that this service uses and the SHA-256 of every file out. Called by
// open_bundle.

#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "bundle/bundle.h"

namespace tensor_service {

struct ManifestFile {
  std::filesystem::path path;  // of manifest.json
  Manifest manifest;
  std::map<std::string, std::string> files;  // SHA-256 in hex by path relative to the bundle
};

// Throws BundleError: not JSON, another schema, a key missing, or a name outside the bundle.
ManifestFile read_manifest(const std::filesystem::path& path);

// Compares the SHA-256 of every listed file. Throws BundleError naming the first that differs.
void verify_files(const ManifestFile& manifest);

// Throws BundleError unless the manifest vouches for the file.
void require_listed(const ManifestFile& manifest, const std::filesystem::path& file);

}  // namespace tensor_service
