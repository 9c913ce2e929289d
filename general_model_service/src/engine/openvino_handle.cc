// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "engine/openvino_handle.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tensor_service::openvino {
namespace {

// Messages of some operators print whole graphs.
constexpr std::size_t kLongest = 300;

}  // namespace

std::string useful_line(std::string_view message) {
  std::string result;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    std::string line(message.substr(0, end));
    message.remove_prefix(std::min(end + 1, message.size()));
    if (line.starts_with("Exception from ") || line.starts_with("FrontEnd API failed ")) {
      continue;
    }
    if (const std::size_t check = line.find("Check '"); check != std::string::npos) {
      line.erase(check);  // what is before it names the node
    }
    line.erase(line.find_last_not_of(" \t") + 1);
    if (!line.empty()) {
      result += (result.empty() ? "" : ": ") + line;
    }
  }
  return result.substr(0, kLongest);
}

void check(ov_status_e status) {
  if (status == ov_status_e::OK) {
    return;
  }
  std::string reason;
  if (status != ov_status_e::INVALID_C_PARAM) {  // which leaves the message of an older failure
    if (const TextPtr message{ov_get_last_err_msg()}) {
      reason = useful_line(message.get());
    }
  }
  throw std::runtime_error(reason.empty() ? ov_get_error_info(status) : reason);
}

}  // namespace tensor_service::openvino
