// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <string>

#include "bundle/scoring.h"
#include "json/json_node.h"

namespace tensor_service {
namespace {

[[noreturn]] void refuse(const std::string& fault) {
  throw JsonError("calibration: " + fault +
                  "; calibrate the bundle again, by the release that serves it");
}

bool has_only(const JsonNode* node, std::initializer_list<std::string_view> names) {
  return node != nullptr && node->is_object() && node->items.size() == names.size() &&
         std::all_of(names.begin(), names.end(),
                     [node](std::string_view name) { return node->find(name) != nullptr; });
}

double number_of(const JsonNode& node, const char* name) {
  const bool number = node.is_whole() || node.kind == JsonKind::kFloat;
  const double value = node.is_whole() ? std::strtod(node.text.c_str(), nullptr) : node.number;
  if (!number || !std::isfinite(value)) {
    refuse(std::string(name) + " must be finite");
  }
  return value;
}

double positive(const JsonNode& node, const char* name) {
  const double value = number_of(node, name);
  if (value <= 0.0) {
    refuse(std::string(name) + " must be above 0");
  }
  return value;
}

std::vector<double> numbers_of(const JsonNode& node, const char* name) {
  if (!node.is_array() || node.items.empty()) {
    refuse("logits and scores must be lists of finite numbers");
  }
  std::vector<double> numbers;
  for (const JsonNode& item : node.items) {
    numbers.push_back(number_of(item, name));
  }
  return numbers;
}

double sigmoid(double x) { return find_score_function("sigmoid")->score(x); }

}  // namespace

Calibration Calibration::parse(std::string_view json) {
  const JsonNode read = read_json(json);
  if (!has_only(&read, {"method", "parameters", "fitted_on"})) {
    refuse("does not have method, parameters and fitted_on");
  }
  const std::string& method = read.find("method")->text;
  const JsonNode* parameters = read.find("parameters");
  Calibration made;
  if (method == "temperature" && has_only(parameters, {"temperature"})) {
    made.slope_ = positive(*parameters->find("temperature"), "temperature");
  } else if (method == "platt" && has_only(parameters, {"slope", "intercept"})) {
    made.method_ = Method::kPlatt;
    made.slope_ = positive(*parameters->find("slope"), "slope");
    made.intercept_ = number_of(*parameters->find("intercept"), "intercept");
  } else if (method == "isotonic" && has_only(parameters, {"logits", "scores"})) {
    made.method_ = Method::kIsotonic;
    made.logits_ = numbers_of(*parameters->find("logits"), "logits");
    made.scores_ = numbers_of(*parameters->find("scores"), "scores");
    if (made.logits_.size() != made.scores_.size() ||
        std::adjacent_find(made.logits_.begin(), made.logits_.end(), std::greater_equal<>()) !=
            made.logits_.end()) {
      refuse("logits must rise, and have a score each");
    }
    if (!std::is_sorted(made.scores_.begin(), made.scores_.end()) || made.scores_.front() < 0.0 ||
        made.scores_.back() > 1.0) {
      refuse("scores must not fall, and lie from 0 to 1");
    }
  } else {
    refuse("method or parameters are none that this release knows");
  }
  return made;
}

double Calibration::score(double margin) const {
  switch (method_) {
    case Method::kTemperature:
      return sigmoid(margin / slope_);
    case Method::kPlatt:
      return sigmoid(slope_ * margin + intercept_);
    case Method::kIsotonic:
      break;
  }
  return between_steps(margin);
}

// Straight lines between the steps, level beyond them.
double Calibration::between_steps(double margin) const {
  const auto above = std::upper_bound(logits_.begin(), logits_.end(), margin);
  if (above == logits_.begin()) {
    return scores_.front();
  }
  const auto place = static_cast<std::size_t>(above - logits_.begin()) - 1;
  if (above == logits_.end() || logits_[place] == margin) {
    return scores_[place];
  }
  const double slope =
      (scores_[place + 1] - scores_[place]) / (logits_[place + 1] - logits_[place]);
  return slope * (margin - logits_[place]) + scores_[place];
}

}  // namespace tensor_service
