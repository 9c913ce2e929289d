// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Certificates for tests, each its own authority, and a caller's end of TLS without a socket.

#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace tensor_service {

struct CertificateFiles {
  std::filesystem::path certificate, key;
};

// Written anew they are another certificate.
inline CertificateFiles make_certificate(const std::filesystem::path& folder,
                                         const std::string& name) {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::shared_ptr<X509> certificate(X509_new(), &X509_free);
  X509* const raw = certificate.get();
  X509_set_version(raw, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), 1);
  X509_gmtime_adj(X509_getm_notBefore(raw), -60);
  X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
  X509_set_pubkey(raw, key.get());
  X509_NAME* const subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(raw, subject);
  X509_sign(raw, key.get(), EVP_sha256());
  CertificateFiles files{folder / (name + ".crt"), folder / (name + ".key")};
  std::FILE* file = std::fopen(files.certificate.c_str(), "w");
  PEM_write_X509(file, raw);
  std::fclose(file);
  file = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  return files;
}

class TlsPeer {
 public:
  explicit TlsPeer(const CertificateFiles* own = nullptr, std::string_view alpn = "",
                   int newest = 0) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, newest);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    if (own != nullptr) {
      SSL_CTX_use_certificate_chain_file(context, own->certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context, own->key.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context), &SSL_free);
    SSL_CTX_free(context);
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                        static_cast<unsigned>(alpn.size()));
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
  }

  // What is to be sent next, after these bytes came.
  std::string step(std::string_view received) {
    BIO_write(in_, received.data(), static_cast<int>(received.size()));
    SSL_do_handshake(ssl_.get());
    read();
    return sent();
  }
  std::string write(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    return sent();
  }
  std::string finish() {
    SSL_shutdown(ssl_.get());
    return sent();
  }

  bool is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool was_told_the_end() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  int version() const { return SSL_version(ssl_.get()); }
  std::string certificate() const {
    const std::shared_ptr<X509> given(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    unsigned char* bytes = nullptr;
    const int size = given ? i2d_X509(given.get(), &bytes) : 0;
    const std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return text;
  }

  std::string plain;  // that came

 private:
  void read() {
    char buffer[4096];
    for (int size = 0; (size = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0;) {
      plain.append(buffer, static_cast<std::size_t>(size));
    }
  }
  std::string sent() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    if (!bytes.empty()) {
      BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    }
    return bytes;
  }

  BIO* const in_ = BIO_new(BIO_s_mem());
  BIO* const out_ = BIO_new(BIO_s_mem());
  std::shared_ptr<SSL> ssl_;
};

}  // namespace tensor_service
