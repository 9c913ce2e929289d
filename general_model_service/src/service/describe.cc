// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/describe.h"

#include "json/json_text.h"

namespace tensor_service {
namespace {

std::string spec_json(const TensorSpec& spec, ElemType type, const Shape& shape) {
  std::string text =
      "{\"alias_name\": " + json_string(spec.alias) + ", \"name\": " + json_string(spec.name);
  text += ", \"elem_type\": " + std::to_string(static_cast<int>(type));
  text += ", \"dtype\": " + json_string(elem_type_name(type));
  return text + ", \"shape\": " + shape_text(shape) + "}";
}

std::string manifest_json(const Model& model) {
  if (!model.bundle.manifest) {
    return "\"ranker\": null, \"version\": null, \"max_seq_length\": null, \"score_function\": "
           "null";
  }
  const Manifest& manifest = *model.bundle.manifest;
  return "\"ranker\": " + json_string(manifest.ranker) +
         ", \"version\": " + json_string(manifest.version) +
         ", \"max_seq_length\": " + std::to_string(manifest.max_seq_length) +
         ", \"score_function\": " + json_string(manifest.score_function);
}

}  // namespace

std::string describe(const Model& model) {
  std::string text = "{\"service\": \"GeneralModelService\", ";
  text += "\"path\": \"/GeneralModelService/inference\", " + manifest_json(model);
  text += ", \"precision\": " + json_string(precision_name(model.precision));
  text += ", \"inputs\": [";
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    const Input& input = model.inputs[i];
    text += (i == 0 ? "" : ", ") + spec_json(input.spec, input.spec.type, input.shape);
  }
  text += "], \"outputs\": [";
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const Output& output = model.outputs[i];
    text += (i == 0 ? "" : ", ") + spec_json(output.spec, output.type, output.shape);
  }
  return text + "]}\n";
}

}  // namespace tensor_service
