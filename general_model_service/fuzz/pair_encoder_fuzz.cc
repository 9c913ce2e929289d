// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer's bytes to PairEncoder, as text_run.h feeds them. Run by libFuzzer's main.

#include "text_run.h"

// Before the first input, whose time is bounded.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  for (const char settings : {0, 1, 2, 3, 4, 5, 6, 7}) {
    tensor_service::run_pair_encoder({&settings, 1});
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tensor_service::run_pair_encoder({reinterpret_cast<const char*>(data), size});
  return 0;
}
