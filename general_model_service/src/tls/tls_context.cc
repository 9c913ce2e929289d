// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "tls/file_state.h"

namespace tensor_service {
namespace {

// Python's own list, so that both languages' ports take the same callers.
constexpr const char* kCiphers =
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM";

// What is spoken, the dearest first, as ALPN has it.
constexpr std::array<std::string_view, 2> kProtocols = {"h2", "http/1.1"};

// Why OpenSSL failed: the first cause.
std::string reason() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) {
    return std::generic_category().message(ERR_GET_REASON(code));
  }
  const char* const text = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return text != nullptr ? text : "it is no file of PEM that can be read";
}

// A key with a passphrase is refused; OpenSSL would ask for it at the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

// A caller that names none of ours goes on without: it may speak baidu_std.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  std::string_view list(reinterpret_cast<const char*>(offered), offered_size);
  const unsigned char* best = nullptr;
  std::size_t best_place = kProtocols.size();
  while (!list.empty()) {
    const std::size_t length = static_cast<unsigned char>(list[0]);
    const std::string_view name = list.substr(1, length);
    for (std::size_t place = 0; place < best_place; ++place) {
      if (kProtocols[place] == name) {
        best = reinterpret_cast<const unsigned char*>(name.data());
        best_place = place;
      }
    }
    list.remove_prefix(std::min(list.size(), length + 1));
  }
  if (best == nullptr) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = best;
  *size = static_cast<unsigned char>(kProtocols[best_place].size());
  return SSL_TLSEXT_ERR_OK;
}

SslContext plain_context() {
  SslContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (!context) {
    throw std::bad_alloc();
  }
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_SINGLE_ECDH_USE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets alone, which we do not keep
  SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_set_cipher_list(raw, kCiphers) != 1) {
    throw TlsError("OpenSSL has none of the ciphers that are asked for: " + reason());
  }
  return context;
}

void take_client_ca(SSL_CTX* context, const TlsPaths& paths) {
  constexpr std::string_view kSessions = "tensor_service";
  const std::string& file = paths.client_ca->native();
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    throw TlsError(paths.keys + "client_ca: cannot use " + file + " (" + reason() + ")");
  }
  SSL_CTX_set_client_CA_list(context, names);  // which owns them now
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // without it a caller that comes back with a ticket would be refused
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessions.data()),
                                 static_cast<unsigned>(kSessions.size()));
}

SslContext read(const TlsPaths& paths) {
  ERR_clear_error();
  SslContext context = plain_context();
  const std::string& certificate = paths.certificate.native();
  const std::string& key = paths.key.native();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    throw TlsError(paths.keys + "certificate: cannot use " + certificate + " with " + key + " (" +
                   reason() + ")");
  }
  if (paths.client_ca) {
    take_client_ca(context.get(), paths);
  }
  return context;
}

std::string state_of(const TlsPaths& paths) {
  return file_state(paths.certificate) + file_state(paths.key) +
         (paths.client_ca ? file_state(*paths.client_ca) : "");
}

}  // namespace

TlsContext::TlsContext(TlsPaths paths)
    : paths_(std::move(paths)), seen_(state_of(paths_)), context_(read(paths_)) {}

SslContext TlsContext::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

bool TlsContext::follow() {
  const std::string now = state_of(paths_);
  if (now == seen_) {
    return false;
  }
  SslContext next = read(paths_);
  seen_ = now;  // only now: what could not be read is read again at the next look
  const std::lock_guard lock(mutex_);
  context_ = std::move(next);
  return true;
}

}  // namespace tensor_service
