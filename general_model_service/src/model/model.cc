// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "model/model.h"

#include <algorithm>

#include "model/bounds.h"
#include "report/log.h"

namespace tensor_service {
namespace {

std::size_t port_of(const std::vector<Port>& ports, const TensorSpec& spec, const char* role) {
  std::string known;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == spec.name) {
      return i;
    }
    known += (i == 0 ? "" : ", ") + ports[i].name;
  }
  throw BundleError(spec.name + ": the bundle declares this " + role + ", the graph has only " +
                    known + "; export the bundle again");
}

void match_inputs(Model& model, const std::vector<Port>& ports) {
  for (const TensorSpec& spec : model.bundle.feeds) {
    const std::size_t port = port_of(ports, spec, "input");
    if (ports[port].type != spec.type) {
      throw BundleError(spec.name + ": the bundle declares " +
                        std::string(elem_type_name(spec.type)) + ", the graph takes " +
                        std::string(elem_type_name(ports[port].type)) +
                        "; export the bundle again");
    }
    model.inputs.push_back({.spec = spec, .port = port, .shape = ports[port].shape});
  }
  if (model.inputs.size() != ports.size()) {
    throw BundleError("the graph has " + std::to_string(ports.size()) +
                      " inputs, the bundle declares " + std::to_string(model.inputs.size()) +
                      "; export the bundle again");
  }
}

bool has_batch_axis(const Shape& shape) { return !shape.empty() && shape[0] == -1; }

void match_outputs(Model& model, const std::vector<Port>& ports) {
  model.may_pad = true;
  for (const TensorSpec& spec : model.bundle.fetches) {
    const std::size_t port = port_of(ports, spec, "output");
    model.outputs.push_back({spec, port, ports[port].type, ports[port].shape});
  }
  // of all outputs, also those the bundle does not name: they are computed for the whole batch
  for (const Port& port : ports) {
    model.rows_independent = model.rows_independent && has_batch_axis(port.shape);
    model.may_pad = model.may_pad && std::count(port.shape.begin(), port.shape.end(), -1) <= 1;
  }
}

Precision chosen_precision(const ModelOptions& options, const Bundle& bundle) {
  if (options.reader == GraphReader::kOnnxRuntime) {
    if (!options.automatic_precision && options.precision != Precision::kFp32) {
      throw BundleError("--precision " + std::string(precision_name(options.precision)) +
                        ": ONNX Runtime computes in fp32 here; use auto or fp32");
    }
    return Precision::kFp32;
  }
  const bool quantized = bundle.manifest && bundle.manifest->precision == "int8";
  if (quantized) {
    return Precision::kInt8;
  }
  if (options.precision == Precision::kInt8 && !options.automatic_precision) {
    throw BundleError(bundle.root.string() +
                      ": not a quantized bundle; give one to --model, or --precision bf16 or fp32");
  }
  if (bundle.manifest && bundle.manifest->rounds_states) {
    if (!options.automatic_precision && options.precision != Precision::kFp32) {
      throw BundleError("--precision " + std::string(precision_name(options.precision)) + ": " +
                        std::string(kOnlyFp32));
    }
    if (options.automatic_precision) {
      log_line("--precision auto: fp32, for " + std::string(kOnlyFp32));
    }
    return Precision::kFp32;
  }
  if (options.automatic_precision) {
    return cpu_has_bf16() ? Precision::kBf16 : Precision::kFp32;
  }
  if (options.precision == Precision::kBf16 && !cpu_has_bf16()) {
    throw BundleError("--precision bf16: this CPU does not multiply bfloat16; use auto or fp32");
  }
  return options.precision;
}

// A tensor of an .onnx may have several names, of which the bundle knows one.
std::vector<std::string> names_of(const Bundle& bundle) {
  std::vector<std::string> names;
  for (const auto* specs : {&bundle.feeds, &bundle.fetches}) {
    for (const TensorSpec& spec : *specs) {
      names.push_back(spec.name);
    }
  }
  return names;
}

// A bundle whose tokenizer is of another kind still answers tensors.
void load_encoder(Model& model) {
  if (!model.bundle.manifest) {
    return;
  }
  const Manifest& manifest = *model.bundle.manifest;
  try {
    model.encoder = PairEncoder::load(model.bundle.root / "tokenizer",
                                      static_cast<std::size_t>(manifest.max_seq_length),
                                      text_rules(manifest.truncation, manifest.normalization));
  } catch (const TokenizerError& error) {
    log_line(std::string("tensors are answered and no texts: ") + error.what());
  }
}

std::shared_ptr<Model> compile(const ModelOptions& options, const Bundle& bundle,
                               Precision precision) {
  auto model = std::make_shared<Model>();
  model->bundle = bundle;
  model->precision = precision;
  std::vector<int> threads(static_cast<std::size_t>(options.engines), options.threads);
  if (options.lone_threads > options.threads) {
    threads.push_back(options.lone_threads);
  }
  model->engines =
      options.reader == GraphReader::kOnnxRuntime
          ? make_onnxruntime_engines(bundle.model, options.gpu, threads)
          : make_openvino_engines(
                bundle.model,
                {.precision = precision, .names = names_of(bundle), .cache = options.engine_cache},
                threads);
  if (options.lone_threads > options.threads) {
    model->lone = std::move(model->engines.back());
    model->engines.pop_back();
  }
  const Engine& engine = *model->engines.front();
  match_inputs(*model, engine.inputs());
  model->rows_independent =
      std::all_of(model->inputs.begin(), model->inputs.end(),
                  [](const Input& input) { return has_batch_axis(input.shape); });
  match_outputs(*model, engine.outputs());
  find_bounds(*model);
  load_encoder(*model);
  for (const auto& compiled : model->engines) {
    model->idle.push_back(compiled.get());
    // each copy: it also computes its first shapes before a caller waits for them
    model->golden = check_golden(bundle, *compiled, precision);
  }
  if (model->lone) {
    check_golden(bundle, *model->lone, precision);
  }
  return model;
}

std::shared_ptr<Model> load_compiled(const ModelOptions& options) {
  const Bundle bundle = open_bundle(options.path, options.reader);
  const Precision precision = chosen_precision(options, bundle);
  if (!options.automatic_precision || precision != Precision::kBf16) {
    return compile(options, bundle, precision);
  }
  try {
    return compile(options, bundle, precision);
  } catch (const BundleError& error) {
    log_line(std::string("--precision auto: fp32, for in bf16 ") + error.what());
    return compile(options, bundle, Precision::kFp32);
  }
}

}  // namespace

std::string Model::version() const {
  return bundle.manifest ? bundle.manifest->version : "unversioned";
}

std::string Model::golden_text() const {
  if (!golden) {
    return "has no golden pairs to check";
  }
  return "passes its golden pairs" + (golden->doubt.empty() ? "" : ", but " + golden->doubt);
}

// What is kept of compiled graphs may be damaged: without it the bundle says whose fault it is.
std::shared_ptr<Model> load_model(const ModelOptions& options) {
  if (options.engine_cache.empty()) {
    return load_compiled(options);
  }
  try {
    return load_compiled(options);
  } catch (const std::exception&) {
    ModelOptions plain = options;
    plain.engine_cache.clear();
    auto model = load_compiled(plain);
    log_line("engine_cache: " + options.engine_cache.string() +
             " holds a damaged graph; it is not used, delete it");
    return model;
  }
}

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
  }
  return "unknown";
}

}  // namespace tensor_service
