// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Certificate, key and callers' authorities of one port, as OpenSSL holds them, and read anew when
// the files change: for new connections, those that are open keep theirs.

#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace tensor_service {

// PEM files. They are named in errors by their keys, such as "http.tls_certificate".
struct TlsPaths {
  std::string keys = "http.tls_";  // what the names of the keys begin with
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::optional<std::filesystem::path> client_ca;
};

class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using SslContext = std::shared_ptr<SSL_CTX>;

// Any thread.
class TlsContext {
 public:
  // Throws TlsError: the files cannot be read, or do not go together.
  explicit TlsContext(TlsPaths paths);

  // For a new connection.
  SslContext current() const;

  // Reads the files again if they have changed; whether they had. Throws TlsError: they cannot be
  // used, and the old ones go on; it is thrown once for each change.
  bool follow();

 private:
  const TlsPaths paths_;
  std::string seen_;  // of the files, when they were read last; by follow() alone
  mutable std::mutex mutex_;
  SslContext context_;
};

}  // namespace tensor_service
