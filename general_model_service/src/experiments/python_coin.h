// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// random.Random(text).getrandbits(1) of Python: a Mersenne Twister whose state is made of the text
// and its SHA-512 as Python makes it (seeding version 2, init_by_array of the reference
// implementation). Called by team_draft.cc.

#pragma once

#include <random>
#include <string_view>

namespace tensor_service {

class PythonCoin {
 public:
  explicit PythonCoin(std::string_view seed);

  unsigned flip() { return static_cast<unsigned>(twister_() >> 31U); }

 private:
  std::mt19937 twister_;
};

}  // namespace tensor_service
