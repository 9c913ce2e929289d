// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "server/server.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace tensor_service {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::milliseconds kClosingTick{20};
// After accept failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptPause{100};

// As the Pipeline says it.
constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 77\r\n\r\n"
    R"({"error":{"code":"overloaded","message":"too many connections","field":null}})";

ServerOptions with_budget(ServerOptions options, ByteBudget& budget) {
  options.connections.protocol.budget = &budget;
  return options;
}

ServiceOptions with_budget(ServiceOptions options, const ByteBudget& budget) {
  options.budget = &budget;
  return options;
}

// A port of a configuration is refused in the words of pipeline/process/ports.py.
std::string no_address(const FurtherPort& wanted, const std::string& reason) {
  if (!wanted.key.empty()) {
    return wanted.key + "_host: " + wanted.host + " is no address (" + reason +
           "); name one of this machine, or leave it out";
  }
  return "--host " + wanted.host + ": neither an IP address nor a name that has one (" + reason +
         ")";
}

std::string not_bound(const FurtherPort& wanted, const asio::ip::tcp::endpoint& endpoint,
                      const error_code& error) {
  const std::string port = std::to_string(endpoint.port());
  if (wanted.key.empty()) {
    return "port " + port + " of " + endpoint.address().to_string() + ": " + error.message() +
           "; choose another with --port, or another address with --host";
  }
  if (error == std::errc::address_not_available) {
    return wanted.key + "_host: " + wanted.host + " is no address of this machine (" +
           error.message() + "); name one, or leave it out";
  }
  return wanted.key + "_port: " + port + " cannot be bound (" + error.message() +
         "); stop what listens there or choose another";
}

}  // namespace

Server::Server(const ServerOptions& options, const ServiceOptions& service)
    : budget_(options.max_bytes_in_flight),
      options_(with_budget(options, budget_)),
      service_(with_budget(service, budget_), executor()),
      io_(options.threads),
      strand_(asio::make_strand(io_)),
      ticker_(strand_),
      signals_(strand_, SIGTERM, SIGINT, SIGHUP) {
  signals_.add(SIGQUIT);
  listen({options_.key, options_.host, options_.port, options_.kind});
  port_ = listeners_.front().acceptor.local_endpoint().port();
  for (const FurtherPort& further : options_.further) {
    listen(further);
  }
  if (options_.prometheus_port != 0) {
    listen({"", options_.host, options_.prometheus_port, {.metrics_only = true}});
  }
}

Scheduler::Executor Server::executor() {
  return {.post = [this](std::function<void()> work) { asio::post(io_, std::move(work)); },
          .post_after =
              [this](std::chrono::microseconds delay, std::function<void()> work) {
                auto timer = std::make_shared<asio::steady_timer>(io_, delay);
                timer->async_wait([timer, work = std::move(work)](const error_code&) { work(); });
              }};
}

void Server::listen(const FurtherPort& wanted) {
  error_code error;
  asio::ip::tcp::resolver resolver(io_);
  std::set<asio::ip::address> addresses;
  for (const auto& entry :
       resolver.resolve(wanted.host, "0", asio::ip::tcp::resolver::passive, error)) {
    addresses.insert(entry.endpoint().address());
  }
  if (error || addresses.empty()) {
    throw std::runtime_error(no_address(wanted, error.message()));
  }
  std::uint16_t port = wanted.port;
  for (const auto& address : addresses) {
    Listener& listener = listeners_.emplace_back(Listener{Acceptor(strand_), wanted.kind});
    listen(listener.acceptor, {address, port}, wanted);
    port = listener.acceptor.local_endpoint().port();  // 0: all at the first one's
  }
}

void Server::listen(Acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint,
                    const FurtherPort& wanted) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(Acceptor::reuse_address(true));
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    throw std::runtime_error(not_bound(wanted, endpoint, error));
  }
}

void Server::accept(Listener& listener) {
  // a plain io_context executor: each connection makes its own strand of it
  listener.acceptor.async_accept(
      io_, [this, &listener](const error_code& error, asio::ip::tcp::socket socket) {
        if (error == asio::error::operation_aborted || !listener.acceptor.is_open()) {
          return;
        }
        if (!error) {
          on_accept(std::move(socket), listener.kind);
          accept(listener);
          return;
        }
        auto pause = std::make_shared<asio::steady_timer>(strand_, kAcceptPause);
        pause->async_wait([this, pause, &listener](const error_code&) {
          if (listener.acceptor.is_open()) {
            accept(listener);
          }
        });
      });
}

void Server::on_accept(asio::ip::tcp::socket socket, const PortKind& kind) {
  if (connections_.size() >= options_.max_connections) {
    std::erase_if(connections_, [](const auto& connection) { return connection.expired(); });
  }
  if (connections_.size() >= options_.max_connections) {
    service_.metrics().connections_refused.add();
    if (options_.tells_when_full && !kind.rpc && !kind.tls) {
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kTooMany), ignored);
    }
    return;  // closes it
  }
  auto connection =
      std::make_shared<Connection>(std::move(socket), service_, options_.connections, kind);
  connections_.push_back(connection);
  connection->start();
}

void Server::tick() {
  ticker_.expires_after(closing_ ? std::chrono::milliseconds(kClosingTick) : kTick);
  ticker_.async_wait([this](const error_code& error) {
    if (error) {
      return;
    }
    std::erase_if(connections_, [](const auto& connection) { return connection.expired(); });
    for (const auto& weak : connections_) {
      if (const auto connection = weak.lock()) {
        connection->check_time();
      }
    }
    if (closing_ && (connections_.empty() || Clock::now() - closing_since_ > options_.drain)) {
      io_.stop();
      return;
    }
    tick();
  });
}

void Server::wait_for_signal() {
  signals_.async_wait([this](const error_code& error, int signal) {
    if (error) {
      return;
    }
    if (signal == SIGHUP) {
      if (reload_) {
        reload_();
      }
    } else {
      shut_down();
    }
    wait_for_signal();
  });
}

void Server::shut_down() {
  if (closing_) {
    io_.stop();  // a second signal does not wait
    return;
  }
  closing_ = true;
  closing_since_ = Clock::now();
  service_.begin_shutdown();
  error_code ignored;
  for (Listener& listener : listeners_) {
    listener.acceptor.close(ignored);
  }
  for (const auto& weak : connections_) {
    if (const auto connection = weak.lock()) {
      connection->drain();
    }
  }
  ticker_.cancel();
  tick();
}

void Server::run() {
  asio::post(strand_, [this] {
    for (Listener& listener : listeners_) {
      accept(listener);
    }
    tick();
    wait_for_signal();
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < options_.threads; ++i) {
      threads.emplace_back([this] { io_.run(); });
    }
    io_.run();
  }
  service_.abandon();  // jobs that the drain did not see to the end hold connections
}

}  // namespace tensor_service
