// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// API keys: who is found by which header fields, what a key may use, and who tries too many.

#include "door/api_keys.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "door_clock.h"
#include "settings/config_error.h"

namespace tensor_service {
namespace {

class ApiKeysTest : public testing::Test {
 protected:
  ApiKeysTest() { std::filesystem::create_directories(folder); }
  ~ApiKeysTest() override { std::filesystem::remove_all(folder); }

  ApiKeyRule in_file(const std::string& name, const std::string& key) const {
    std::ofstream(folder / name) << key;
    return {.name = name, .key_file = name};
  }

  std::shared_ptr<Account> find(const DoorFields& fields, std::string_view address = "a") {
    return keys.find(&fields, address);
  }
  static DoorFields bearer(const std::string& key) { return {.authorization = "Bearer " + key}; }

  DoorClock clock;
  std::vector<std::string> lines;
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("api_keys_test_" + std::to_string(::getpid()));
  ApiKeys keys{folder, "http.api_keys", [this](const std::string& line) { lines.push_back(line); },
               clock.clocks()};
};

TEST_F(ApiKeysTest, AskNobodyWithoutAKey) {
  EXPECT_FALSE(keys.asked());
  EXPECT_EQ(keys.find(nullptr, ""), nullptr);
}

TEST_F(ApiKeysTest, FindTheOwnerByEitherField) {
  keys.change({in_file("one", "  secret\n"), in_file("two", "\xE7\xA7\x98\xE5\xAF\x86")});
  EXPECT_TRUE(keys.asked());
  const auto one = find(bearer("secret"));
  EXPECT_NE(one, nullptr);
  EXPECT_EQ(find({.authorization = "BEARER   secret  "}), one);
  EXPECT_EQ(find({.api_key = "secret"}), one);
  EXPECT_EQ(find({.authorization = "Basic secret", .api_key = "secret"}), one);
  const auto two = find(bearer("\xE7\xA7\x98\xE5\xAF\x86"));
  EXPECT_NE(two, nullptr);
  EXPECT_NE(two, one);
}

TEST_F(ApiKeysTest, RefuseStrangersInOneSentence) {
  keys.change({in_file("one", "secret")});
  for (const DoorFields& fields :
       {DoorFields{}, bearer(""), bearer("secre"), bearer("secret x"), bearer("Secret"),
        DoorFields{.authorization = "Bearer"}, DoorFields{.authorization = "secret"},
        DoorFields{.authorization = "Bearer", .api_key = "secret"}, DoorFields{.api_key = ""}}) {
    const RankingError error = refusal_of([&] { find(fields); });
    EXPECT_EQ(error.fault, Fault::kUnauthorized);
    EXPECT_EQ(error.text(),
              "api key: missing or unknown; send Authorization: Bearer with your key");
  }
  EXPECT_EQ(refusal_of([&] { keys.find(nullptr, "a"); }).fault, Fault::kUnauthorized);
}

TEST_F(ApiKeysTest, TakeADigestInPlaceOfAFile) {
  // of "secret"
  keys.change({{.name = "a",
                .sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}});
  EXPECT_NE(find(bearer("secret")), nullptr);
  keys.change({{.name = "a", .sha256 = std::string(64, '0')}});
  EXPECT_EQ(refusal_of([&] { find(bearer("secret")); }).fault, Fault::kUnauthorized);
}

TEST_F(ApiKeysTest, TakeAKeyOfTheEnvironment) {
  ::setenv("API_KEYS_TEST_KEY", " of the environment\n", 1);
  keys.change({{.name = "a", .key_env = "API_KEYS_TEST_KEY"}});
  EXPECT_NE(find(bearer("of the environment")), nullptr);
  ::unsetenv("API_KEYS_TEST_KEY");
}

TEST_F(ApiKeysTest, NameWhatCannotBeReadAndKeepTheOldOnes) {
  keys.change({in_file("one", "secret")});
  const auto one = find(bearer("secret"));
  const std::string none = (folder / "none").string();
  const std::string blank = (folder / "blank").string();
  const std::pair<ApiKeyRule, std::string> wrong[] = {
      {{.name = "b", .key_file = "none"},
       "http.api_keys[1].key_file: cannot read " + none + " (No such file or directory)"},
      {in_file("blank", " \n"),
       "http.api_keys[1].key_file: " + blank + " holds no key; write it there"},
      {{.name = "b", .key_env = "API_KEYS_TEST_NONE"},
       "http.api_keys[1].key_env: API_KEYS_TEST_NONE is not set; set it"}};
  for (const auto& [rule, message] : wrong) {
    try {
      keys.change({in_file("one", "other"), rule});
      ADD_FAILURE() << message;
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()), message);
    }
    EXPECT_EQ(find(bearer("secret")), one);
  }
  for (const std::string& content : {std::string("\xFF"), std::string(70'000, 'a')}) {
    EXPECT_THROW(keys.change({in_file("one", content)}), ConfigError);
  }
}

TEST_F(ApiKeysTest, KeepWhatIsUsedByTheName) {
  ApiKeyRule rule = in_file("one", "secret");
  rule.requests_per_minute = 1;
  keys.change({rule});
  find(bearer("secret"))->take_request();
  std::ofstream(folder / "one") << "changed";
  keys.change({rule});
  EXPECT_EQ(refusal_of([&] { find(bearer("secret")); }).fault, Fault::kUnauthorized);
  EXPECT_EQ(refusal_of([&] { find(bearer("changed"))->take_request(); }).fault, Fault::kOverLimit);
}

TEST_F(ApiKeysTest, CountRequestsAsABucketThatFills) {
  Account account({.name = "slow", .requests_per_minute = 2}, clock.clocks());
  account.take_request();
  account.take_request();
  const RankingError error = refusal_of([&] { account.take_request(); });
  EXPECT_EQ(error.fault, Fault::kOverLimit);
  EXPECT_EQ(error.message, "the key slow may send 2 requests a minute");
  EXPECT_DOUBLE_EQ(error.retry_after_s, 30.0);
  clock.now += 29.0;
  EXPECT_NEAR(refusal_of([&] { account.take_request(); }).retry_after_s, 1.0, 1e-6);
  clock.now += 1.001;
  account.take_request();
  clock.now += 86'400.0;  // a bucket holds no more than a minute's
  account.take_request();
  account.take_request();
  EXPECT_EQ(refusal_of([&] { account.take_request(); }).fault, Fault::kOverLimit);
}

TEST_F(ApiKeysTest, CountDocumentsFromMidnightToMidnight) {
  clock.now = 3 * 86'400.0 - 100.0;
  Account account({.name = "small", .documents_per_day = 5}, clock.clocks());
  account.take_documents(3);
  const RankingError over = refusal_of([&] { account.take_documents(3); });
  EXPECT_EQ(over.message,
            "the key small may have 5 documents ranked a day, and 2 are left of today");
  EXPECT_DOUBLE_EQ(over.retry_after_s, 100.0);
  account.take_documents(2);
  const RankingError never = refusal_of([&] { account.take_documents(6); });
  EXPECT_EQ(never.fault, Fault::kTooLarge);
  EXPECT_EQ(never.text(),
            "documents: 6 documents, and the key small may have 5 ranked a day "
            "(documents_per_day); send fewer at once");
  clock.now += 101.0;
  account.take_documents(5);
}

TEST_F(ApiKeysTest, SlowDownWhoTriesMany) {
  keys.change({in_file("old", "old"), in_file("new", "new")});
  find(bearer("old"));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(refusal_of([&] { find(bearer("no")); }).fault, Fault::kUnauthorized);
  }
  const RankingError error = refusal_of([&] { find(bearer("no")); });
  EXPECT_EQ(error.fault, Fault::kOverLimit);
  EXPECT_EQ(error.message, "too many wrong API keys came from this address; try again later");
  EXPECT_DOUBLE_EQ(error.retry_after_s, 2.0);
  find(bearer("old"));
  EXPECT_EQ(refusal_of([&] { find(bearer("new")); }).fault, Fault::kOverLimit);
  EXPECT_EQ(refusal_of([&] { find({}); }).fault, Fault::kUnauthorized);
  find(bearer("new"), "b");
  EXPECT_EQ(keys.wrong(), 31);
  clock.now += 60.0;
  find(bearer("new"));
}

TEST(WrongKeys, HaveALineOfTheLogForEachAddressAndMinute) {
  DoorClock clock;
  std::vector<std::string> lines;
  WrongKeys keys([&](const std::string& line) { lines.push_back(line); }, clock.clock());
  for (int i = 0; i < 50; ++i) {
    keys.wrong("a");
  }
  keys.wrong("b");
  clock.now += 60.0;
  keys.wrong("a");
  EXPECT_EQ(lines, (std::vector<std::string>{"wrong API keys from a: 1", "wrong API keys from b: 1",
                                             "wrong API keys from a: 50"}));
}

TEST(WrongKeys, TakeAddressesOfOneNetworkOfIpv6ForOne) {
  DoorClock clock;
  WrongKeys keys([](const std::string&) {}, clock.clock());
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(keys.wrong("2001:db8:0:1::1"), 0.0);
  }
  for (const char* other : {"2001:db8:0:1::2", "2001:db8:0:1:ffff:1:2:3", "2001:DB8::1:0:0:0:9"}) {
    EXPECT_GT(keys.wrong(other), 0.0);
    EXPECT_GT(keys.wait_s(other), 0.0);
    EXPECT_FALSE(keys.right(other, "owner"));
  }
  EXPECT_EQ(keys.wrong("2001:db8:0:2::1"), 0.0);
  EXPECT_EQ(keys.wrong("no:address"), 0.0);
  EXPECT_EQ(network_of("2001:db8:0:1:2::3"), "2001:db8:0:1::/64");
  EXPECT_EQ(network_of("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
}

// Who comes from ever new addresses takes no more memory than those seen last need.
TEST(WrongKeys, ForgetTheAddressSeenLongestAgo) {
  DoorClock clock;
  WrongKeys keys([](const std::string&) {}, clock.clock());
  for (int i = 0; i < 30; ++i) {
    keys.wrong("first");
  }
  EXPECT_GT(keys.wait_s("first"), 0.0);
  for (int i = 0; i < 9'999; ++i) {
    keys.wrong("other" + std::to_string(i));
  }
  EXPECT_GT(keys.wait_s("first"), 0.0);  // seen again
  for (int i = 0; i < 10'000; ++i) {
    keys.wrong("another" + std::to_string(i));
  }
  EXPECT_EQ(keys.wait_s("first"), 0.0);
}

}  // namespace
}  // namespace tensor_service
