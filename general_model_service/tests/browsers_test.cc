// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Pages of other origins and names of strangers are refused; programs and the own page are not. As
// tests/pipeline/edges/http/test_browsers.py, and CORS as Starlette answers it.

#include "door/browsers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "door/host_names.h"

namespace tensor_service {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0";

std::optional<Fault> refusal(const Browsers& browsers, const DoorFields& sent,
                             std::string_view method = "POST", std::string_view path = "/rerank",
                             bool with_keys = false) {
  const auto error =
      browsers.refusal({.method = method, .path = path, .is_http = true, .door = &sent}, with_keys);
  return error ? std::optional(error->fault) : std::nullopt;
}

class BrowsersTest : public testing::Test {
 protected:
  const Browsers plain{{}, {}};
  const Browsers named{{"https://shop.example.com/"}, {"rank.example.com", "*.shops.example.com"}};
};

TEST_F(BrowsersTest, LetNoPageOfAnotherOriginPost) {
  for (const DoorFields& page :
       {DoorFields{.origin = "https://evil.example.com", .site = "cross-site", .agent = kFirefox},
        DoorFields{.origin = "https://evil.example.com"},
        DoorFields{.origin = "null", .site = "cross-site"}, DoorFields{.origin = "null"},
        DoorFields{.site = "cross-site"},
        DoorFields{.origin = "http://127.0.0.1:1", .site = "same-site"},
        DoorFields{.origin = "http://127.0.0.1:1"},
        DoorFields{.referer = "https://evil.example.com/page", .agent = kFirefox}}) {
    DoorFields sent = page;
    sent.host = "127.0.0.1:8088";
    for (const char* type : {"text/plain", kJson}) {
      sent.content_type = type;
      EXPECT_EQ(refusal(plain, sent), Fault::kForbidden);
      EXPECT_EQ(refusal(plain, sent, "GET"), std::nullopt);
      EXPECT_EQ(refusal(plain, sent, "POST", "/rerank", true), std::nullopt);
    }
  }
}

TEST_F(BrowsersTest, LetTheOwnPagePostJson) {
  DoorFields sent{.host = "127.0.0.1:8088", .origin = "http://127.0.0.1:8088"};
  for (const char* type : {kJson, "Application/JSON; charset=utf-8", "application/vnd.x+json",
                           "application/octet-stream"}) {
    sent.content_type = type;
    EXPECT_EQ(refusal(plain, sent), std::nullopt) << type;
  }
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "", "application/json, text/plain"}) {
    sent.content_type = type;
    EXPECT_EQ(refusal(plain, sent), Fault::kUnsupportedMedia) << type;
  }
  sent.content_type.reset();
  EXPECT_EQ(refusal(plain, sent), Fault::kUnsupportedMedia);
  EXPECT_EQ(refusal(plain, {.host = "a", .site = "same-origin"}), Fault::kUnsupportedMedia);
}

TEST_F(BrowsersTest, AskProgramsForNothing) {
  for (const char* agent :
       {"curl/8.5.0", "python-requests/2.32", "node", "Mozilla/5.0 WindowsPowerShell/5.1"}) {
    EXPECT_EQ(refusal(plain, {.host = "127.0.0.1", .agent = agent, .content_type = "text/plain"}),
              std::nullopt);
  }
  EXPECT_EQ(refusal(plain, {.host = "evil.example.com", .agent = "curl/8.5.0"}), std::nullopt);
  EXPECT_EQ(refusal(plain, {}), std::nullopt);
}

TEST_F(BrowsersTest, KnowThePageBehindAProxy) {
  DoorFields sent{
      .host = "ranker:8088", .origin = "https://rank.example.com", .content_type = kJson};
  EXPECT_EQ(refusal(plain, sent), Fault::kForbidden);
  for (const auto& [forwarded, expected] :
       {std::pair<const char*, std::optional<Fault>>{"rank.example.com", std::nullopt},
        {"rank.example.com:443, inner", std::nullopt},
        {"other.example.com", Fault::kForbidden},
        {"rank.example.com:80", Fault::kForbidden}}) {
    sent.forwarded_host = forwarded;
    EXPECT_EQ(refusal(plain, sent), expected) << forwarded;
  }
  sent.site = "same-origin";
  EXPECT_EQ(refusal(plain, sent), std::nullopt);
}

TEST_F(BrowsersTest, TakeNamesThatNoStrangerCanOwn) {
  for (const char* host :
       {"127.0.0.1:8088", "10.1.2.3", "[::1]:8088", "localhost:8088", "LOCALHOST", "a.localhost",
        "ranker", "ranker:8088", "ranker.default.svc", "ranker.default.svc.cluster.local.",
        "box.lan", "box.home.arpa", "rank.corp.internal", ""}) {
    EXPECT_EQ(refusal(plain, {.host = host, .agent = kFirefox}, "GET", "/"), std::nullopt) << host;
  }
  for (const char* host : {"evil.example.com:8088", "rebound.evil.io", "127.0.0.1.evil.io",
                           "localhost.evil.io", "home.arpa.evil.io", "."}) {
    const DoorFields sent{.host = host, .agent = kFirefox};
    const bool none = std::string_view(host) == ".";
    const auto expected = none ? std::nullopt : std::optional(Fault::kForbidden);
    EXPECT_EQ(refusal(plain, sent, "GET", "/metrics"), expected) << host;
    EXPECT_EQ(refusal(plain, sent, "GET", "/health"), std::nullopt);
    EXPECT_EQ(refusal(plain, sent, "GET", "/v2/health/ready"), std::nullopt);
  }
}

