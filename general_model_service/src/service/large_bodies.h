// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// How many large bodies of texts are read and encoded at once: that takes a thread of the loop, and
// one has to be left for others. Called by text_service.cc.

#pragma once

#include <atomic>
#include <cstddef>

#include "report/error.h"

namespace tensor_service {

// Any thread.
class LargeBodies {
 public:
  static constexpr std::size_t kLarge = 256U << 10U;

  explicit LargeBodies(int most) : most_(most) {}

  // Given back with the object.
  class Place {
   public:
    // For a body of that size. Throws CallError(kOverloaded) where all places are taken.
    Place(LargeBodies& bodies, std::size_t size) : taken_(bodies.take(size)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (taken_ != nullptr) {
        taken_->fetch_sub(1);
      }
    }

   private:
    std::atomic<int>* const taken_;  // null of a small body
  };

  // What is to be given back; null of a small body.
  std::atomic<int>* take(std::size_t size) {
    if (size <= kLarge) {
      return nullptr;
    }
    if (taken_.fetch_add(1) >= most_) {
      taken_.fetch_sub(1);
      throw CallError(Status::kOverloaded,
                      "as many large requests as there may be are read; try again in a moment, or "
                      "send fewer texts at once");
    }
    return &taken_;
  }

 private:
  const int most_;
  std::atomic<int> taken_{0};
};

}  // namespace tensor_service
