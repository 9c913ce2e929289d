// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What lies between the socket of an encrypted connection and its Protocol. Used by connection.cc,
// by one thread at a time.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tls/tls_session.h"
#include "wire/protocol.h"

namespace tensor_service {

class TlsChannel {
 public:
  explicit TlsChannel(const SslContext& context) : session_(context) {}

  // Appends to plain what the peer's bytes hold. False: nothing more is taken; the session is over,
  // or the peer does not speak TLS.
  bool receive(std::string_view received, std::string& plain);
  // The next bytes for the peer: of the protocol's output a part at a time, and after the last,
  // when it is over, TLS's own end.
  std::string next(Protocol* protocol, bool over);

  // Some of the protocol's output waits here.
  bool holds_output() const { return !unsealed_.empty(); }
  // The peer takes nothing of what TLS itself has to say; nothing more is to be read.
  bool is_full() const;
  bool is_over() const { return over_; }
  // It was, once.
  bool is_established() const { return session_.is_established(); }

 private:
  void seal_a_part();

  TlsSession session_;
  std::string unsealed_;  // from sealed_ on
  std::size_t sealed_ = 0;
  std::string farewell_;  // to who does not speak TLS
  bool greeted_ = false;  // the peer's first bytes have come
  bool over_ = false;
  bool finished_ = false;  // the peer is told
};

}  // namespace tensor_service
