// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/record.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "json/python_text.h"

namespace tensor_service {
namespace {

constexpr int kScoreDigits = 7;
constexpr int kTimeDigits = 3;

// An object, field by field.
class Line {
 public:
  explicit Line(std::string_view kind) { text("kind", kind); }

  std::string take() && { return std::move(out_) + "}\n"; }

  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_text(out_, value);
  }
  void whole(std::string_view name, std::int64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void number(std::string_view name, double value) {
    key(name);
    out_ += python_float(value);
  }
  void time(std::string_view name, double value) { number(name, python_round(value, kTimeDigits)); }

  template <class Items, class Write>
  void list(std::string_view name, const Items& items, Write write) {
    key(name);
    out_ += '[';
    bool first = true;
    for (const auto& item : items) {
      out_ += first ? "" : ",";
      first = false;
      write(out_, item);
    }
    out_ += ']';
  }

 private:
  void key(std::string_view name) {
    out_ += out_.empty() ? '{' : ',';
    append_json_text(out_, name);
    out_ += ':';
  }

  std::string out_;
};

constexpr auto kWriteWhole = [](std::string& out, auto number) { out += std::to_string(number); };
constexpr auto kWriteText = [](std::string& out, const std::string& text) {
  append_json_text(out, text);
};

std::string line(const Exposure& record) {
  Line line("exposure");
  line.time("time", record.time);
  line.text("request_id", record.request_id);
  line.text("experiment", record.experiment);
  line.text("mode", record.mode);
  line.text("variant", record.variant);
  line.text("reason", record.reason);
  line.text("unit", record.unit);
  line.text("assigned_ranker", record.assigned_ranker);
  line.text("assigned_bundle", record.assigned_bundle);
  line.text("served_ranker", record.served_ranker);
  line.text("served_bundle", record.served_bundle);
  line.whole("err_no", record.err_no);
  line.whole("documents", static_cast<std::int64_t>(record.documents));
  line.list("order", record.order, kWriteWhole);
  line.list("scores", record.scores, [](std::string& out, double score) {
    out += python_float(python_round(score, kScoreDigits));
  });
  line.list("teams", record.teams, kWriteText);
  line.time("latency_ms", record.latency_ms);
  line.time("queue_ms", record.queue_ms);
  line.time("compute_ms", record.compute_ms);
  if (!record.query.empty()) {
    line.text("query", record.query);
    line.list("titles", record.titles, kWriteText);
  }
  return std::move(line).take();
}

std::string line(const ShadowComparison& record) {
  Line line("shadow");
  line.time("time", record.time);
  line.text("request_id", record.request_id);
  line.text("experiment", record.experiment);
  line.text("variant", record.variant);
  line.text("shadow_variant", record.shadow_variant);
  line.text("ranker", record.ranker);
  line.text("bundle", record.bundle);
  line.text("shadow_ranker", record.shadow_ranker);
  line.text("shadow_bundle", record.shadow_bundle);
  line.whole("err_no", record.err_no);
  line.whole("documents", static_cast<std::int64_t>(record.documents));
  line.number("kendall_tau", record.kendall_tau);
  line.whole("top1_same", record.top1_same);
  line.number("top10_overlap", record.top10_overlap);
  line.number("score_difference", record.score_difference);
  line.number("score_distance", record.score_distance);
  line.time("shadow_ms", record.shadow_ms);
  return std::move(line).take();
}

std::string line(const Feedback& record) {
  Line line("feedback");
  line.time("time", record.time);
  line.text("request_id", record.request_id);
  line.list("clicks", record.clicks, kWriteWhole);
  line.list("grades", record.grades, [](std::string& out, const auto& grade) {
    out += "[" + std::to_string(grade.first) + "," + python_float(grade.second) + "]";
  });
  return std::move(line).take();
}

std::size_t bytes_of(std::initializer_list<const std::string*> texts) {
  std::size_t bytes = 0;
  for (const std::string* text : texts) {
    bytes += text->capacity();
  }
  return bytes;
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += sizeof(text) + text.capacity();
  }
  return bytes;
}

std::size_t more_of(const Exposure& record) {
  return bytes_of({&record.request_id, &record.unit, &record.query}) + bytes_of(record.teams) +
         bytes_of(record.titles) + record.order.capacity() * sizeof(std::size_t) +
         record.scores.capacity() * sizeof(double);
}

std::size_t more_of(const ShadowComparison& record) { return bytes_of({&record.request_id}); }

std::size_t more_of(const Feedback& record) {
  return bytes_of({&record.request_id}) + record.clicks.capacity() * sizeof(std::int64_t) +
         record.grades.capacity() * sizeof(record.grades[0]);
}

}  // namespace

std::string line_of(const Record& record) {
  return std::visit([](const auto& one) { return line(one); }, record);
}

std::size_t memory_of(const Record& record) {
  return sizeof(Record) + std::visit([](const auto& one) { return more_of(one); }, record);
}

double python_round(double value, int digits) {
  // a double has 309 digits before its point at most
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return std::strtod(text.data(), nullptr);
}

}  // namespace tensor_service
