// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/prototxt.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>

#include <fstream>
#include <set>

#include "general_model_config.pb.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;
namespace configure = baidu::paddle_serving::configure;

constexpr const char* kTextFile = "serving_server_conf.prototxt";
constexpr const char* kBinaryFile = "serving_server_conf.stream.prototxt";

[[noreturn]] void refuse(const fs::path& file, const std::string& reason) {
  throw BundleError(file.string() + ": " + reason + "; export the bundle again");
}

// Keeps the first error; without it protobuf writes to stderr.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber, const std::string& message) override {
    if (text.empty()) {
      text = "line " + std::to_string(line + 1) + ": " + message;
    }
  }
  std::string text;
};

configure::GeneralModelConfig parse(const fs::path& file, bool is_text) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    refuse(file, "cannot be read");
  }
  configure::GeneralModelConfig config;
  if (!is_text) {
    if (!config.ParseFromIstream(&stream)) {
      refuse(file, "not a Paddle Serving model config");
    }
    return config;
  }
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  google::protobuf::io::IstreamInputStream input(&stream);
  if (!parser.Parse(&input, &config)) {
    refuse(file, "not a Paddle Serving model config (" + error.text + ")");
  }
  return config;
}

template <class Variable>
TensorSpec spec_of(const fs::path& file, const Variable& variable, int number, const char* verb) {
  if (variable.name().empty()) {
    refuse(file, "a variable has no name");
  }
  const auto type = elem_type_from(number);
  if (!type) {
    refuse(file, variable.name() + ": element type " + std::to_string(number) +
                     " is none of 0 to 9, the numeric types of Paddle Serving");
  }
  if (*type == ElemType::kString) {
    throw BundleError(file.string() + ": " + variable.name() + ": this engine cannot " + verb +
                      " strings; export a model that takes and returns numbers");
  }
  TensorSpec spec;
  spec.name = variable.name();
  spec.alias = variable.alias_name().empty() ? variable.name() : variable.alias_name();
  spec.type = *type;
  spec.shape.assign(variable.shape().begin(), variable.shape().end());
  spec.is_lod = variable.is_lod_tensor();
  for (const std::int64_t length : spec.shape) {
    if (length < -1) {
      refuse(file, variable.name() + ": shape " + shape_text(spec.shape) + " is not a shape");
    }
  }
  return spec;
}

// Callers name tensors by either: both must be unique among the feeds, and among the fetches.
void check_distinct(const fs::path& file, const std::vector<TensorSpec>& specs, const char* role) {
  std::set<std::string> names;
  std::set<std::string> aliases;
  for (const TensorSpec& spec : specs) {
    if (!names.insert(spec.name).second || !aliases.insert(spec.alias).second) {
      refuse(file, spec.name + ": two " + role + " have this name or alias");
    }
  }
  if (specs.empty()) {
    refuse(file, std::string("declares no ") + role);
  }
}

}  // namespace

bool has_serving_conf(const fs::path& server_dir) {
  return fs::is_regular_file(server_dir / kTextFile) ||
         fs::is_regular_file(server_dir / kBinaryFile);
}

ServingConf read_serving_conf(const fs::path& server_dir) {
  const bool is_text = fs::is_regular_file(server_dir / kTextFile);
  ServingConf conf;
  conf.file = server_dir / (is_text ? kTextFile : kBinaryFile);
  const configure::GeneralModelConfig config = parse(conf.file, is_text);
  for (const auto& variable : config.feed_var()) {
    conf.feeds.push_back(spec_of(conf.file, variable, variable.feed_type(), "feed"));
  }
  for (const auto& variable : config.fetch_var()) {
    conf.fetches.push_back(spec_of(conf.file, variable, variable.fetch_type(), "return"));
  }
  check_distinct(conf.file, conf.feeds, "feeds");
  check_distinct(conf.file, conf.fetches, "fetches");
  return conf;
}

}  // namespace tensor_service
