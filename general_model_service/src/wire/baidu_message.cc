// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/baidu_message.h"

#include <algorithm>

namespace tensor_service {
namespace {

constexpr std::string_view kMagic = "PRPC";
constexpr std::size_t kHeaderSize = 12;

std::uint32_t read_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) {
    number = number << 8U | static_cast<unsigned char>(byte);
  }
  return number;
}

void append_number(std::string& bytes, std::size_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(number >> shift & 0xFFU);
  }
}

}  // namespace

BaiduEvent BaiduReader::read(std::string_view& input) {
  switch (part_) {
    case Part::kHeader: {
      const BaiduEvent event = read_header(input);
      if (part_ == Part::kHeader) {
        return event;
      }
      [[fallthrough]];
    }
    case Part::kMeta:
      if (!collect(input, meta_size_)) {
        return BaiduEvent::kNone;
      }
      read_meta();
      return BaiduEvent::kMeta;
    case Part::kPayload:
      if (!collect_payload(input)) {
        return BaiduEvent::kNone;
      }
      skip_rest();
      return BaiduEvent::kMessage;
    case Part::kRest: {
      const std::size_t size = std::min(rest_size_, input.size());
      input.remove_prefix(size);
      rest_size_ -= size;
      skip_rest();
      return part_ == Part::kHeader ? read(input) : BaiduEvent::kNone;
    }
  }
  return BaiduEvent::kLost;
}

bool BaiduReader::collect(std::string_view& input, std::size_t size) {
  const std::string_view bytes = input.substr(0, size - collected_.size());
  collected_.append(bytes);
  input.remove_prefix(bytes.size());
  return collected_.size() == size;
}

bool BaiduReader::collect_payload(std::string_view& input) {
  const std::string_view bytes = input.substr(0, payload_size_ - collected_.size());
  try {
    held_.append(collected_, bytes, payload_size_);
  } catch (const CallError&) {
    payload_size_ -= collected_.size();
    collected_ = std::string();
    held_.release();
    skip_payload();
    throw;
  }
  input.remove_prefix(bytes.size());
  return collected_.size() == payload_size_;
}

BaiduEvent BaiduReader::read_header(std::string_view& input) {
  if (input.empty()) {
    return BaiduEvent::kNone;
  }
  if (collected_.empty()) {
    received_ = Clock::now();
  }
  const bool complete = collect(input, kHeaderSize);
  if (!kMagic.starts_with(std::string_view(collected_).substr(0, kMagic.size()))) {
    return BaiduEvent::kLost;
  }
  if (!complete) {
    return BaiduEvent::kNone;
  }
  const std::string_view sizes = std::string_view(collected_).substr(kMagic.size());
  const std::size_t body_size = read_number(sizes);
  meta_size_ = read_number(sizes.substr(4));
  collected_.clear();
  // without a meta there is no correlation id, and so nobody to answer
  if (meta_size_ > body_size || meta_size_ > limits_.max_header) {
    return BaiduEvent::kLost;
  }
  rest_size_ = body_size - meta_size_;
  part_ = Part::kMeta;
  return BaiduEvent::kNone;
}

void BaiduReader::read_meta() {
  meta_.Clear();
  // partial: an answer needs only the correlation id
  meta_parsed_ = meta_.ParsePartialFromString(collected_) && meta_.IsInitialized();
  collected_.clear();
  if (!meta_parsed_) {
    // protobuf reserves what a string claims to be, up to 50 MB, before it sees that it is not
    // there; Clear() would keep that
    const std::int64_t correlation_id = meta_.correlation_id();
    meta_ = baidu_std::RpcMeta();
    meta_.set_correlation_id(correlation_id);
  }
  const auto attachment = static_cast<std::size_t>(std::max(meta_.attachment_size(), 0));
  payload_size_ = rest_size_ - std::min(attachment, rest_size_);
  rest_size_ -= payload_size_;
  part_ = Part::kPayload;
}

void BaiduReader::skip_payload() {
  rest_size_ += payload_size_;
  skip_rest();
}

void BaiduReader::skip_rest() { part_ = rest_size_ > 0 ? Part::kRest : Part::kHeader; }

std::optional<CallError> BaiduReader::refusal() const {
  if (!meta_parsed_) {
    return CallError(Status::kMalformed, "RpcMeta: not readable; send brpc's baidu_std messages");
  }
  if (!meta_.has_request()) {
    return CallError(Status::kMalformed, "RpcMeta.request: missing; this side only answers calls");
  }
  const std::size_t size = payload_size_ + rest_size_;
  if (meta_.attachment_size() < 0 || static_cast<std::size_t>(meta_.attachment_size()) > size) {
    return CallError(Status::kMalformed,
                     "RpcMeta.attachment_size: " + std::to_string(meta_.attachment_size()) +
                         ", the message has " + std::to_string(size) +
                         " bytes after the meta; send the attachment's size");
  }
  if (size > limits_.max_body) {
    return CallError(Status::kTooLarge, "body: " + std::to_string(size) + " bytes, more than the " +
                                            std::to_string(limits_.max_body) +
                                            " of --max_body_size; send fewer rows");
  }
  return std::nullopt;
}

void append_baidu_reply(std::string& output, std::int64_t correlation_id, const Reply& reply) {
  const int error = brpc_error(reply.status);
  baidu_std::RpcMeta meta;
  meta.mutable_response()->set_error_code(error);
  if (error != 0) {
    meta.mutable_response()->set_error_text(reply.message);
  }
  meta.set_compress_type(0);  // brpc writes it also when it is 0
  meta.set_correlation_id(correlation_id);
  const std::string meta_bytes = meta.SerializeAsString();
  // what the caller's tensors did wrong stands inside a good response, as upstream has it
  const std::string_view payload = error == 0 ? std::string_view(reply.body) : std::string_view();
  output.append(kMagic);
  append_number(output, meta_bytes.size() + payload.size());
  append_number(output, meta_bytes.size());
  output.append(meta_bytes).append(payload);
}

}  // namespace tensor_service
