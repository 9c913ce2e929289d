// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A CallSink that keeps what a protocol hands it. Used by the protocols' tests.

#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "wire/protocol.h"

namespace tensor_service {

struct RecordingSink : CallSink {
  void on_call(Call&& call) override {
    calls.push_back(std::move(call));
    if (answer_at_once) {
      answer_at_once(calls.back().id);
    }
  }
  void on_cancel(CallId id) override { cancelled.push_back(id); }
  void on_refused(Status status) override { refused.push_back(status); }

  std::vector<Call> calls;
  std::vector<CallId> cancelled;
  std::vector<Status> refused;
  std::function<void(CallId)> answer_at_once;
};

inline Reply reply_to(CallId id, std::string body, Status status = Status::kOk,
                      std::string message = "") {
  Reply reply;
  reply.id = id;
  reply.status = status;
  reply.message = std::move(message);
  reply.body = std::move(body);
  return reply;
}

}  // namespace tensor_service
