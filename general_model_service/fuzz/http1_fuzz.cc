// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer's bytes to HTTP/1, as protocol_run.h feeds them. Run by libFuzzer's main.

#include "protocol_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tensor_service::run_http1({reinterpret_cast<const char*>(data), size});
  return 0;
}
