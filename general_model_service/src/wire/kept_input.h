// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes that a protocol has received and not yet parsed. Used by http1.cc and baidu_std.cc.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tensor_service {

class KeptInput {
 public:
  void append(std::string_view bytes) { bytes_.append(bytes); }

  std::string_view view() const { return std::string_view(bytes_).substr(taken_); }
  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }

  // Leaves only the last rest bytes. Moves them only when half of the buffer is used up, so that
  // taking many small requests from a full buffer stays linear.
  void keep_last(std::size_t rest) {
    taken_ = bytes_.size() - rest;
    if (rest == 0) {
      clear();
    } else if (taken_ > bytes_.size() / 2) {
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
  }

  // Gives the memory back too.
  void clear() {
    bytes_ = std::string();
    taken_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace tensor_service
