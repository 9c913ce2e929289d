// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "server/tls_channel.h"

#include <utility>

namespace tensor_service {
namespace {

// Encrypted at once; what is encrypted waits in memory a second time.
constexpr std::size_t kSealedAtOnce = 256U << 10U;
// Of TLS itself for a peer that does not read.
constexpr std::size_t kMostUnread = 64U << 10U;

constexpr const char* kSpeaksTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 43\r\nConnection: close\r\n\r\n"
    "this port speaks TLS only; ask by https://\n";

}  // namespace

bool TlsChannel::receive(std::string_view received, std::string& plain) {
  const bool is_first = !std::exchange(greeted_, true);
  if (is_first && !begins_tls(received[0])) {
    over_ = finished_ = true;
    farewell_ = received[0] >= 'A' && received[0] <= 'Z' ? kSpeaksTls : "";
    return false;
  }
  over_ = over_ || !session_.receive(received, plain);
  return !over_;
}

std::string TlsChannel::next(Protocol* protocol, bool over) {
  if (!farewell_.empty()) {
    return std::exchange(farewell_, {});
  }
  if (unsealed_.empty() && protocol != nullptr && !over_) {
    unsealed_ = protocol->take_output();
    sealed_ = 0;
  }
  seal_a_part();
  if (unsealed_.empty() && (over || over_) && !std::exchange(finished_, true)) {
    session_.finish();
  }
  return session_.take_output();
}

void TlsChannel::seal_a_part() {
  const std::string_view part = std::string_view(unsealed_).substr(sealed_, kSealedAtOnce);
  over_ = over_ || (!part.empty() && !session_.write(part));
  sealed_ += part.size();
  if (over_ || sealed_ == unsealed_.size()) {
    unsealed_.clear();
    sealed_ = 0;
  }
}

bool TlsChannel::is_full() const { return session_.output_size() > kMostUnread; }

}  // namespace tensor_service
