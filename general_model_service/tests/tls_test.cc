// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// TLS without a socket: handshakes, bytes both ways, and certificates that change.

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "certificates.h"
#include "tls/tls_session.h"

namespace tensor_service {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::filesystem::create_directories(folder);
    own = make_certificate(folder, "own");
  }
  ~TlsTest() override { std::filesystem::remove_all(folder); }

  TlsPaths paths() const { return {"http.tls_", own.certificate, own.key, std::nullopt}; }

  // Until neither side has anything to say, or the session is over; whether it goes on.
  static bool shake_hands(TlsSession& session, TlsPeer& peer) {
    std::string plain;
    std::string out = peer.step("");
    bool goes_on = true;
    while (!out.empty()) {
      goes_on = session.receive(out, plain) && goes_on;
      out = peer.step(session.take_output());
    }
    EXPECT_EQ(plain, "");
    return goes_on;
  }

  static std::string error_of(const TlsPaths& paths) {
    try {
      const TlsContext context(paths);
    } catch (const TlsError& error) {
      return error.what();
    }
    return "none";
  }

  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tls_test_" + std::to_string(::getpid()));
  CertificateFiles own;
};

TEST_F(TlsTest, CarriesBytesBothWaysWhereverTheyAreCut) {
  const TlsContext context(paths());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsSession session(context.current());
    TlsPeer peer(nullptr, "", version);
    ASSERT_TRUE(shake_hands(session, peer));
    EXPECT_TRUE(session.is_established());
    EXPECT_EQ(peer.version(), version);
    const std::string large(100'000, 'x');
    std::string plain;
    std::string sent = peer.write("small");
    sent += peer.write(large);
    for (const char byte : sent) {
      ASSERT_TRUE(session.receive({&byte, 1}, plain));
    }
    EXPECT_EQ(plain, "small" + large);
    EXPECT_TRUE(session.write(large));
    peer.step(session.take_output());
    EXPECT_EQ(peer.plain, large);
    session.finish();
    peer.step(session.take_output());
    EXPECT_TRUE(peer.was_told_the_end());
  }
}

TEST_F(TlsTest, EndsWhenThePeerEnds) {
  const TlsContext context(paths());
  TlsSession session(context.current());
  TlsPeer peer;
  ASSERT_TRUE(shake_hands(session, peer));
  std::string plain;
  std::string sent = peer.write("last");
  sent += peer.finish();
  EXPECT_FALSE(session.receive(sent, plain));
  EXPECT_EQ(plain, "last");
}

TEST_F(TlsTest, RefusesWhatIsNoTls) {
  const TlsContext context(paths());
  TlsSession session(context.current());
  std::string plain;
  EXPECT_FALSE(session.receive("\x16 this is no record of TLS at all", plain));
  EXPECT_FALSE(session.is_established());
  EXPECT_EQ(plain, "");
  TlsSession damaged(context.current());
  TlsPeer peer;
  ASSERT_TRUE(shake_hands(damaged, peer));
  std::string bytes = peer.write("secret");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_FALSE(damaged.receive(bytes, plain));
  EXPECT_EQ(plain, "");
  EXPECT_FALSE(damaged.write("answer"));
}

TEST_F(TlsTest, SpeaksNothingOlderThan12) {
  const TlsContext context(paths());
  TlsSession session(context.current());
  TlsPeer peer(nullptr, "", TLS1_1_VERSION);
  EXPECT_FALSE(shake_hands(session, peer) && session.is_established());
}

TEST_F(TlsTest, ChoosesTheProtocolByAlpn) {
  using namespace std::string_literals;
  const TlsContext context(paths());
  for (const auto& [offered, chosen] :
       {std::pair{"\x08http/1.1\x02h2"s, "h2"s}, std::pair{"\x08http/1.1"s, "http/1.1"s},
        std::pair{"\x04spdy"s, ""s}, std::pair{""s, ""s}}) {
    TlsSession session(context.current());
    TlsPeer peer(nullptr, offered);
    EXPECT_TRUE(shake_hands(session, peer));
    EXPECT_EQ(peer.alpn(), chosen);
  }
}

TEST_F(TlsTest, AsksForACertificateOfTheAuthority) {
  const CertificateFiles caller = make_certificate(folder, "caller");
  const CertificateFiles other = make_certificate(folder, "other");
  TlsPaths asked = paths();
  asked.client_ca = caller.certificate;
  const TlsContext context(asked);
  for (const auto& [files, taken] : {std::pair<const CertificateFiles*, bool>{&caller, true},
                                     {&other, false},
                                     {nullptr, false}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsSession session(context.current());
      TlsPeer peer(files, "", version);
      EXPECT_EQ(shake_hands(session, peer) && session.is_established(), taken);
    }
  }
}

TEST_F(TlsTest, NamesFilesThatCannotBeUsed) {
  const CertificateFiles other = make_certificate(folder, "other");
  TlsPaths wrong = paths();
  wrong.key = other.key;
  EXPECT_EQ(error_of(wrong), "http.tls_certificate: cannot use " + own.certificate.string() +
                                 " with " + other.key.string() + " (key values mismatch)");
  wrong.key = own.certificate;
  EXPECT_TRUE(error_of(wrong).starts_with("http.tls_certificate: cannot use "));
  wrong.key = folder / "none";
  EXPECT_NE(error_of(wrong).find("No such file or directory"), std::string::npos)
      << error_of(wrong);
  TlsPaths authority = paths();
  authority.keys = "rpc.tls_";
  authority.client_ca = own.key;
  EXPECT_TRUE(error_of(authority).starts_with("rpc.tls_client_ca: cannot use "))
      << error_of(authority);
}

TEST_F(TlsTest, FollowsItsFilesForNewConnections) {
  TlsContext context(paths());
  EXPECT_FALSE(context.follow());
  TlsSession before(context.current());
  make_certificate(folder, "own");
  EXPECT_TRUE(context.follow());
  EXPECT_FALSE(context.follow());
  TlsPeer old_peer;
  TlsPeer new_peer;
  ASSERT_TRUE(shake_hands(before, old_peer));
  TlsSession after(context.current());
  ASSERT_TRUE(shake_hands(after, new_peer));
  EXPECT_NE(old_peer.certificate(), new_peer.certificate());
}

TEST_F(TlsTest, KeepsTheOldFilesWhenTheNewOnesCannotBeUsed) {
  TlsContext context(paths());
  std::ofstream(own.certificate) << "half a certificate";
  EXPECT_THROW(context.follow(), TlsError);
  EXPECT_THROW(context.follow(),
               TlsError);  // tried again: the cure may not show in the file's times
  TlsSession session(context.current());
  TlsPeer peer;
  EXPECT_TRUE(shake_hands(session, peer));
}

TEST(Tls, BeginsWithAHandshake) {
  EXPECT_TRUE(begins_tls('\x16'));
  EXPECT_FALSE(begins_tls('G'));
}

}  // namespace
}  // namespace tensor_service
