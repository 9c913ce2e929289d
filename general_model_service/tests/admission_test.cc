// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Admission: whom it lets in, by how many are in work and by how long they will wait. As
// tests/pipeline/door/test_admission.py.

#include "door/admission.h"

#include <gtest/gtest.h>

#include <vector>

#include "door_clock.h"

namespace tensor_service {
namespace {

using Tickets = std::vector<std::shared_ptr<Ticket>>;

class AdmissionTest : public testing::Test {
 protected:
  Admission opened(double max_delay_ms = 1.0, std::size_t max_in_flight = 100, double share = 1.0) {
    return Admission({max_in_flight, max_delay_ms, share}, clock.clock());
  }

  static Tickets entered(Admission& admission, int count, std::size_t size) {
    Tickets tickets;
    for (int i = 0; i < count; ++i) {
      tickets.push_back(admission.enter(size, nullptr));
    }
    return tickets;
  }

  // What one request after another takes: 5 ms each.
  void learn(Admission& admission, int requests = 20) {
    for (int i = 0; i < requests; ++i) {
      const auto ticket = admission.enter(1000, nullptr);
      ticket->set_served();
      clock.now += 0.005;
    }
  }

  DoorClock clock;
};

TEST_F(AdmissionTest, LetsSoManyInAndOutAgain) {
  Admission admission = opened(0.0, 3);
  Tickets tickets = entered(admission, 3, 10);
  for (const auto& call :
       {+[](Admission& of) { of.look(10); }, +[](Admission& of) { of.enter(10, nullptr); }}) {
    const RankingError error = refusal_of([&] { call(admission); });
    EXPECT_EQ(error.fault, Fault::kOverloaded);
    EXPECT_EQ(error.message, "3 requests are in work; try again later");
  }
  tickets.pop_back();
  EXPECT_EQ(admission.in_flight(), 2U);
  admission.look(10);
  tickets.clear();
  EXPECT_EQ(admission.in_flight(), 0U);
}

TEST_F(AdmissionTest, RefusesNobodyForTheWaitBeforeAnythingIsKnown) {
  Admission admission = opened();
  EXPECT_EQ(entered(admission, 100, 1000).size(), 100U);
}

TEST_F(AdmissionTest, LetsAFewAlikeInAndNoMoreWhenTheyTakeLong) {
  Admission admission = opened();
  learn(admission);
  const Tickets tickets = entered(admission, 8, 1000);
  // 1,512 bytes in 5 ms, eight times; what was seen last has lost a fiftieth
  EXPECT_EQ(refusal_of([&] { admission.enter(1000, nullptr); }).message,
            "39 ms of work wait already, and at most 1 may; try again later");
}

TEST_F(AdmissionTest, LetsASmallRequestWaitForNoMoreThanItsOwnSize) {
  Admission admission = opened();
  learn(admission);
  const Tickets tickets = entered(admission, 8, 1'000'000);
  EXPECT_EQ(refusal_of([&] { admission.look(1000); }).fault, Fault::kOverloaded);
  Admission patient = opened(1000.0);
  learn(patient);
  const Tickets others = entered(patient, 8, 1'000'000);
  patient.look(1000);
}

TEST_F(AdmissionTest, HasNoBoundOfTimeAtZero) {
  Admission admission = opened(0.0);
  learn(admission);
  EXPECT_EQ(entered(admission, 100, 1000).size(), 100U);
}

TEST_F(AdmissionTest, LearnsNothingOfThePaceFromThoseThatWereNotServed) {
  Admission admission = opened();
  learn(admission);
  for (int i = 0; i < 200; ++i) {
    admission.enter(1'000'000, nullptr);
  }
  const Tickets tickets = entered(admission, 8, 1000);
  EXPECT_EQ(refusal_of([&] { admission.look(1000); }).fault, Fault::kOverloaded);
}

// At 5 ms each ten fit into 50 ms, at a minute each none beyond the eight would.
TEST_F(AdmissionTest, TakesAStallForNoSlowness) {
  Admission admission = opened(50.0);
  learn(admission);
  Tickets stalled = entered(admission, 5, 1000);
  clock.now += 60.0;
  stalled.clear();
  learn(admission, 34);
  EXPECT_EQ(entered(admission, 9, 1000).size(), 9U);
}

TEST_F(AdmissionTest, GivesAPlaceOfAKeyBackHoweverARequestEnds) {
  Admission admission = opened(0.0, 2);
  const auto account =
      std::make_shared<Account>(ApiKeyRule{.name = "a", .max_in_flight = 1}, clock.clocks());
  {
    const auto ticket = admission.enter(1, account);
    const RankingError error = refusal_of([&] { admission.enter(1, account); });
    EXPECT_EQ(error.fault, Fault::kOverLimit);
    EXPECT_EQ(error.message, "the key a has 1 requests in work already");
    EXPECT_EQ(admission.in_flight(), 1U);
  }
  const Tickets full = entered(admission, 2, 1);
  EXPECT_EQ(refusal_of([&] { admission.enter(1, account); }).fault, Fault::kOverloaded);
  account->take_place();
}

TEST_F(AdmissionTest, IsFullWhenItHasBeenWithoutABreak) {
  Admission admission = opened(0.0, 4, 0.5);
  EXPECT_EQ(admission.full_s(), 0.0);
  Tickets tickets = entered(admission, 2, 1);
  clock.now += 3.0;
  EXPECT_EQ(admission.full_s(), 3.0);
  tickets.pop_back();
  EXPECT_EQ(admission.full_s(), 0.0);
  tickets.push_back(admission.enter(1, nullptr));
  clock.now += 1.0;
  EXPECT_EQ(admission.full_s(), 1.0);
}

}  // namespace
}  // namespace tensor_service
