// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See compression.h; over zlib.

#include "wire/compression.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "report/error.h"

namespace tensor_service {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kGzipOrZlib = 32 + MAX_WBITS;
constexpr int kFastLevel = 1;
constexpr int kMemoryLevel = 8;
constexpr std::size_t kMaxStep = std::numeric_limits<uInt>::max();  // zlib counts in 32 bits
constexpr std::size_t kFirstRoom = 16U << 10U;
constexpr std::size_t kMostTimes = 100;       // that data may grow to
constexpr std::size_t kAnyTimes = 1U << 20U;  // a result up to this may be any multiple
constexpr std::size_t kBehind = 64;           // room that the decoder of JSON wants

using Stream = std::unique_ptr<z_stream, int (*)(z_stream*)>;

Bytef* bytes_of(const char* data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data));  // zlib reads it without writing
}

// Points the stream at `left` bytes, or as many as it can count; returns how many.
std::size_t offer_input(z_stream& stream, std::string_view left) {
  stream.next_in = bytes_of(left.data());
  stream.avail_in = static_cast<uInt>(std::min(left.size(), kMaxStep));
  return stream.avail_in;
}

std::size_t offer_output(z_stream& stream, std::string& out, std::size_t used) {
  stream.next_out = bytes_of(out.data() + used);
  stream.avail_out = static_cast<uInt>(std::min(out.size() - used, kMaxStep));
  return stream.avail_out;
}

// What data of that size may inflate to.
std::size_t most_of(std::size_t size, std::size_t max_size) {
  const std::size_t times = size > max_size / kMostTimes ? max_size : size * kMostTimes;
  return std::min(max_size, std::max(times, kAnyTimes));
}

void grow(std::string& out, std::size_t max_size, HeldBytes& held) {
  const std::size_t most = max_size == std::string::npos ? max_size : max_size + 1;
  const std::size_t size = std::min(most, std::max(kFirstRoom, 2 * out.size()));
  const std::size_t room = size > std::string::npos - kBehind ? size : size + kBehind;
  held.resize(room);
  out.reserve(room);
  out.resize(size);
}

// One call of inflate(): consumes of data, appends to out at used, grows out up to max_size + 1, so
// that a result that is one byte too long is seen without a step of its own.
int inflate_step(z_stream& stream, std::string_view& data, std::string& out, std::size_t& used,
                 std::size_t max_size, HeldBytes& held) {
  if (used == out.size()) {
    grow(out, max_size, held);
  }
  const std::size_t offered_in = offer_input(stream, data);
  const std::size_t offered_out = offer_output(stream, out, used);
  const int result = ::inflate(&stream, Z_NO_FLUSH);
  data.remove_prefix(offered_in - stream.avail_in);
  used += offered_out - stream.avail_out;
  if (used > max_size) {
    throw CallError(Status::kTooLarge,
                    "compressed body: inflates to more than " + std::to_string(max_size) +
                        " bytes (--max_body_size, or a hundred times its size); send fewer rows");
  }
  return result;
}

}  // namespace

std::string inflate(std::string_view data, std::size_t max_size) {
  HeldBytes unbounded;
  return inflate(data, max_size, unbounded);
}

std::string inflate(std::string_view data, std::size_t max_size, HeldBytes& held) {
  max_size = most_of(data.size(), max_size);
  z_stream state{};
  if (inflateInit2(&state, kGzipOrZlib) != Z_OK) {
    throw std::bad_alloc();
  }
  const Stream stream(&state, inflateEnd);
  const bool gzip_members = data.starts_with("\x1f\x8b");
  std::string out;
  std::size_t used = 0;
  while (true) {
    const int result = inflate_step(state, data, out, used, max_size, held);
    if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result == Z_STREAM_END) {
      if (data.empty()) {
        out.resize(used);
        return out;
      }
      if (!gzip_members || inflateReset2(&state, kGzip) != Z_OK) {
        throw CallError(Status::kMalformed, "compressed body: something follows its end");
      }
    } else if (result != Z_OK) {  // Z_BUF_ERROR: the data ends too early
      throw CallError(Status::kMalformed, result == Z_BUF_ERROR
                                              ? "compressed body: cut short"
                                              : "compressed body: not gzip or zlib, or damaged");
    }
  }
}

void inflate_body(Call& call, std::size_t max_size) {
  HeldBytes held(call.held.budget());
  call.body = inflate(call.body, max_size, held);
  call.held = std::move(held);
}

std::string gzip(std::string_view data) {
  z_stream state{};
  if (deflateInit2(&state, kFastLevel, Z_DEFLATED, kGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  const Stream stream(&state, deflateEnd);
  std::string out(deflateBound(&state, data.size()), '\0');
  std::size_t used = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    const std::size_t offered_in = offer_input(state, data);
    const std::size_t offered_out = offer_output(state, out, used);
    result = deflate(&state, offered_in == data.size() ? Z_FINISH : Z_NO_FLUSH);
    data.remove_prefix(offered_in - state.avail_in);
    used += offered_out - state.avail_out;
    if (result != Z_OK && result != Z_STREAM_END) {
      throw CallError(Status::kInternal, "gzip failed with " + std::to_string(result));
    }
  }
  out.resize(used);
  return out;
}

}  // namespace tensor_service
