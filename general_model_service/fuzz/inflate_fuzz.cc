// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer's bytes to inflate(), as codec_run.h feeds them. Run by libFuzzer's main.

#include "codec_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tensor_service::run_inflate({reinterpret_cast<const char*>(data), size});
  return 0;
}
