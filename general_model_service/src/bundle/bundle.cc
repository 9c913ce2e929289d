// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/bundle.h"

#include <algorithm>
#include <array>

#include "bundle/manifest.h"
#include "bundle/places.h"
#include "bundle/prototxt.h"
#include "bundle/scoring.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";

struct Directories {
  fs::path root;
  fs::path server;
};

Directories find_directories(const fs::path& path) {
  std::error_code error;
  // resolved once: a link that is switched to another bundle meanwhile cannot mix the two
  const fs::path given = fs::canonical(path, error);
  if (error || !fs::is_directory(given)) {
    throw BundleError(path.string() +
                      ": no such directory; give a bundle or its serving_server directory");
  }
  if (has_serving_conf(given)) {
    const fs::path root = given.parent_path();
    // a manifest lists its files by this name, which may be a link to the directory
    const bool named = fs::equivalent(given, root / kServerDir, error) && !error;
    return {root, named ? root / kServerDir : given};
  }
  if (has_serving_conf(given / kServerDir)) {
    return {given, given / kServerDir};
  }
  throw BundleError(path.string() +
                    ": no serving_server_conf.prototxt in it or in its serving_server; give a "
                    "bundle or its serving_server directory");
}

std::vector<fs::path> files_ending(const fs::path& directory, const char* extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

[[noreturn]] void refuse_without_model(const fs::path& server_dir) {
  // a program of Paddle 3 has its weights beside it; any other .json is none
  if (const auto programs = files_ending(server_dir, ".json");
      !programs.empty() && !files_ending(server_dir, ".pdiparams").empty()) {
    throw BundleError(server_dir.string() + ": holds a program of Paddle 3 only (" +
                      programs[0].filename().string() +
                      "), which OpenVINO cannot read; export the bundle again where paddle2onnx is "
                      "installed (the modern set, Python 3.12), which adds an .onnx");
  }
  throw BundleError(server_dir.string() +
                    ": no .pdmodel (Paddle 2), no .onnx and no .xml (OpenVINO) in it; export the "
                    "bundle again");
}

// The endings of graphs, the one to take first.
std::vector<const char*> graph_endings(GraphReader reader, bool quantized) {
  if (reader == GraphReader::kOnnxRuntime) {
    return {".onnx"};
  }
  return quantized ? std::vector{".xml", ".pdmodel", ".onnx"}
                   : std::vector{".pdmodel", ".onnx", ".xml"};
}

fs::path find_model(const fs::path& server_dir, GraphReader reader, bool quantized) {
  std::vector<fs::path> models;
  for (const char* extension : graph_endings(reader, quantized)) {
    models = files_ending(server_dir, extension);
    if (!models.empty()) {
      break;
    }
  }
  if (models.empty() && reader == GraphReader::kOnnxRuntime) {
    throw BundleError(server_dir.string() +
                      ": no .onnx in it, which ONNX Runtime computes; publish the bundle with one "
                      "(--with_graph), or serve it on the CPU without --gpu and --engine");
  }
  if (models.empty()) {
    refuse_without_model(server_dir);
  }
  if (models.size() > 1) {
    throw BundleError(server_dir.string() + ": both " + models[0].filename().string() + " and " +
                      models[1].filename().string() + " are in it; leave the one to serve");
  }
  return models[0];
}

void check_consistent(const ManifestFile& file, const std::vector<TensorSpec>& fetches) {
  const Manifest& manifest = file.manifest;
  const ScoreFunction* function = find_score_function(manifest.score_function);
  if (function == nullptr) {
    throw BundleError(file.path.string() + ": score_function \"" + manifest.score_function +
                      "\" is not one of " + score_function_names() + "; export the bundle again");
  }
  const auto logits = std::find_if(fetches.begin(), fetches.end(), [&](const TensorSpec& spec) {
    return spec.alias == manifest.logits;
  });
  if (logits == fetches.end() || logits->shape != Shape{function->width}) {
    throw BundleError(file.path.string() + ": score_function \"" + manifest.score_function +
                      "\" needs an output \"" + manifest.logits + "\" of shape " +
                      shape_text(Shape{function->width}) +
                      ", the bundle declares none; export the bundle again");
  }
}

// What is read from here on is what the manifest vouches for.
ManifestFile read_verified(const fs::path& root) {
  ManifestFile manifest = read_manifest(root / kManifest);
  check_places(root, manifest.files);
  verify_files(manifest);
  return manifest;
}

void require_graph_listed(const ManifestFile& manifest, const fs::path& model) {
  for (const fs::path& file : {model, weights_of(model)}) {
    if (!file.empty()) {
      require_listed(manifest, file);
    }
  }
}

}  // namespace

Bundle open_bundle(const fs::path& path, GraphReader reader) try {
  const Directories directories = find_directories(path);
  Bundle bundle;
  bundle.root = directories.root;
  bundle.server_dir = directories.server;
  std::optional<ManifestFile> manifest;
  if (fs::is_regular_file(bundle.root / kManifest)) {
    manifest = read_verified(bundle.root);
    bundle.manifest = manifest->manifest;
  }
  bundle.model =
      find_model(bundle.server_dir, reader, manifest && manifest->manifest.precision == "int8");
  ServingConf conf = read_serving_conf(bundle.server_dir);
  if (manifest) {
    require_listed(*manifest, conf.file);
    require_graph_listed(*manifest, bundle.model);
    check_consistent(*manifest, conf.fetches);
    bundle.vocabulary = read_vocabulary(bundle.root / kVocabularyFile);
  }
  bundle.feeds = std::move(conf.feeds);
  bundle.fetches = std::move(conf.fetches);
  return bundle;
} catch (const fs::filesystem_error& error) {
  throw BundleError(error.path1().string() + ": " + error.code().message() +
                    "; check the directory and its permissions");
}

}  // namespace tensor_service
