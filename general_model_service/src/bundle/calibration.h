// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Makes probabilities of margins of logits, by what a manifest's "calibration" says, as
// contract/calibration.py does. Called for each pair that was asked for as text.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tensor_service {

class Calibration {
 public:
  // The value of a manifest, as JSON. Throws std::runtime_error saying what is wrong with it.
  static Calibration parse(std::string_view json);

  double score(double margin) const;

 private:
  enum class Method : std::uint8_t { kTemperature, kPlatt, kIsotonic };

  double between_steps(double margin) const;

  Method method_ = Method::kTemperature;
  double slope_ = 1.0;  // or the temperature
  double intercept_ = 0.0;
  std::vector<double> logits_;
  std::vector<double> scores_;
};

}  // namespace tensor_service
