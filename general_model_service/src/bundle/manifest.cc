// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/manifest.h"

#include <simdjson.h>

#include <fstream>
#include <iterator>

#include "bundle/canonical_json.h"
#include "bundle/scoring.h"
#include "bundle/sha256.h"
#include "json/json_node.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

constexpr std::int64_t kFilesSchema = 1;  // the version covers the files
constexpr std::int64_t kFactsSchema = 2;  // and all other facts that decide ids or scores
constexpr std::size_t kVersionDigits = 12;

[[noreturn]] void refuse(const fs::path& file, const std::string& reason) {
  throw BundleError(file.string() + ": " + reason + "; export the bundle again");
}

JsonFields read_fields(const fs::path& file) try {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw BundleError("cannot be read");
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return canonical_fields(text);
} catch (const std::runtime_error& error) {
  refuse(file, std::string("not a manifest of this project (") + error.what() + ")");
}

// The parser holds what the value points to.
template <class T>
T field(const fs::path& file, const JsonFields& fields, const char* key,
        simdjson::dom::parser& parser) {
  const auto found = fields.find(key);
  if (found == fields.end()) {
    refuse(file, std::string(key) + ": missing");
  }
  T value{};
  if (parser.parse(found->second).get(value) != simdjson::SUCCESS) {
    refuse(file, std::string(key) + ": of another type");
  }
  return value;
}

std::int64_t number_field(const fs::path& file, const JsonFields& fields, const char* key) {
  simdjson::dom::parser parser;
  return field<std::int64_t>(file, fields, key, parser);
}

std::string text_field(const fs::path& file, const JsonFields& fields, const char* key) {
  simdjson::dom::parser parser;
  return std::string(field<std::string_view>(file, fields, key, parser));
}

// The rules for texts and the calibration, where the manifest has them.
void read_text_facts(const fs::path& file, const JsonFields& fields, std::int64_t schema,
                     Manifest& manifest) {
  if (fields.contains("truncation")) {
    manifest.truncation = text_field(file, fields, "truncation");
  }
  if (fields.contains("normalization")) {
    manifest.normalization = text_field(file, fields, "normalization");
  }
  const auto calibration = fields.find("calibration");
  if (calibration == fields.end() || calibration->second == "null") {
    return;
  }
  if (schema == kFilesSchema) {
    refuse(file, "the version of schema 1 does not cover a calibration");
  }
  try {
    manifest.calibration = Calibration::parse(calibration->second);
  } catch (const JsonError& error) {
    throw BundleError(file.string() + ": " + error.what());
  }
  const ScoreFunction* function = find_score_function(manifest.score_function);
  if (function != nullptr && !function->has_logits) {
    refuse(file, "calibration takes logits, which " + manifest.score_function + " has not");
  }
}

// Whether the graph rounds states; its two further graphs are none of this service's business.
bool rounds_states(const fs::path& file, const JsonFields& fields) {
  const auto split = fields.find("split");
  if (split == fields.end() || split->second == "null") {
    return false;
  }
  simdjson::dom::parser parser;
  std::string_view type;
  if (field<simdjson::dom::object>(file, fields, "split", parser).at_key("state_type").get(type) !=
          simdjson::SUCCESS ||
      (type != "fp32" && type != "fp16")) {
    refuse(file, "split: state_type is not one of fp32, fp16");
  }
  return type == "fp16";
}

ListedFiles listed_files(const fs::path& file, const JsonFields& fields) {
  simdjson::dom::parser parser;
  ListedFiles files;
  for (const auto entry : field<simdjson::dom::object>(file, fields, "files", parser)) {
    const std::string name(entry.key);
    std::string_view digest;
    if (entry.value.get(digest) != simdjson::SUCCESS) {
      refuse(file, "files: \"" + name + "\" has no SHA-256");
    }
    files.emplace(name, digest);
  }
  return files;
}

std::int64_t schema_of(const fs::path& file, const JsonFields& fields) {
  const std::int64_t schema = number_field(file, fields, "schema");
  if (schema != kFilesSchema && schema != kFactsSchema) {
    throw BundleError(file.string() + ": schema " + std::to_string(schema) + " is not one of " +
                      std::to_string(kFilesSchema) + ", " + std::to_string(kFactsSchema) +
                      "; serve the bundle with the release that exported it, or export it again");
  }
  return schema;
}

std::string version_of(std::int64_t schema, const JsonFields& fields, const ListedFiles& files) {
  std::string lines;
  if (schema == kFilesSchema) {
    for (const auto& [name, digest] : files) {
      lines += digest + "  " + name + "\n";
    }
  } else {
    for (const auto& [key, value] : fields) {
      if (key != "version" && key != "source") {
        lines += key + " " + value + "\n";
      }
    }
  }
  return sha256_of_text(lines).substr(0, kVersionDigits);
}

}  // namespace

ManifestFile read_manifest(const fs::path& path) {
  const JsonFields fields = read_fields(path);
  const std::int64_t schema = schema_of(path, fields);
  ManifestFile result;
  result.path = path;
  Manifest& manifest = result.manifest;
  manifest.ranker = text_field(path, fields, "ranker");
  manifest.version = text_field(path, fields, "version");
  manifest.score_function = text_field(path, fields, "score_function");
  manifest.logits = text_field(path, fields, "logits");
  manifest.precision = text_field(path, fields, "precision");
  manifest.max_seq_length = number_field(path, fields, "max_seq_length");
  if (manifest.precision != "fp32" && manifest.precision != "bf16" &&
      manifest.precision != "int8") {
    refuse(path, "precision \"" + manifest.precision + "\" is not one of fp32, bf16, int8");
  }
  result.files = listed_files(path, fields);
  check_names(result.files, path);
  const std::string version = version_of(schema, fields, result.files);
  if (manifest.version != version) {
    refuse(path, "version \"" + manifest.version + "\" is not that of its contents, " + version +
                     ": somebody has edited the manifest");
  }
  read_text_facts(path, fields, schema, manifest);
  manifest.rounds_states = rounds_states(path, fields);
  return result;
}

std::string version_of(const fs::path& manifest) {
  const JsonFields fields = read_fields(manifest);
  return version_of(schema_of(manifest, fields), fields, listed_files(manifest, fields));
}

void verify_files(const ManifestFile& manifest) {
  for (const auto& [name, digest] : manifest.files) {
    const fs::path file = manifest.path.parent_path() / name;
    // a fifo or a device would hold up the reader for ever
    if (!fs::is_regular_file(file)) {
      throw BundleError(file.string() + ": missing; export or copy the bundle again");
    }
    if (sha256_of_file(file) != digest) {
      throw BundleError(file.string() +
                        ": damaged: its SHA-256 is not the manifest's; export or copy the bundle "
                        "again");
    }
  }
}

void require_listed(const ManifestFile& manifest, const fs::path& file) {
  const std::string name = file.lexically_relative(manifest.path.parent_path()).generic_string();
  if (!manifest.files.contains(name)) {
    throw BundleError(file.string() + ": is not among the files of " + manifest.path.string() +
                      ", and would be read; export the bundle again");
  }
}

}  // namespace tensor_service
