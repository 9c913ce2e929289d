// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "server/connection.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace tensor_service {
namespace {

namespace asio = boost::asio;

// Slower than this, a message that has begun is not worth waiting for.
constexpr std::size_t kSlowestBytesPerSecond = 16384;

// An IPv4 address is the same on a socket of IPv6.
std::string address_of(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, Service& service,
                       const ConnectionLimits& limits, const PortKind& port)
    : socket_(std::move(socket)),
      strand_(asio::make_strand(socket_.get_executor())),
      service_(service),
      limits_(limits),
      metrics_only_(port.metrics_only),
      stage_since_(Clock::now()),
      write_progress_(stage_since_) {
  boost::system::error_code gone;
  peer_ = {.address = address_of(socket_.remote_endpoint(gone).address()), .rpc_port = port.rpc};
  if (port.tls) {
    tls_ = std::make_unique<TlsChannel>(port.tls->current());
  }
  service_.metrics().connections_opened.add();
}

Connection::~Connection() { service_.metrics().connections_closed.add(); }

void Connection::start() {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  asio::dispatch(strand_, [self = shared_from_this()] { self->read(); });
}

void Connection::check_time() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->closed_) {
      return;
    }
    if (self->limits_.body_timeout && self->protocol_) {
      self->protocol_->expire(Clock::now() - *self->limits_.body_timeout, self->late_replies());
      self->flush();
    }
    if (!self->closed_ && self->too_slow(Clock::now())) {
      self->service_.metrics().timeouts.add();
      self->give_up();
    }
  });
}

// A caller whose body is late is told, and one of HTTP/2 that has been idle for long hears that its
// connection ends; one that does not speak or read is told nothing.
void Connection::give_up() {
  if (stage_ == Stage::kIdle && !writing_ && !lingering_ && !std::exchange(draining_, true)) {
    protocol_->drain();
    flush();
    return;
  }
  const bool is_told = limits_.body_timeout && in_body_ && !writing_ &&
                       stage_ == Stage::kReceiving && protocol_->give_up(late_replies());
  if (is_told) {
    flush();
  } else {
    close();
  }
}

std::function<Reply(const RequestHead&)> Connection::late_replies() {
  return
      [this](const RequestHead& head) { return service_.late_reply(head, *limits_.body_timeout); };
}

void Connection::drain() {
  asio::post(strand_, [self = shared_from_this()] {
    self->draining_ = true;
    if (self->protocol_) {
      self->protocol_->drain();
      self->flush();
    } else {
      self->close();
    }
  });
}

Verdict Connection::on_head(const RequestHead& head) {
  return metrics_only_ ? Verdict() : service_.look(head, peer_);
}

void Connection::on_call(Call&& call) { calls_.push_back(std::move(call)); }

void Connection::on_cancel(CallId id) {
  std::erase_if(calls_, [id](const Call& call) { return call.id == id; });
  const auto job = jobs_.find(id);
  if (job != jobs_.end()) {
    job->second->cancelled = true;
    jobs_.erase(job);
  }
}

void Connection::on_refused(Status status) { service_.metrics().count(status); }

void Connection::read() {
  const bool full = sending_.size() - sent_ > limits_.max_unsent ||
                    ready_.size() > limits_.max_unsent_replies || (tls_ && tls_->is_full()) ||
                    is_over() || (protocol_ && !protocol_->wants_read());
  if (reading_ || closed_ || (full && !lingering_)) {
    return;
  }
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(buffer_),
      asio::bind_executor(strand_, [self = shared_from_this()](auto error, std::size_t bytes) {
        self->reading_ = false;
        self->on_read(error, bytes);
      }));
}

void Connection::on_read(const boost::system::error_code& error, std::size_t bytes) {
  if (closed_) {
    return;
  }
  if (error) {  // also a peer that closed its side: nobody waits for what is open
    close();
    return;
  }
  if (lingering_) {
    read();
    return;
  }
  const std::string_view received(buffer_.data(), bytes);
  if (!tls_) {
    take(received);
  } else if (std::string plain; tls_->receive(received, plain)) {
    take(plain);
  } else if (!tls_->is_established()) {
    service_.metrics().tls_failures.add();
  }
  flush();
  read();
}

void Connection::take(std::string_view received) {
  if (received.empty()) {
    return;  // of the handshake
  }
  if (protocol_) {
    protocol_->receive(received);
  } else if (!detect(received)) {
    return;
  }
  stage_bytes_ += received.size();
  note_stage();
  serve_calls();
}

bool Connection::detect(std::string_view bytes) {
  first_bytes_ += bytes;
  protocol_ = sniff_protocol(first_bytes_, *this, limits_.protocol);
  if (!protocol_) {
    return false;
  }
  const std::string first = std::move(first_bytes_);
  protocol_->receive(first);
  if (draining_) {
    protocol_->drain();
  }
  return true;
}

