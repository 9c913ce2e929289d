// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer's bytes as messages of PipelineService, as rpc_request_run.h feeds them. Run by
// libFuzzer's main.

#include "rpc_request_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tensor_service::run_rpc_request({reinterpret_cast<const char*>(data), size});
  return 0;
}
