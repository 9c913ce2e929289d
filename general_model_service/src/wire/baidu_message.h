// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One message of baidu_std at a time: "PRPC", the sizes of body and meta (32 bits each,
// big-endian), then the body: RpcMeta, payload, attachment. Read and written for baidu_std.cc.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "baidu_rpc_meta.pb.h"
#include "wire/protocol.h"

namespace tensor_service {

enum class BaiduEvent {
  kNone,     // all input is taken, more is needed
  kMeta,     // meta() is there; its payload is collected next, unless skip_payload() is called
  kMessage,  // payload() is there
  kLost,     // these bytes are not baidu_std, or cannot be answered
};

class BaiduReader {
 public:
  explicit BaiduReader(const ProtocolLimits& limits) : limits_(limits), held_(limits.budget) {}

  // Takes input up to the next event. Throws CallError for a payload that has no place; the rest of
  // it is skipped then.
  BaiduEvent read(std::string_view& input);

  bool between_messages() const { return part_ == Part::kHeader && collected_.empty(); }

  const baidu_std::RpcMeta& meta() const { return meta_; }
  // Why this message cannot be a call; what could be read of the meta is still there.
  std::optional<CallError> refusal() const;
  void skip_payload();
  // To be called at once at kMessage.
  std::string take_payload() { return std::exchange(collected_, {}); }
  HeldBytes take_held() { return std::exchange(held_, HeldBytes(limits_.budget)); }
  Clock::time_point received() const { return received_; }  // its first byte

 private:
  enum class Part { kHeader, kMeta, kPayload, kRest };

  bool collect(std::string_view& input, std::size_t size);
  bool collect_payload(std::string_view& input);
  BaiduEvent read_header(std::string_view& input);
  void read_meta();
  void skip_rest();

  const ProtocolLimits limits_;
  Part part_ = Part::kHeader;
  HeldBytes held_;         // the payload's share
  std::string collected_;  // of the part
  std::size_t meta_size_ = 0;
  std::size_t payload_size_ = 0;
  std::size_t rest_size_ = 0;  // after the meta, or after the payload
  baidu_std::RpcMeta meta_;
  bool meta_parsed_ = false;
  Clock::time_point received_{};
};

// Appends the answer to a call: brpc's error code and text, or the body as the payload.
void append_baidu_reply(std::string& output, std::int64_t correlation_id, const Reply& reply);

}  // namespace tensor_service
