// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// PipelineService.inference of Paddle Serving, as pipeline/edges/rpc/edge.py. Errors are in the
// answer's err_no and err_msg, whatever the protocol that carries it.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <climits>
#include <deque>

#include "pipeline_service.pb.h"
#include "ranking/prediction.h"
#include "ranking/text_route.h"
#include "ranking/wire_request.h"

namespace tensor_service {
namespace {

namespace pb = google::protobuf;
namespace paddle = baidu::paddle_serving::pipeline_serving;
using Lite = pb::internal::WireFormatLite;

constexpr std::string_view kPath =
    "/baidu.paddle_serving.pipeline_serving.PipelineService/inference";
constexpr std::string_view kDefaultService = "ranker";
constexpr std::string_view kFeedback = "feedback";
// Of a string in the message, and then of the field that it becomes: their objects, what lists that
// grow keep, and the set in which keys are looked for.
constexpr std::size_t kStringBytes = 256;
// Of an element of a list of numbers: eight bytes, in a list that doubles.
constexpr std::size_t kNumberBytes = 16;

// Of the fields of a message, those of its tensors included; what does not parse ends it.
std::size_t field_bytes(pb::io::CodedInputStream& stream, bool in_tensor) {
  std::size_t bytes = 0;
  while (const std::uint32_t tag = stream.ReadTag()) {
    if (Lite::GetTagWireType(tag) != Lite::WIRETYPE_LENGTH_DELIMITED) {
      bytes += kNumberBytes;
      if (!Lite::SkipField(&stream, tag)) {
        break;
      }
      continue;
    }
    int length = 0;
    if (!stream.ReadVarintSizeAsInt(&length)) {
      break;
    }
    const int field = Lite::GetTagFieldNumber(tag);
    bytes += kStringBytes;
    if (in_tensor) {
      const bool numbers = field != paddle::Tensor::kStrDataFieldNumber &&
                           field != paddle::Tensor::kByteDataFieldNumber &&
                           field != paddle::Tensor::kNameFieldNumber;
      bytes += static_cast<std::size_t>(length) * (numbers ? kNumberBytes : 1);
    } else if (field == paddle::Request::kTensorsFieldNumber) {
      const auto limit = stream.PushLimit(length);
      bytes += sizeof(paddle::Tensor) + field_bytes(stream, true);
      length = stream.BytesUntilLimit();
      stream.PopLimit(limit);
    }
    if (!stream.Skip(length)) {
      break;
    }
  }
  return bytes;
}

std::string response_of(int err_no, std::string message, WireAnswer&& wire) {
  paddle::Response response;
  response.set_err_no(err_no);
  response.set_err_msg(std::move(message));
  for (auto& [key, value] : wire) {
    response.add_key(std::string(key));
    response.add_value(std::move(value));
  }
  return response.SerializeAsString();
}

// Without protobuf's line in the log for a text that is not UTF-8.
bool parse(const std::string& bytes, paddle::Request& message) {
  const pb::LogSilencer silencer;
  return bytes.size() <= INT_MAX && message.ParseFromString(bytes);
}

// Taken out of the message.
std::vector<std::string> strings_of(pb::RepeatedPtrField<std::string>& list) {
  std::vector<std::string> strings;
  strings.reserve(static_cast<std::size_t>(list.size()));
  for (std::string& text : list) {
    strings.push_back(std::move(text));
  }
  list.Clear();
  return strings;
}

std::vector<WireTensor> tensors_of(pb::RepeatedPtrField<paddle::Tensor>& list) {
  std::vector<WireTensor> tensors;
  for (paddle::Tensor& tensor : list) {
    WireTensor& read = tensors.emplace_back();
    read.name = std::move(*tensor.mutable_name());
    read.elem_type = std::to_string(tensor.elem_type());
    for (const std::string& part : tensor.str_data()) {
      read.text += part;
    }
  }
  return tensors;
}

class RpcRoute final : public TextRoute {
 public:
  explicit RpcRoute(const std::string& ranker) : header_(ranker) {}

  std::size_t tree_bytes(std::string_view body) const override {
    pb::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(body.data()),
                                    static_cast<int>(std::min<std::size_t>(body.size(), INT_MAX)));
    return body.size() + field_bytes(stream, false);
  }

  void begin(std::string&& body, const ServedRankers&) override {
    const std::string bytes = std::move(body);
    if (!parse(bytes, message_)) {
      refuse_shape("request", "not a Request message, or a string in it is not UTF-8");
    }
    service_ = message_.name().empty() ? std::string(kDefaultService) : message_.name();
  }

  std::optional<WireLists> feedback() override {
    if (service_ != kFeedback) {
      return std::nullopt;
    }
    return WireLists{strings_of(*message_.mutable_key()), strings_of(*message_.mutable_value())};
  }

  TextAnswer kept(const std::string& request_id) override {
    TextAnswer answer;
    answer.body = response_of(0, {}, {{"request_id", request_id}});
    return answer;
  }

  RankRequest read(const TextLimits& limits, const ServedRankers& rankers,
                   const MoreBytes& more) override {
    rankers.check_service(service_);
    WireFields wire =
        join_wire(strings_of(*message_.mutable_key()), strings_of(*message_.mutable_value()),
                  tensors_of(*message_.mutable_tensors()));
    message_.Clear();
    return read_wire_request(std::move(wire), limits, made_, more);
  }

  std::vector<ServedRanker> choose(const RankRequest& request,
                                   const ServedRankers& rankers) override {
    return rankers.asked(service_, request.ranker, header_);
  }

  TextAnswer answer(const RankRequest& request, RankResponse& response) override {
    TextAnswer answer;
    answer.body = response_of(0, {}, prediction_wire(request, response));
    return answer;
  }

  TextAnswer refuse(const RankingError& error, const Progress& progress) override {
    TextAnswer answer;
    RankingError told = error;
    if (told.field == "body") {
      told.field = "request";  // as the Pipeline calls a message
    }
    answer.body = response_of(told.facts().err_no, told.text(), prediction_error_wire(progress));
    return answer;
  }

 private:
  const std::string header_;
  std::string service_;
  paddle::Request message_;
  std::deque<JsonNode> made_;
};

}  // namespace

bool is_rpc_text_path(std::string_view path) { return path == kPath; }

std::unique_ptr<TextRoute> make_rpc_route(const std::string& ranker) {
  return std::make_unique<RpcRoute>(ranker);
}

}  // namespace tensor_service
