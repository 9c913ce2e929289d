// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <new>

namespace tensor_service {
namespace {

constexpr char kHandshake = 0x16;
constexpr std::size_t kRecord = 16U << 10U;  // plain bytes of one, at most

void append(BIO* bio, std::string_view bytes) {
  while (!bytes.empty()) {
    const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 30U));
    const int taken = BIO_write(bio, bytes.data(), size);
    if (taken <= 0) {
      throw std::bad_alloc();
    }
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

}  // namespace

bool begins_tls(char first_byte) { return first_byte == kHandshake; }

void TlsSession::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

TlsSession::TlsSession(const SslContext& context) : ssl_(SSL_new(context.get())) {
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  if (!ssl_ || in_ == nullptr || out_ == nullptr) {
    BIO_free(in_);
    BIO_free(out_);
    throw std::bad_alloc();
  }
  // empty is not the end
  BIO_set_mem_eof_return(in_, -1);
  BIO_set_mem_eof_return(out_, -1);
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

bool TlsSession::receive(std::string_view bytes, std::string& plain) {
  ERR_clear_error();
  append(in_, bytes);
  if (!is_established() && !shake_hands()) {
    return false;
  }
  std::array<char, kRecord> record;  // NOLINT: filled before it is read
  while (is_established()) {
    ERR_clear_error();
    const int size = SSL_read(ssl_.get(), record.data(), static_cast<int>(record.size()));
    if (size <= 0) {
      return SSL_get_error(ssl_.get(), size) == SSL_ERROR_WANT_READ;
    }
    plain.append(record.data(), static_cast<std::size_t>(size));
  }
  return true;
}

bool TlsSession::shake_hands() {
  const int done = SSL_do_handshake(ssl_.get());
  return done == 1 || SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ;
}

bool TlsSession::write(std::string_view plain) {
  while (!plain.empty()) {
    ERR_clear_error();
    const int size = static_cast<int>(std::min<std::size_t>(plain.size(), 1U << 30U));
    const int taken = SSL_write(ssl_.get(), plain.data(), size);
    if (taken <= 0) {
      return false;
    }
    plain.remove_prefix(static_cast<std::size_t>(taken));
  }
  return true;
}

void TlsSession::finish() {
  ERR_clear_error();
  if (is_established()) {
    SSL_shutdown(ssl_.get());
  }
}

std::size_t TlsSession::output_size() const { return BIO_ctrl_pending(out_); }

std::string TlsSession::take_output() {
  std::string output(output_size(), '\0');
  if (!output.empty()) {
    const int taken = BIO_read(out_, output.data(), static_cast<int>(output.size()));
    output.resize(static_cast<std::size_t>(std::max(taken, 0)));
  }
  return output;
}

bool TlsSession::is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

}  // namespace tensor_service