// Protocol::reply may hand over further, pipelined calls while one is served here.
void Connection::serve_calls() {
  if (serving_) {
    return;
  }
  serving_ = true;
  while (!calls_.empty()) {
    std::vector<Call> calls;
    calls.swap(calls_);
    const bool alone = calls.size() == 1 && jobs_.empty();
    if (alone) {
      read();  // so that the peer's going is seen; this thread may now compute
    }
    for (Call& call : calls) {
      serve(std::move(call), alone);
    }
  }
  serving_ = false;
}

void Connection::serve(Call&& call, bool alone) {
  const CallId id = call.id;
  const Clock::time_point received = call.received;
  if (metrics_only_ && call.method != "GET" && call.method != "HEAD") {
    Reply reply;
    reply.id = id;
    reply.status = Status::kMethodNotAllowed;
    reply.content_type = "text/plain";
    on_reply(std::move(reply), received);
    return;
  }
  // the reply may come before handle returns, and then there is no job to remember
  auto answered = std::make_shared<std::atomic<bool>>(false);
  auto job = service_.handle(
      std::move(call), alone, [self = shared_from_this(), received, answered](Reply&& reply) {
        *answered = true;
        asio::dispatch(self->strand_, [self, received, reply = std::move(reply)]() mutable {
          self->on_reply(std::move(reply), received);
        });
      });
  if (job && !*answered) {
    jobs_.emplace(id, std::move(job));
  }
}

void Connection::on_reply(Reply&& reply, Clock::time_point received) {
  jobs_.erase(reply.id);
  if (closed_) {
    return;
  }
  ready_.emplace_back(received, Clock::now());
  protocol_->reply(std::move(reply));
  note_stage();
  serve_calls();
  flush();
  read();
}

void Connection::flush() {
  if (writing_ || closed_) {
    return;
  }
  if (tls_) {
    sending_ = tls_->next(protocol_.get(), is_over());
  } else {
    sending_ = protocol_ ? protocol_->take_output() : std::string();
  }
  sent_ = 0;
  if (sending_.empty()) {
    ready_.clear();  // of calls that the peer has cancelled, or the peer's window holds them back
    if (is_over()) {
      linger();
    }
    return;
  }
  writing_ = true;
  write_progress_ = Clock::now();
  if (!tls_ || !tls_->holds_output()) {
    unsent_.swap(ready_);
  }
  on_written({}, 0);
  serve_calls();  // taking output may let the protocol parse on
}

bool Connection::is_over() const {
  return (tls_ && tls_->is_over()) || (protocol_ && protocol_->wants_close());
}

void Connection::on_written(const boost::system::error_code& error, std::size_t bytes) {
  if (closed_) {
    return;
  }
  if (error) {
    close();
    return;
  }
  sent_ += bytes;
  const Clock::time_point now = Clock::now();
  write_progress_ = now;
  if (sent_ < sending_.size()) {
    socket_.async_write_some(
        asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
        asio::bind_executor(strand_, [self = shared_from_this()](auto failed, std::size_t taken) {
          self->on_written(failed, taken);
        }));
    return;
  }
  for (const auto& [received, ready] : unsent_) {
    const auto micros = [](auto span) {
      return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
    };
    service_.metrics().write.observe(micros(now - ready));
    service_.metrics().total.observe(micros(now - received));
  }
  unsent_.clear();
  writing_ = false;
  sending_.clear();
  sent_ = 0;
  flush();
  read();
}

void Connection::note_stage() {
  const Stage now = protocol_->stage();
  const bool in_body = now == Stage::kReceiving && protocol_->in_body();
  if (now != stage_ || (limits_.body_timeout && in_body != in_body_)) {
    stage_ = now;
    in_body_ = in_body;
    stage_since_ = Clock::now();
    stage_bytes_ = 0;
  }
}

bool Connection::too_slow(Clock::time_point now) const {
  if (lingering_) {
    return now - stage_since_ > limits_.linger;
  }
  if (writing_) {
    return now - write_progress_ > limits_.write_timeout;
  }
  if (stage_ == Stage::kReceiving) {
    return receives_too_slowly(now - stage_since_);
  }
  return stage_ == Stage::kIdle && now - stage_since_ > limits_.idle_timeout;
}

bool Connection::receives_too_slowly(std::chrono::nanoseconds span) const {
  if (limits_.header_timeout && limits_.body_timeout) {
    return span > (in_body_ ? *limits_.body_timeout : *limits_.header_timeout);
  }
  const std::chrono::seconds allowed(stage_bytes_ / kSlowestBytesPerSecond);
  return span > limits_.read_timeout + allowed;
}

// Closing with unread input makes the kernel send a reset, which can destroy the last answer before
// the peer has read it.
void Connection::linger() {
  if (lingering_) {
    return;
  }
  lingering_ = true;
  stage_since_ = Clock::now();
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read();
}

void Connection::close() {
  if (closed_) {
    return;
  }
  closed_ = true;
  for (const auto& [id, job] : jobs_) {
    job->cancelled = true;
  }
  jobs_.clear();
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace tensor_service
