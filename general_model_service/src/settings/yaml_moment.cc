// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Dates and times of YAML as Python's datetime.

#include <chrono>
#include <optional>
#include <regex>

#include "settings/yaml_scalar.h"

namespace tensor_service {
namespace {

constexpr const char* kParts =
    "([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:(?:[Tt]|[ \\t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})"
    "(?:\\.([0-9]*))?(?:[ \\t]*(?:(Z)|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?)?";
constexpr int kDay = 86400;

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0;
  std::optional<int> offset;  // seconds east of UTC
  bool has_time = false;
};

int number_of(const std::ssub_match& part) { return part.length() > 0 ? std::stoi(part.str()) : 0; }

Parts parts_of(const std::string& value) {
  static const std::regex pattern(kParts);
  std::smatch found;
  if (value.size() > 100 || !std::regex_match(value, found, pattern)) {
    throw ScalarError("'" + value.substr(0, 40) + "' is no date");
  }
  Parts parts;
  parts.year = number_of(found[1]);
  parts.month = number_of(found[2]);
  parts.day = number_of(found[3]);
  parts.has_time = found[4].length() > 0;
  parts.hour = number_of(found[4]);
  parts.minute = number_of(found[5]);
  parts.second = number_of(found[6]);
  parts.micro = std::stoi((found[7].str() + "000000").substr(0, 6));
  if (found[8].length() > 0) {
    parts.offset = 0;
  } else if (found[9].length() > 0) {
    const int seconds = number_of(found[10]) * 3600 + number_of(found[11]) * 60;
    parts.offset = found[9].str() == "-" ? -seconds : seconds;
  }
  return parts;
}

// In the order and the words of Python's datetime.
void check(const Parts& parts) {
  using namespace std::chrono;
  const year_month_day date{year(parts.year), month(static_cast<unsigned>(parts.month)),
                            day(static_cast<unsigned>(parts.day))};
  const char* wrong = nullptr;
  if (parts.offset && (*parts.offset <= -kDay || *parts.offset >= kDay)) {
    wrong =
        "offset must be a timedelta strictly between -timedelta(hours=24) and "
        "timedelta(hours=24)";
  } else if (parts.year < 1) {
    wrong = "year 0 is out of range";
  } else if (parts.month < 1 || parts.month > 12) {
    wrong = "month must be in 1..12";
  } else if (!date.ok()) {
    wrong = "day is out of range for month";
  } else if (parts.hour > 23) {
    wrong = "hour must be in 0..23";
  } else if (parts.minute > 59) {
    wrong = "minute must be in 0..59";
  } else if (parts.second > 59) {
    wrong = "second must be in 0..59";
  }
  if (wrong != nullptr) {
    throw ScalarError(wrong);
  }
}

std::string zone_repr(int offset) {
  if (offset == 0) {
    return "datetime.timezone.utc";
  }
  const std::string days = offset < 0 ? "days=-1, " : "";
  const int seconds = offset < 0 ? offset + kDay : offset;
  return "datetime.timezone(datetime.timedelta(" + days + "seconds=" + std::to_string(seconds) +
         "))";
}

std::string repr_of(const Parts& parts) {
  std::string text = parts.has_time ? "datetime.datetime(" : "datetime.date(";
  text += std::to_string(parts.year) + ", " + std::to_string(parts.month) + ", " +
          std::to_string(parts.day);
  if (!parts.has_time) {
    return text + ")";
  }
  text += ", " + std::to_string(parts.hour) + ", " + std::to_string(parts.minute);
  if (parts.second > 0 || parts.micro > 0) {
    text += ", " + std::to_string(parts.second);
  }
  if (parts.micro > 0) {
    text += ", " + std::to_string(parts.micro);
  }
  return text + (parts.offset ? ", tzinfo=" + zone_repr(*parts.offset) : "") + ")";
}

}  // namespace

JsonNode moment_node(const std::string& value) {
  using namespace std::chrono;
  const Parts parts = parts_of(value);
  check(parts);
  const sys_days date = year_month_day{year(parts.year), month(static_cast<unsigned>(parts.month)),
                                       day(static_cast<unsigned>(parts.day))};
  const std::int64_t days = date.time_since_epoch().count();
  const std::int64_t seconds =
      days * kDay + parts.hour * 3600 + parts.minute * 60 + parts.second - parts.offset.value_or(0);
  JsonNode node;
  node.kind = JsonKind::kMoment;
  node.number = static_cast<double>(seconds) + parts.micro / 1e6;
  node.text = repr_of(parts);
  return node;
}

}  // namespace tensor_service
