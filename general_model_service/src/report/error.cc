// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "report/error.h"

#include <array>

namespace tensor_service {
namespace {

struct Codes {
  int http;
  int grpc;
  int brpc;
  int err_no;
};

// By Status, in its order. brpc's numbers are those of its errno.proto; a status that the caller's
// tensors caused has none there, because Paddle Serving reports it inside a good response.
constexpr std::array<Codes, 17> kCodes = {{
    {200, 0, 0, 0},          // kOk
    {400, 3, 0, -5100},      // kInvalid
    {400, 3, 1003, -5000},   // kMalformed, EREQUEST
    {400, 3, 0, -5002},      // kOverflow
    {413, 8, 1003, -5002},   // kTooLarge, EREQUEST
    {404, 12, 1002, -5000},  // kNotFound, ENOMETHOD
    {405, 12, 1002, -5000},  // kMethodNotAllowed
    {415, 12, 1003, -5000},  // kUnsupported
    {429, 8, 1011, -5000},   // kOverloaded, EOVERCROWDED
    {429, 8, 1011, -5000},   // kCrowded
    {504, 4, 1008, -5000},   // kDeadline, ERPCTIMEDOUT
    {499, 1, 125, -5000},    // kCancelled, ECANCELED
    {503, 14, 2003, -5000},  // kUnavailable, ELOGOFF
    {500, 13, 0, -5001},     // kNoMemory
    {401, 16, 1004, -5000},  // kUnauthorized, ERPCAUTH
    {403, 7, 1003, -5000},   // kForbidden, EREQUEST
    {500, 13, 0, -5100},     // kInternal
}};

const Codes& codes(Status status) { return kCodes[static_cast<std::size_t>(status)]; }

}  // namespace

int http_status(Status status) { return codes(status).http; }
int grpc_status(Status status) { return codes(status).grpc; }
int brpc_error(Status status) { return codes(status).brpc; }
int err_no(Status status) { return codes(status).err_no; }

}  // namespace tensor_service
