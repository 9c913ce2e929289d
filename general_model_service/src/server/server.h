// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Listens, accepts, and owns the threads: a few that all run one event loop, in which sockets are
// served and batches are computed. See README-dev.md for who may touch what.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "server/connection.h"
#include "service/service.h"

namespace tensor_service {

// A further port that speaks all protocols.
struct FurtherPort {
  std::string key;  // of the configuration that names it: "rpc"
  std::string host;
  std::uint16_t port = 0;
  PortKind kind = {};
};

struct ServerOptions {
  std::string key;               // of the configuration that names host and port; empty: flags
  std::string host = "0.0.0.0";  // an IPv4 or IPv6 address, or a name: all its addresses
  std::uint16_t port = 9393;
  PortKind kind;  // of that port
  std::vector<FurtherPort> further;
  std::uint16_t prometheus_port = 0;  // 0: only /metrics of the main port
  int threads = 3;                    // engines and one more, so that sockets are always served
  std::size_t max_connections = 10000;
  bool tells_when_full = false;  // to a further connection of HTTP, before it is closed
  std::size_t max_bytes_in_flight = 384U << 20U;  // of the bodies of all connections
  std::chrono::seconds drain{10};                 // for open requests after SIGTERM
  ConnectionLimits connections;
};

class Server {
 public:
  // Listens at once; throws std::runtime_error naming the port when it is taken, or the host that
  // has no address.
  Server(const ServerOptions& options, const ServiceOptions& service);

  Service& service() { return service_; }
  std::uint16_t port() const { return port_; }

  // Called on SIGHUP, by one of the threads.
  void on_reload(std::function<void()> reload) { reload_ = std::move(reload); }

  // Serves until SIGTERM or SIGINT, then drains and returns.
  void run();

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;
  using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

  struct Listener {
    Acceptor acceptor;
    PortKind kind;
  };

  void listen(const FurtherPort& wanted);
  void listen(Acceptor& acceptor, const boost::asio::ip::tcp::endpoint& endpoint,
              const FurtherPort& wanted);
  void accept(Listener& listener);
  void on_accept(boost::asio::ip::tcp::socket socket, const PortKind& kind);
  void tick();
  void wait_for_signal();
  void shut_down();
  Scheduler::Executor executor();

  ByteBudget budget_;  // what calls and connections hold refers to it
  const ServerOptions options_;
  Service service_;  // outlives the handlers that io_ still holds at the end
  boost::asio::io_context io_;
  Strand strand_;                  // the listeners, the list of connections and the ticks
  std::list<Listener> listeners_;  // one for each address of each host
  boost::asio::steady_timer ticker_;
  boost::asio::signal_set signals_;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::function<void()> reload_;
  std::uint16_t port_ = 0;
  bool closing_ = false;
  Clock::time_point closing_since_;
};

}  // namespace tensor_service
