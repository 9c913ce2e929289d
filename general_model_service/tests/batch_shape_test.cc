// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/batch_shape.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

using std::chrono::microseconds;

TEST(TokensOfBatchTest, AreThoseThatTakeTheTime) {
  EXPECT_EQ(tokens_of_batch(1024, microseconds(2000), 4.0), 500);
  EXPECT_EQ(tokens_of_batch(1024, microseconds(2000), 0.5), 1024);
  EXPECT_EQ(tokens_of_batch(1024, microseconds(2000), 150.0), kLeastBatchTokens);
}

TEST(TokensOfBatchTest, AreFewUntilACostIsKnown) {
  EXPECT_EQ(tokens_of_batch(1024, microseconds(2000), 0.0), kLeastBatchTokens);
}

TEST(TokensOfBatchTest, AreWhatWasAskedForWithoutATimeOrBelowTheLeast) {
  EXPECT_EQ(tokens_of_batch(16384, microseconds(0), 150.0), 16384);
  EXPECT_EQ(tokens_of_batch(64, microseconds(2000), 150.0), 64);
}

TEST(RowsForTest, AreAFullBatchWhereEnoughWait) {
  EXPECT_EQ(rows_for(32, 32, 32), 32);
  EXPECT_EQ(rows_for(32, 1000, 32), 32);
  EXPECT_EQ(rows_for(30, 1000, 32), 24) << "not another number each time that the cost changes";
}

TEST(RowsForTest, AreFewWhereFewerWait) {
  EXPECT_EQ(rows_for(32, 31, 32), 8);
  EXPECT_EQ(rows_for(32, 3, 32), 8) << "as many as there are";
}

TEST(RowsForTest, AreNoMoreThanFit) {
  EXPECT_EQ(rows_for(5, 100, 32), 5);
  EXPECT_EQ(rows_for(1, 100, 384), 1);
}

TEST(KeptShapeTest, ALittlePaddingKeepsTheLastShape) {
  const BatchShape kept = kept_shape({7, 32}, {8, 40}, 3.0, microseconds(370));
  EXPECT_EQ(kept.rows, 8);
  EXPECT_EQ(kept.length, 40);
}

TEST(KeptShapeTest, MuchPaddingDoesNot) {
  const BatchShape own = kept_shape({7, 32}, {8, 40}, 4.0, microseconds(370));
  EXPECT_EQ(own.rows, 7);
  EXPECT_EQ(own.length, 32);
}

TEST(KeptShapeTest, ABatchThatDoesNotFitHasItsOwn) {
  EXPECT_EQ(kept_shape({9, 32}, {8, 40}, 3.0, microseconds(370)).rows, 9);
  EXPECT_EQ(kept_shape({7, 48}, {8, 40}, 3.0, microseconds(370)).length, 48);
}

TEST(KeptShapeTest, NothingIsKeptWithoutACostOrAChangeToSave) {
  EXPECT_EQ(kept_shape({7, 32}, {8, 32}, 0.0, microseconds(370)).rows, 7);
  EXPECT_EQ(kept_shape({7, 32}, {8, 32}, 3.0, microseconds(0)).rows, 7);
}

}  // namespace
}  // namespace tensor_service
