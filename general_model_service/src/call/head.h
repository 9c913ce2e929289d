// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A request before its body: what a protocol shows of it as soon as its head has come, and what is
// said to that. So strangers are refused before their bodies are read.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "call/call.h"

namespace tensor_service {

// Fields that tell who calls and from where, as they came; kept only where the head is shown.
struct DoorFields {
  using Field = std::optional<std::string>;

  // of one that stands twice the first counts
  Field authorization = {};
  Field api_key = {};  // x-api-key
  Field host = {};
  Field cors_method = {};   // access-control-request-method
  Field cors_headers = {};  // ...-headers
  Field cors_network = {};  // ...-private-network
  // of one that stands twice the last counts
  Field origin = {};
  Field site = {};  // sec-fetch-site
  Field referer = {};
  Field agent = {};           // user-agent
  Field forwarded_host = {};  // x-forwarded-host
  Field content_type = {};
};

struct RequestHead {
  std::string_view method = "POST";  // HTTP's; POST for the RPC protocols
  std::string_view path = {};
  Format format = Format::kProto;
  bool is_http = false;  // not one of the RPC protocols
  const CallFields* fields = nullptr;
  const DoorFields* door = nullptr;  // null: the protocol has none
  std::size_t body = 0;              // bytes that the caller says will come
};

// What a request may use of its caller's share, from its head to its answer. Used by one thread at
// a time.
class Pass {
 public:
  virtual ~Pass() = default;

  // The body, of so many bytes, is there and is worked on from now on. Throws an error of ranking/:
  // there is no room now, or the caller has used its share.
  virtual void enter(std::size_t body) = 0;
  // In place of enter, for what needs no room: it is one of the caller's requests.
  virtual void count() = 0;
  // So many documents or rows are about to be ranked. Throws an error of ranking/.
  virtual void take_documents(std::size_t count) = 0;
  // It is about to be answered; served: it was scored.
  virtual void leave(bool served) noexcept = 0;
};

struct Verdict {
  std::optional<Reply> refusal;  // its answer; what follows of its body is of no use
  std::shared_ptr<Pass> pass;    // goes with the call
  HeadFields fields;             // of every answer to it
};

}  // namespace tensor_service
