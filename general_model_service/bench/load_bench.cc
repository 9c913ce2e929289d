// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "load_bench.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>

#include "baidu_rpc_meta.pb.h"

namespace tensor_service::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

enum class Outcome { kIncomplete, kGood, kRefused, kFailed };

// Length of the answer at the start of bytes and how it went.
Outcome read_http(const std::string& bytes, std::size_t& length) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos) {
    return Outcome::kIncomplete;
  }
  const std::size_t field = bytes.find("Content-Length: ");
  const std::size_t body = field < head ? std::strtoul(bytes.c_str() + field + 16, nullptr, 10) : 0;
  length = head + 4 + body;
  if (bytes.size() < length) {
    return Outcome::kIncomplete;
  }
  const int status = std::atoi(bytes.c_str() + std::strlen("HTTP/1.1 "));
  return status == 200 ? Outcome::kGood : status == 429 ? Outcome::kRefused : Outcome::kFailed;
}

Outcome read_baidu_std(const std::string& bytes, std::size_t& length) {
  constexpr std::size_t kHeader = 12;
  const auto number = [&](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
  };
  if (bytes.size() < kHeader || bytes.size() < kHeader + number(4)) {
    return Outcome::kIncomplete;
  }
  length = kHeader + number(4);
  baidu_std::RpcMeta meta;
  if (!meta.ParseFromArray(bytes.data() + kHeader, static_cast<int>(number(8)))) {
    return Outcome::kFailed;
  }
  const int error = meta.response().error_code();
  return error == 0 ? Outcome::kGood : error == 1011 ? Outcome::kRefused : Outcome::kFailed;
}

class Load;

class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(asio::io_context& io, Load& load) : socket_(io), load_(load) {}
  void connect(std::uint16_t port) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    socket_.set_option(tcp::no_delay(true));
  }
  void send(Clock::time_point since);

 private:
  void receive();

  tcp::socket socket_;
  Load& load_;
  std::array<char, 65536> buffer_{};
  std::string answer_;
  Clock::time_point since_;
};

class Load {
 public:
  Load(const LoadRun& run, const Workload& workload)
      : run_(run),
        rows_(run.mixed ? 0 : workload.rows),
        requests_(run.mixed ? mixed_requests(workload, run.protocol)
                            : std::vector{request_bytes(workload, run.protocol)}),
        timer_(io_) {}

  Summary go() {
    for (int i = 0; i < run_.connections; ++i) {
      auto client = std::make_shared<Client>(io_, *this);
      client->connect(run_.port);
      idle_.push_back(std::move(client));
    }
    const double processor_before = processor_seconds();
    start_ = next_ = Clock::now();
    end_ = start_ +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(run_.seconds));
    if (run_.rate > 0) {
      schedule();
    } else {
      while (!idle_.empty()) {
        begin(Clock::now());
      }
    }
    io_.run();
    summary_.seconds = std::chrono::duration<double>(last_ - start_).count();
    summary_.processor_seconds = processor_seconds() - processor_before;
    return std::move(summary_);
  }

  // The next one; it stays.
  const std::string& request() { return requests_[sent_++ % requests_.size()]; }

  Outcome read(const std::string& bytes, std::size_t& length) const {
    return run_.protocol == "baidu_std" ? read_baidu_std(bytes, length) : read_http(bytes, length);
  }

  void answered(const std::shared_ptr<Client>& client, Outcome outcome, Clock::time_point since) {
    last_ = Clock::now();
    if (outcome == Outcome::kGood) {
      summary_.latencies_us.push_back(
          std::chrono::duration<double, std::micro>(last_ - since).count());
      summary_.rows += rows_;
    } else if (outcome == Outcome::kRefused) {
      ++summary_.refused;
      summary_.refusals_us.push_back(
          std::chrono::duration<double, std::micro>(last_ - since).count());
    } else {
      ++summary_.failed;
    }
    if (outcome == Outcome::kFailed) {
      return;
    }
    idle_.push_back(client);
    if (!waiting_.empty()) {
      const Clock::time_point arrival = waiting_.front();
      waiting_.pop_front();
      begin(arrival);
    } else if (run_.rate <= 0 && more()) {
      begin(last_);
    }
  }

 private:
  bool more() const {
    const long done = static_cast<long>(summary_.latencies_us.size()) + summary_.refused;
    return run_.requests > 0 ? done + run_.connections <= run_.requests : last_ < end_;
  }

  void begin(Clock::time_point since) {
    auto client = std::move(idle_.back());
    idle_.pop_back();
    client->send(since);
  }

  // Sends what is due, then waits for the next arrival of the Poisson process.
  void schedule() {
    const Clock::time_point now = Clock::now();
    while (next_ <= now && next_ < end_) {
      if (idle_.empty()) {
        waiting_.push_back(next_);
      } else {
        begin(next_);
      }
      next_ += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(gap_(random_) / run_.rate));
    }
    if (next_ < end_) {
      timer_.expires_at(next_);
      timer_.async_wait([this](const auto&) { schedule(); });
    }
  }

  const LoadRun run_;
  const int rows_;
  const std::vector<std::string> requests_;
  std::size_t sent_ = 0;
  asio::io_context io_{1};
  asio::steady_timer timer_;
  std::vector<std::shared_ptr<Client>> idle_;
  std::deque<Clock::time_point> waiting_;  // arrivals that found no idle connection
  std::mt19937 random_{11};
  std::exponential_distribution<double> gap_{1.0};
  Clock::time_point start_, end_, next_, last_;
  Summary summary_;
};

void Client::send(Clock::time_point since) {
  since_ = since;
  answer_.clear();
  boost::system::error_code error;
  asio::write(socket_, asio::buffer(load_.request()), error);
  if (error) {
    load_.answered(shared_from_this(), Outcome::kFailed, since_);
    return;
  }
  receive();
}

void Client::receive() {
  socket_.async_read_some(
      asio::buffer(buffer_), [self = shared_from_this()](const auto& error, std::size_t bytes) {
        std::size_t length = 0;
        self->answer_.append(self->buffer_.data(), bytes);
        const Outcome outcome = error ? Outcome::kFailed : self->load_.read(self->answer_, length);
        if (outcome == Outcome::kIncomplete) {
          self->receive();
        } else {
          self->load_.answered(self, outcome, self->since_);
        }
      });
}

}  // namespace

Summary run_load(const LoadRun& run, const Workload& workload) { return Load(run, workload).go(); }

}  // namespace tensor_service::bench
