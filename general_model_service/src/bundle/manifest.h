// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// manifest.json in, the facts that this service uses and the SHA-256 of every file out. Called by
// open_bundle.

#pragma once

#include <filesystem>
#include <string>

#include "bundle/bundle.h"
#include "bundle/places.h"

namespace tensor_service {

struct ManifestFile {
  std::filesystem::path path;  // of manifest.json
  Manifest manifest;
  ListedFiles files;
};

// Keys that this service does not know are none of its business. Throws BundleError: not JSON,
// another schema, a key missing, a name outside the bundle, a file missing among the names, or
// another version than that of the contents.
ManifestFile read_manifest(const std::filesystem::path& path);

// 12 hex digits that the contents of a manifest make, as contract.bundle.manifest.version_of has
// it. Schema 1: of the files' hashes. Schema 2: of a line for each key but version and source, by
// name, "<key> <value>", the value as canonical_fields() writes it.
std::string version_of(const std::filesystem::path& manifest);

// Compares the SHA-256 of every listed file. Throws BundleError naming the first that differs.
void verify_files(const ManifestFile& manifest);

// Throws BundleError unless the manifest vouches for the file.
void require_listed(const ManifestFile& manifest, const std::filesystem::path& file);

}  // namespace tensor_service
