// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Keeps pages of other origins from using the browser of who can reach this service, as
// pipeline/edges/http/layers/browsers.py does and docs/decisions/browsers.md says why; and what
// CORS answers, as Starlette's CORSMiddleware has it.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "call/head.h"
#include "ranking/ranking_error.h"

namespace tensor_service {

class Browsers {
 public:
  Browsers(const std::vector<std::string>& origins, const std::vector<std::string>& hosts);

  // Why this request is not answered, if it is not. with_keys: one is asked for, so that nothing
  // but the name is looked at.
  std::optional<RankingError> refusal(const RequestHead& head, bool with_keys) const;

 private:
  bool is_named(std::string_view name) const;

  std::vector<std::string> origins_;
  std::vector<std::string> hosts_;
  bool all_origins_ = false;
};

// What browsers are told of other origins that may call.
class Cors {
 public:
  explicit Cors(std::vector<std::string> origins);

  // The answer to a browser that asks before it sends, if that is what this is.
  std::optional<Reply> preflight(const RequestHead& head) const;
  // What every other answer has; nothing when no origin is configured.
  HeadFields fields(const RequestHead& head) const;

 private:
  bool allows(std::string_view origin) const;

  const std::vector<std::string> origins_;
  bool all_ = false;
};

}  // namespace tensor_service
