// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One accepted socket: moves bytes between it and a Protocol, calls between the Protocol and the
// Service. Runs on a strand; keeps itself alive while it has work.

#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/tls_channel.h"
#include "service/service.h"
#include "wire/protocol.h"

namespace tensor_service {

struct ConnectionLimits {
  ProtocolLimits protocol;
  // a message is complete within read_timeout plus a second for each 16 KiB of it
  std::chrono::seconds read_timeout{20};
  // in place of it, when they are set: for a request's head, and for its body
  std::optional<std::chrono::milliseconds> header_timeout;
  std::optional<std::chrono::milliseconds> body_timeout;
  std::chrono::seconds idle_timeout{600};
  std::chrono::seconds write_timeout{30};  // without the peer taking a byte
  std::chrono::seconds linger{2};          // for the peer to read a last answer
  std::size_t max_unsent = 4U << 20U;      // bytes the peer has not taken, before reading stops
  std::size_t max_unsent_replies = 256;
};

// What a port is for.
struct PortKind {
  bool metrics_only = false;  // answers GET requests and nothing else: the Prometheus port
  bool rpc = false;           // the RPC port of config_nlp.yml
  std::shared_ptr<TlsContext> tls = {};  // null: not encrypted
};

class Connection : public std::enable_shared_from_this<Connection>, private CallSink {
 public:
  Connection(boost::asio::ip::tcp::socket socket, Service& service, const ConnectionLimits& limits,
             const PortKind& port);
  ~Connection() override;

  void start();
  // Any thread. Closes what is too slow; called about once a second.
  void check_time();
  // Any thread. Answers what is open, takes nothing new, closes.
  void drain();

 private:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;

  Verdict on_head(const RequestHead& head) override;
  void on_call(Call&& call) override;
  void on_cancel(CallId id) override;
  void on_refused(Status status) override;

  void read();
  void on_read(const boost::system::error_code& error, std::size_t bytes);
  void take(std::string_view received);
  bool detect(std::string_view bytes);
  void serve_calls();
  void serve(Call&& call, bool alone);
  void on_reply(Reply&& reply, Clock::time_point received);
  void flush();
  bool is_over() const;
  void on_written(const boost::system::error_code& error, std::size_t bytes);
  void note_stage();
  bool too_slow(Clock::time_point now) const;
  bool receives_too_slowly(std::chrono::nanoseconds span) const;
  void give_up();
  // What is said to who sends a body too slowly.
  std::function<Reply(const RequestHead&)> late_replies();
  void linger();
  void close();

  boost::asio::ip::tcp::socket socket_;
  Strand strand_;
  Service& service_;
  const ConnectionLimits limits_;
  const bool metrics_only_;
  Peer peer_;

  std::array<char, 16384> buffer_{};
  std::string first_bytes_;  // until they tell the protocol
  std::unique_ptr<Protocol> protocol_;
  std::vector<Call> calls_;  // complete, not yet handed to the service
  std::unordered_map<CallId, std::shared_ptr<Job>> jobs_;
  bool serving_ = false;  // inside serve_calls
  bool reading_ = false;
  bool draining_ = false;
  bool lingering_ = false;  // the last answer is sent; what the peer still sends is dropped
  bool closed_ = false;

  std::unique_ptr<TlsChannel> tls_;  // null: not encrypted

  std::string sending_;  // what the socket has, and how much of it the kernel took
  std::size_t sent_ = 0;
  bool writing_ = false;
  // replies in sending_: when their request came and when their answer was ready
  std::vector<std::pair<Clock::time_point, Clock::time_point>> unsent_, ready_;

  Stage stage_ = Stage::kReceiving;
  bool in_body_ = false;
  Clock::time_point stage_since_;
  std::size_t stage_bytes_ = 0;
  Clock::time_point write_progress_;
};

}  // namespace tensor_service
