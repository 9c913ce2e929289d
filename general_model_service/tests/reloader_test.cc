// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/reloader.h"

#include <gtest/gtest.h>

#include <thread>

#include "bundle_copy.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

TEST(FilesState, ChangesWithTheFiles) {
  const BundleCopy bundle("pairwise");
  const std::string before = files_state(bundle.root());
  EXPECT_EQ(files_state(bundle.root() / "serving_server"), before);
  bundle.edit("manifest.json", "\"schema\": 2", "\"schema\":  2");
  EXPECT_NE(files_state(bundle.root()), before);
}

TEST(FilesState, OfWhatCannotBeLookedAtIsEmpty) {
  const TemporaryDirectory directory;
  const fs::path loop = directory.path() / "loop";
  fs::create_symlink(loop, loop);
  EXPECT_EQ(files_state(loop), "");
  EXPECT_EQ(files_state(directory.path() / std::string(1000, 'a')), "");
}

TEST(Reloader, TakesABundleThatChangedWhileTheFirstOneWasLoaded) {
  const BundleCopy bundle("pairwise");
  ModelOptions options;
  options.path = bundle.root();
  Service service({}, {});
  const std::string before = files_state(options.path);
  service.set_model(load_model(options));
  bundle.edit("manifest.json", "\"schema\": 2", "\"schema\":  2");
  const Reloader reloader(options, service, std::chrono::seconds(1), before);
  for (int i = 0; i < 3000 && service.model()->generation == 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(service.model()->generation, 2U);
}

}  // namespace
}  // namespace tensor_service
