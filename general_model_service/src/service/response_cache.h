// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Outputs of recent requests, least recently used dropped first, bounded in bytes. The key is the
// whole request, not a hash of it: two requests never share an answer by accident.

#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scheduling/job.h"
#include "tensor/tensor.h"
#include "text/text_hash.h"

namespace tensor_service {

class ResponseCache {
 public:
  explicit ResponseCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  bool enabled() const { return max_bytes_ > 0; }

  // What makes two requests the same: the model's generation, every tensor, the outputs wanted.
  static std::string key_of(const Job& job);

  std::optional<std::vector<Tensor>> find(const std::string& key);
  void store(std::string key, const std::vector<Tensor>& outputs);

  // Drops everything, when another bundle answers from now on.
  void clear();
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    std::vector<Tensor> outputs;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  void drop_last();

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;  // most recent first
  // keys live in the entries
  std::unordered_map<std::string_view, Entries::iterator, TextHash> index_;
  std::size_t bytes_ = 0;
};

}  // namespace tensor_service