TEST_F(BrowsersTest, HoldEverybodyToTheNamesThatAreListed) {
  for (const char* host : {"rank.example.com", "RANK.example.com:443", "a.shops.example.com",
                           "127.0.0.1", "[::1]", "localhost", "rank.example.com."}) {
    EXPECT_EQ(refusal(named, {.host = host}), std::nullopt) << host;
    EXPECT_EQ(refusal(named, {.host = host, .agent = kFirefox}, "GET", "/"), std::nullopt);
  }
  for (const char* host : {"example.com", "shops.example.com", "xrank.example.com", "ranker"}) {
    EXPECT_EQ(refusal(named, {.host = host}, "GET", "/health"), Fault::kForbidden) << host;
    EXPECT_EQ(refusal(named, {.host = host}, "POST", "/rerank", true), Fault::kForbidden);
  }
  EXPECT_EQ(refusal(Browsers({}, {"*"}), {.host = "any.example.com"}), std::nullopt);
}

TEST_F(BrowsersTest, LetPagesPostWhoseOriginIsListed) {
  DoorFields sent{.host = "rank.example.com",
                  .origin = "https://SHOP.example.com",
                  .site = "cross-site",
                  .content_type = kJson};
  EXPECT_EQ(refusal(named, sent), std::nullopt);
  sent.content_type = "text/plain";
  EXPECT_EQ(refusal(named, sent), Fault::kUnsupportedMedia);
  sent.origin = "https://evil.example.com";
  EXPECT_EQ(refusal(named, sent), Fault::kForbidden);
  EXPECT_EQ(refusal(Browsers({"*"}, {}), sent), std::nullopt);
}

TEST(HostNames, AreReadAsPythonReadsThem) {
  const auto host = [](const char* text) { return host_port_of(text); };
  EXPECT_EQ(host("A:1"), (HostPort{"", "a", 1}));
  EXPECT_EQ(host("[::1]:80"), (HostPort{"", "::1", 80}));
  EXPECT_EQ(host("user@h:"), (HostPort{"", "h", std::nullopt}));
  EXPECT_EQ(host("h/x:1"), (HostPort{"", "h", std::nullopt}));
  EXPECT_EQ(host(""), (HostPort{"", "", std::nullopt}));
  for (const char* wrong : {"[::1", "a]", "[zz]", "a[b]c", "h:x", "h:99999", "h:-1", "a:b:c",
                            "[127.0.0.1]", "h:+1", "h: 1"}) {
    EXPECT_EQ(host(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(host_port_of_url("HTTPS://a/x"), (HostPort{"https", "a", std::nullopt}));
  EXPECT_EQ(host_port_of_url("null"), HostPort());
  EXPECT_EQ(name_of_host("[fe80::1%25eth0]:1"), "fe80::1%25eth0");
  EXPECT_TRUE(is_address("fe80::1%eth0"));
  EXPECT_FALSE(is_address("127.0.0.01"));
  EXPECT_FALSE(is_address("1.2.3"));
}

std::string field(const HeadFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [name](const auto& one) { return one.first == name; });
  return found == fields.end() ? "none" : found->second;
}

TEST(Cors, AnswersABrowserThatAsksBefore) {
  const Cors cors({"https://shop.example"});
  DoorFields sent{
      .cors_method = "POST", .cors_headers = "x-api-key", .origin = "https://shop.example"};
  const RequestHead head{.method = "OPTIONS", .path = "/rerank", .is_http = true, .door = &sent};
  const auto known = cors.preflight(head);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->http_status, 200);
  EXPECT_EQ(known->body, "OK");
  EXPECT_EQ(field(known->fields, "access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(field(known->fields, "access-control-allow-headers"), "x-api-key");
  EXPECT_EQ(field(known->fields, "access-control-allow-methods"), "GET, POST");
  sent.origin = "https://evil.example";
  sent.cors_method = "PUT";
  sent.cors_network = "true";
  const auto other = cors.preflight(head);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->http_status, 400);
  EXPECT_EQ(other->body, "Disallowed CORS origin, method, private-network");
  EXPECT_EQ(field(other->fields, "access-control-allow-origin"), "none");
  EXPECT_FALSE(Cors({}).preflight(head));
  sent.cors_method.reset();
  EXPECT_FALSE(cors.preflight(head));
}

TEST(Cors, MarksEveryOtherAnswer) {
  DoorFields sent{.origin = "https://shop.example"};
  const RequestHead head{.method = "POST", .path = "/rerank", .is_http = true, .door = &sent};
  const Cors cors({"https://shop.example"});
  EXPECT_EQ(field(cors.fields(head), "access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(field(cors.fields(head), "vary"), "Origin");
  EXPECT_EQ(field(Cors({"*"}).fields(head), "access-control-allow-origin"), "*");
  sent.origin = "https://evil.example";
  EXPECT_EQ(field(cors.fields(head), "access-control-allow-origin"), "none");
  sent.origin.reset();
  EXPECT_EQ(cors.fields(head).size(), 1U);
  EXPECT_TRUE(Cors({}).fields(head).empty());
}

}  // namespace
}  // namespace tensor_service
