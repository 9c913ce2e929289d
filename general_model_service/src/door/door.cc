// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/door.h"

#include <utility>

namespace tensor_service {
namespace {

constexpr double kFull = 2.0;  // seconds

class DoorPass final : public Pass {
 public:
  // counts: the request is one of the key's, which is not counted yet.
  DoorPass(std::shared_ptr<Account> account, Admission* admission, bool counts)
      : account_(std::move(account)), admission_(admission), counts_(counts) {}

  // A request that is refused for now takes nothing from its key's share.
  void enter(std::size_t body) override {
    if (account_ && counts_ && admission_ != nullptr) {
      admission_->look(body);
    }
    count();
    if (admission_ != nullptr) {
      ticket_ = admission_->enter(body, account_);
    } else if (account_) {
      place_ = std::make_unique<AccountPlace>(account_);
    }
  }

  void count() override {
    if (account_ && std::exchange(counts_, false)) {
      account_->take_request();
    }
  }

  void take_documents(std::size_t count) override {
    if (account_) {
      account_->take_documents(count);
    }
  }

  void leave(bool served) noexcept override {
    if (ticket_ && served) {
      ticket_->set_served();
    }
    ticket_.reset();
    place_.reset();
  }

 private:
  const std::shared_ptr<Account> account_;
  Admission* const admission_;
  bool counts_;
  std::shared_ptr<Ticket> ticket_;
  std::unique_ptr<AccountPlace> place_;
};

}  // namespace

Door::Door(const DoorSettings& settings, WrongKeys::Log log, DoorClocks clocks)
    : ask_on_rpc_(settings.ask_for_key_on_rpc),
      browsers_(settings.http.cors_origins, settings.http.allowed_hosts),
      cors_(settings.http.cors_origins),
      keys_(settings.folder, settings.keys_path, std::move(log), clocks) {
  keys_.change(settings.http.api_keys);
  if (settings.admission) {
    admission_ = std::make_unique<Admission>(*settings.admission, clocks.steady);
  }
}

std::optional<Reply> Door::preflight(const RequestHead& head) const {
  return head.is_http ? cors_.preflight(head) : std::nullopt;
}

HeadFields Door::fields(const RequestHead& head) const {
  return head.is_http ? cors_.fields(head) : HeadFields();
}

void Door::check_browser(const RequestHead& head) const {
  if (!head.is_http) {
    return;
  }
  if (auto refusal = browsers_.refusal(head, keys_.asked())) {
    throw RankingError(std::move(*refusal));
  }
}

// The RPC protocols tell the size of a message when all of it has come: it is counted then.
std::shared_ptr<Pass> Door::look(const RequestHead& head, const Peer& peer, Need need) {
  if (need == Need::kNothing) {
    return nullptr;
  }
  std::shared_ptr<Account> account;
  if (head.is_http || !peer.rpc_port || ask_on_rpc_) {
    account = keys_.find(head.door, peer.address);
  }
  if (head.is_http && need == Need::kRanked && admission_) {
    admission_->look(head.body);
  }
  const bool counted = need == Need::kCounted || need == Need::kRanked;
  if (head.is_http && account && counted) {
    account->take_request();
  }
  return std::make_shared<DoorPass>(std::move(account), admission_.get(), !head.is_http);
}

std::string Door::full() const {
  if (!admission_ || admission_->full_s() <= kFull) {
    return "";
  }
  return "the queue is full: " + std::to_string(admission_->in_flight()) + " requests are in work";
}

}  // namespace tensor_service
