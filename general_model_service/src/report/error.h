// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What can go wrong with a call, once for all protocols: each kind knows its HTTP status, gRPC
// status, brpc error code and the err_no that Paddle Serving puts into the response.

#pragma once

#include <stdexcept>
#include <string>

namespace tensor_service {

enum class Status {
  kOk,
  kInvalid,           // the caller's tensors do not fit the bundle
  kMalformed,         // the bytes are not what the protocol or the format says
  kOverflow,          // data longer or shorter than the shape
  kTooLarge,          // beyond max_body_size
  kNotFound,          // no such path, service or method
  kMethodNotAllowed,  // GET where POST is needed, or the reverse
  kUnsupported,       // content type, encoding or compression this service does not read
  kOverloaded,        // the queue is full
  kCrowded,           // requests hold all the memory that they may
  kDeadline,          // the caller's deadline passed
  kCancelled,         // the caller has gone
  kUnavailable,       // no model yet, or shutting down
  kNoMemory,
  kUnauthorized,  // no API key, or one that is not known
  kForbidden,     // a page of another origin, or a name that is not the service's
  kInternal,
};

// 200, 400, 401, 403, 404, 405, 413, 415, 429, 499, 500, 503, 504.
int http_status(Status status);

// grpc::StatusCode by number: 0, 3 INVALID_ARGUMENT, 8 RESOURCE_EXHAUSTED, ...
int grpc_status(Status status);

// brpc's errno: 0, 1001 ENOSERVICE, 1003 EREQUEST, 1008 ERPCTIMEDOUT, 1011 EOVERCROWDED, ...
int brpc_error(Status status);

// Paddle Serving's err_no: 0, -5000 framework, -5001 memory, -5002 overflow, -5100 op inference.
int err_no(Status status);

// A call that failed; what() names the field and the remedy.
class CallError : public std::runtime_error {
 public:
  CallError(Status status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  Status status() const { return status_; }

 private:
  Status status_;
};

}  // namespace tensor_service
