// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/iso_moment.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr std::int64_t kMicro = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kMicro;

// Takes parts off the front of a text; what is not there makes it wrong.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  void require(bool so) { good_ = good_ && so; }
  bool is_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool at_end() const { return rest_.empty(); }
  bool next_is(char c) const { return rest_.starts_with(c); }

  bool take(char c) {
    if (!next_is(c)) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  // So many digits, as a number of at least `least` and at most `most`.
  int number(std::size_t digits, int least, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const bool is_digit = i < rest_.size() && rest_[i] >= '0' && rest_[i] <= '9';
      good_ = good_ && is_digit;
      value = is_digit ? value * 10 + (rest_[i] - '0') : value;
    }
    rest_.remove_prefix(std::min(digits, rest_.size()));
    good_ = good_ && value >= least && value <= most;
    return value;
  }

  // Any one character.
  void skip() {
    if (!rest_.empty()) {
      take_character(rest_);
    }
  }

  // Millionths, of which more digits are dropped.
  int fraction() {
    int value = 0;
    int place = 100'000;
    bool any = false;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1)) {
      value += (rest_[0] - '0') * place;
      place /= 10;
      any = true;
    }
    good_ = good_ && any;
    return value;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

// Hours, perhaps minutes, seconds and millionths, with colons or without, in microseconds.
std::int64_t clock_of(Reader& in) {
  std::int64_t seconds = in.number(2, 0, 23) * 3600;
  const auto more = [&] {
    return !in.next_is(' ') && !in.at_end() && !in.next_is('Z') && !in.next_is('+') &&
           !in.next_is('-');
  };
  if (!more()) {
    return seconds * kMicro;
  }
  const bool colons = in.take(':');
  seconds += in.number(2, 0, 59) * 60;
  if (!more() || !(colons ? in.take(':') : true)) {
    return seconds * kMicro;
  }
  seconds += in.number(2, 0, 59);
  const bool parts = in.take('.') || in.take(',');
  return seconds * kMicro + (parts ? in.fraction() : 0);
}

std::int64_t zone_of(Reader& in) {
  in.take(' ');
  if (in.take('Z')) {
    return 0;
  }
  const bool minus = in.next_is('-');
  if (!in.take('+') && !in.take('-')) {
    return 0;
  }
  const std::int64_t offset = clock_of(in);
  return minus ? -offset : offset;
}

// Days since 1970 of a date of a week, 2026-W48 or 2026-W48-2, behind its year.
std::int64_t week_day(Reader& in, std::chrono::year in_year, bool dashes) {
  using namespace std::chrono;
  const int week = in.number(2, 1, 53);
  const bool has_day = dashes ? in.take('-') : in.is_digit();
  const int of_week = has_day ? in.number(1, 1, 7) : 1;
  // the first week is that of the 4th of January
  const sys_days fourth = in_year / January / 4;
  const sys_days monday = fourth - (weekday(fourth) - Monday) + weeks(week - 1);
  const sys_days next = (in_year + years(1)) / January / 4;
  in.require(monday < next - (weekday(next) - Monday));
  return (monday + days(of_week - 1)).time_since_epoch().count();
}

std::int64_t month_day(Reader& in, std::chrono::year in_year, bool dashes) {
  using namespace std::chrono;
  const month in_month(static_cast<unsigned>(in.number(2, 1, 12)));
  in.require(!dashes || in.take('-'));
  const day in_day(static_cast<unsigned>(in.number(2, 1, 31)));
  const year_month_day date(in_year, in_month, in_day);
  in.require(date.ok());
  return in.good() ? sys_days(date).time_since_epoch().count() : 0;
}

}  // namespace

std::optional<double> iso_moment(std::string_view text) {
  using namespace std::chrono;
  Reader in(text);
  const year in_year(in.number(4, 1, 9999));
  const bool dashes = in.take('-');
  const std::int64_t date =
      in.take('W') ? week_day(in, in_year, dashes) : month_day(in, in_year, dashes);
  std::int64_t micro = date * kDay;
  if (in.good() && !in.at_end()) {
    in.skip();
    micro += clock_of(in);
    micro -= zone_of(in);
  }
  if (!in.good() || !in.at_end()) {
    return std::nullopt;
  }
  return static_cast<double>(micro) / static_cast<double>(kMicro);
}

}  // namespace tensor_service
