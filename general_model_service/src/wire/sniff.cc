// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The first bytes of a connection in, the Protocol that speaks them out. Called by connection.cc.

#include <array>

#include "wire/protocol.h"

namespace tensor_service {
namespace {

using Maker = std::unique_ptr<Protocol> (*)(CallSink&, const ProtocolLimits&);

struct Magic {
  std::string_view bytes;
  Maker make;
};

// "PRI " opens HTTP/2's preface; no HTTP/1 method has that name.
constexpr std::array<Magic, 2> kMagics = {{{"PRPC", make_baidu_std}, {"PRI ", make_grpc}}};

}  // namespace

std::unique_ptr<Protocol> sniff_protocol(std::string_view first_bytes, CallSink& sink,
                                         const ProtocolLimits& limits) {
  for (const Magic& magic : kMagics) {
    if (first_bytes.starts_with(magic.bytes)) {
      return magic.make(sink, limits);
    }
    if (magic.bytes.starts_with(first_bytes)) {
      return nullptr;
    }
  }
  return make_http1(sink, limits);
}

}  // namespace tensor_service
