// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/response_cache.h"

namespace tensor_service {
namespace {

// An entry's own bookkeeping, roughly.
constexpr std::size_t kOverhead = 256;

void append_number(std::string& key, std::uint64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::size_t size_of(const std::vector<Tensor>& outputs) {
  std::size_t bytes = 0;
  for (const Tensor& tensor : outputs) {
    bytes += sizeof(Tensor) + tensor.data.size() + tensor.name.size() + tensor.alias.size() +
             tensor.shape.size() * sizeof(std::int64_t);
  }
  return bytes;
}

}  // namespace

std::string ResponseCache::key_of(const Job& job) {
  std::string key;
  append_number(key, job.model->generation);
  append_number(key, job.rows);
  for (const std::size_t fetch : job.fetches) {
    append_number(key, fetch);
  }
  for (const Shape& trailing : job.trailing) {
    for (const std::int64_t length : trailing) {
      append_number(key, static_cast<std::uint64_t>(length));
    }
    append_number(key, ~std::uint64_t{0});
  }
  for (std::size_t row = 0; row < job.rows; ++row) {
    for (std::size_t input = 0; input < job.model->inputs.size(); ++input) {
      const RowFeed& feed = job.feed(row, input);
      std::size_t bytes = element_size(job.model->inputs[input].spec.type);
      bytes *= static_cast<std::size_t>(feed.length);
      for (const std::int64_t length : job.trailing[input]) {
        bytes *= static_cast<std::size_t>(length);
      }
      append_number(key, static_cast<std::uint64_t>(feed.length));
      key.append(feed.data, bytes);
    }
  }
  return key;
}

std::optional<std::vector<Tensor>> ResponseCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->outputs;
}

void ResponseCache::store(std::string key, const std::vector<Tensor>& outputs) {
  const std::size_t bytes = key.size() + size_of(outputs) + kOverhead;
  const std::lock_guard lock(mutex_);
  if (bytes > max_bytes_ || index_.contains(key)) {
    return;
  }
  entries_.push_front({std::move(key), outputs, bytes});
  index_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    drop_last();
  }
}

void ResponseCache::drop_last() {
  bytes_ -= entries_.back().bytes;
  index_.erase(entries_.back().key);
  entries_.pop_back();
}

void ResponseCache::clear() {
  const std::lock_guard lock(mutex_);
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

std::size_t ResponseCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace tensor_service
