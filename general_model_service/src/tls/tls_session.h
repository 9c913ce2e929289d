// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The encryption of one connection, without its socket: the peer's bytes in, plain ones out; plain
// bytes in, those for the peer out. Used by one thread at a time.

#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "tls/tls_context.h"

namespace tensor_service {

class TlsSession {
 public:
  explicit TlsSession(const SslContext& context);

  // Takes bytes of the peer, and appends what they hold to plain. False when the session is over:
  // take_output may still have an alert for the peer.
  bool receive(std::string_view bytes, std::string& plain);
  // Encrypts, after the handshake. False when the session is over.
  bool write(std::string_view plain);
  // Tells the peer that nothing more comes.
  void finish();

  // For the peer, moved out.
  std::string take_output();
  // Bytes of it.
  std::size_t output_size() const;

  // The handshake is over.
  bool is_established() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };

  bool shake_hands();

  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_ = nullptr;  // ssl_ owns them
  BIO* out_ = nullptr;
};

// Whether a connection's first byte is that of a handshake.
bool begins_tls(char first_byte);

}  // namespace tensor_service
