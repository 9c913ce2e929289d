// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// YAML as PyYAML's SafeLoader reads it: values were recorded from yaml.load of PyYAML 6.0.4, as
// repr() shows them; what is refused is refused there too.

#include "settings/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "json/python_text.h"

namespace tensor_service {
namespace {

struct Case {
  const char* text;
  const char* result;
};

std::string shown(const std::string& text) { return python_repr(read_yaml(text), 10'000); }

std::string refusal(const std::string& text) {
  try {
    return "read as " + shown(text);
  } catch (const YamlError& error) {
    return error.what();
  }
}

const Case kGood[] = {
    {"k: 12", "{'k': 12}"},
    {"k: 012", "{'k': 10}"},
    {"k: 0x1F", "{'k': 31}"},
    {"k: 0b101", "{'k': 5}"},
    {"k: -0", "{'k': 0}"},
    {"k: +5", "{'k': 5}"},
    {"k: 1_000", "{'k': 1000}"},
    {"k: 08", "{'k': '08'}"},
    {"k: 1:30", "{'k': 90}"},
    {"k: -1:30:00", "{'k': -5400}"},
    {"k: 190:20:30.15", "{'k': 685230.15}"},
    {"k: 1.5", "{'k': 1.5}"},
    {"k: 1e3", "{'k': '1e3'}"},
    {"k: 1.e+3", "{'k': 1000.0}"},
    {"k: -.5", "{'k': '-.5'}"},
    {"k: .5", "{'k': 0.5}"},
    {"k: .inf", "{'k': inf}"},
    {"k: -.INF", "{'k': -inf}"},
    {"k: .nan", "{'k': nan}"},
    {"k: 1_0.5_0", "{'k': 10.5}"},
    {"k: yes", "{'k': True}"},
    {"k: NO", "{'k': False}"},
    {"k: on", "{'k': True}"},
    {"k: Off", "{'k': False}"},
    {"k: y", "{'k': 'y'}"},
    {"k: tRue", "{'k': 'tRue'}"},
    {"k: ~", "{'k': None}"},
    {"k: Null", "{'k': None}"},
    {"k: ''", "{'k': ''}"},
    {"k: '12'", "{'k': '12'}"},
    {"k: \"yes\"", "{'k': 'yes'}"},
    {"k: 2026-11-24", "{'k': datetime.date(2026, 11, 24)}"},
    {"k: 2026-11-24T08:00:00Z",
     "{'k': datetime.datetime(2026, 11, 24, 8, 0, tzinfo=datetime.timezone.utc)}"},
    {"k: 2026-11-24 8:00:00.25 +01:30",
     "{'k': datetime.datetime(2026, 11, 24, 8, 0, 0, 250000, "
     "tzinfo=datetime.timezone(datetime.timedelta(seconds=5400)))}"},
    {"k: 2026-11-24 08:00:00 -5",
     "{'k': datetime.datetime(2026, 11, 24, 8, 0, "
     "tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)))}"},
    {"k: '2026-11-24'", "{'k': '2026-11-24'}"},
    {"k: 12345678901234567890123", "{'k': 12345678901234567890123}"},
    {"k: 0xFFFFFFFFFFFFFFFFFF", "{'k': 4722366482869645213695}"},
    {"k: !!str 12", "{'k': '12'}"},
    {"k: !!int '12'", "{'k': 12}"},
    {"k: !!float 1", "{'k': 1.0}"},
    {"k: ! 12", "{'k': 12}"},
    {"k: 10.0.0.1:80", "{'k': '10.0.0.1:80'}"},
    {"k: 牙结石 # c", "{'k': '牙结石'}"},
    {"k: a b\n  c", "{'k': 'a b c'}"},
    {"k: |\n  a\n  b\n", "{'k': 'a\\nb\\n'}"},
    {"k: >-\n  a\n  b\n", "{'k': 'a b'}"},
    {"k: [1, {a: b}, ]", "{'k': [1, {'a': 'b'}]}"},
    {"k: {a, b: }", "{'k': {'a': None, 'b': None}}"},
    {"k: 1e+400", "{'k': '1e+400'}"},
    {"", "None"},
    {"# nothing", "None"},
    {"- 1\n- [2, x]", "[1, [2, 'x']]"},
    {"a: 1\nb:\n  c: [x, {d: ~}]\n  e: f", "{'a': 1, 'b': {'c': ['x', {'d': None}], 'e': 'f'}}"},
    {"---\na: 1\n...", "{'a': 1}"},
    {"x: &x {a: 1, b: [2]}\ny: *x", "{'x': {'a': 1, 'b': [2]}, 'y': {'a': 1, 'b': [2]}}"},
    {"x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3", "{'x': {'a': 1, 'b': 2}, 'y': {'a': 1, 'b': 3}}"},
    {"y:\n  <<: [{a: 1}, {b: 2}]\n  c: 3", "{'y': {'a': 1, 'b': 2, 'c': 3}}"},
    {"%YAML 1.1\n---\na: 1", "{'a': 1}"},
    {"<<: {a: 1}\nb: 2", "{'a': 1, 'b': 2}"},
    {"&a x: 1", "{'x': 1}"},
};

const Case kBad[] = {
    {"k: 2026-02-30", "day is out of range for month in \"<unicode string>\", line 1, column 4"},
    {"k: 2026-11-24 25:00:00", "hour must be in 0..23 in \"<unicode string>\", line 1, column 4"},
    {"k: !foo bar",
     "could not determine a constructor for the tag '!foo' in \"<unicode string>\", line 1, column "
     "4"},
    {"k: !!python/object:os.system x",
     "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system' in "
     "\"<unicode string>\", line 1, column 4"},
    {"k: !!int abc",
     "invalid literal for a whole number with base 10: 'abc' in \"<unicode string>\", line 1, "
     "column 4"},
    {"k: [1, 2",
     "while parsing a flow sequence in \"<unicode string>\", line 1, column 4 did not find "
     "expected ',' or ']' in \"<unicode string>\", line 2, column 1"},
    {"k: 'a",
     "while scanning a quoted scalar in \"<unicode string>\", line 1, column 4 found unexpected "
     "end of stream in \"<unicode string>\", line 1, column 6"},
    {"k: *x", "found undefined alias 'x' in \"<unicode string>\", line 1, column 4"},
    {"k: @x",
     "while scanning for the next token found character that cannot start any token in \"<unicode "
     "string>\", line 1, column 4"},
    {"k: a: b: c",
     "mapping values are not allowed in this context in \"<unicode string>\", line 1, column 5"},
    {"k: =",
     "could not determine a constructor for the tag 'tag:yaml.org,2002:value' in \"<unicode "
     "string>\", line 1, column 4"},
    {"k: <<",
     "could not determine a constructor for the tag 'tag:yaml.org,2002:merge' in \"<unicode "
     "string>\", line 1, column 4"},
    {"a: 1\na: 2", "the key 'a' stands twice in \"<unicode string>\", line 2, column 1"},
    {"a: 1\n'a': 2", "the key 'a' stands twice in \"<unicode string>\", line 2, column 1"},
    {"a:\n  b: {c: 1, c: 2}",
     "the key 'c' stands twice in \"<unicode string>\", line 2, column 13"},
    {"a: 1\n---\nb: 2",
     "expected a single document in the stream, but found another document in \"<unicode "
     "string>\", line 2, column 1"},
    {"x: &x 1\ny:\n  <<: *x",
     "expected a mapping or list of mappings for merging, but found scalar in \"<unicode "
     "string>\", line 3, column 7"},
    {"a: &a 1\nb: &a 2", "found duplicate anchor 'a' in \"<unicode string>\", line 2, column 4"},
    {"? [1]\n: 2", "found unhashable key in \"<unicode string>\", line 1, column 3"},
    {"a: 1\n  b: 2",
     "mapping values are not allowed in this context in \"<unicode string>\", line 2, column 4"},
    {"a\nb: 1",
     "mapping values are not allowed in this context in \"<unicode string>\", line 2, column 2"},
};

TEST(YamlTree, ReadsWhatPythonReads) {
  for (const Case& one : kGood) {
    EXPECT_EQ(refusal(one.text), std::string("read as ") + one.result) << one.text;
  }
}

TEST(YamlTree, RefusesWhatPythonRefuses) {
  for (const Case& one : kBad) {
    EXPECT_EQ(refusal(one.text), one.result) << one.text;
  }
}

TEST(YamlTree, AMomentIsSecondsSince1970) {
  EXPECT_EQ(read_yaml("2026-11-24T08:00:00Z").number, 1795507200.0);
  EXPECT_EQ(read_yaml("2026-11-24 08:00:00.5 +01:00").number, 1795507200.5 - 3600);
  EXPECT_EQ(read_yaml("1969-12-31").number, -86400.0);
  EXPECT_EQ(read_yaml("2026-11-24").kind, JsonKind::kMoment);
}

TEST(YamlTree, ANonTextKeyIsTold) {
  EXPECT_EQ(read_yaml("{a: 1, 2: b, 3: c}").text, "2");
  EXPECT_EQ(read_yaml("on: 1").text, "True");
  EXPECT_EQ(read_yaml("'on': 1").text, "");
  EXPECT_EQ(read_yaml("{<<: {1: a}, b: 1}").text, "1");
}

// Each line makes ten of the one before: a thousand million texts.
TEST(YamlTree, AliasesHaveABound) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j) {
      text += ", " + before;
    }
    text += "]\n";
  }
  EXPECT_NE(refusal(text).find("more than 200000 values, aliases included"), std::string::npos);
  std::string wide = "a: &a " + std::string(100'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 50; ++i) {
    wide += ", *a";
  }
  EXPECT_NE(refusal(wide + "]").find("aliases make more than"), std::string::npos);
}

// Each anchor holds all that stands in it.
TEST(YamlTree, AnchorsInsideOfAnchorsHaveABound) {
  std::string text;
  for (int i = 0; i < 90; ++i) {
    text += "&a" + std::to_string(i) + " [";
  }
  for (int i = 0; i < 50'000; ++i) {
    text += "x,";
  }
  EXPECT_NE(refusal(text + std::string(90, ']')).find("behind anchors"), std::string::npos);
}

TEST(YamlTree, DepthAndSizeHaveABound) {
  EXPECT_NE(refusal(std::string(200, '[')).find("nested more than 100 levels"), std::string::npos);
  EXPECT_NE(refusal(std::string(5U << 20U, 'a')).find("has more than"), std::string::npos);
  EXPECT_NE(refusal("a: &a [*a]").find("stands inside of what it names"), std::string::npos);
}

TEST(YamlTree, BytesThatAreNoUtf8AreRefused) {
  EXPECT_NE(refusal("a: \xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(std::string("a: \0b", 5)).find("control characters"), std::string::npos);
}

}  // namespace
}  // namespace tensor_service
