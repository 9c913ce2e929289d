// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A ranking request with texts of its own, for whoever reads it after its body has gone.

#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "ranking/rank_request.h"

namespace tensor_service {

class OwnedRequest {
 public:
  explicit OwnedRequest(const RankRequest& request) : request_(request) {
    own(request_.queries);
    own(request_.titles);
  }
  OwnedRequest(const OwnedRequest&) = delete;
  OwnedRequest& operator=(const OwnedRequest&) = delete;

  const RankRequest& request() const { return request_; }

  static std::size_t bytes_of(const RankRequest& request) {
    std::size_t bytes = 0;
    for (const auto* texts : {&request.queries, &request.titles}) {
      for (const std::string_view text : *texts) {
        bytes += text.size() + sizeof(std::string) + sizeof(text);
      }
    }
    return bytes;
  }

 private:
  void own(std::vector<std::string_view>& texts) {
    for (std::string_view& text : texts) {
      text = texts_.emplace_back(text);
    }
  }

  RankRequest request_;
  std::deque<std::string> texts_;  // which stay where they are
};

}  // namespace tensor_service
