// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// PairEncoder for Python: the module native_encoder, which contract/text/native.py finds and loads.
// Python's lock is free while texts are read.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "held_texts.h"
#include "text/pair_encoder.h"
#include "text/word_pieces.h"

namespace nb = nanobind;

namespace tensor_service {
namespace {

// What contract/text/native.py calls: raise both when names, arguments, answers or ids change.
constexpr int kInterface = 1;

using Ids = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>>;

Ids as_array(std::vector<std::int64_t> ids) {
  auto kept = std::make_unique<std::vector<std::int64_t>>(std::move(ids));
  const nb::capsule owner(kept.get(), [](void* vector) noexcept {
    delete static_cast<std::vector<std::int64_t>*>(vector);
  });
  std::vector<std::int64_t>* vector = kept.release();
  return {vector->data(), {vector->size()}, owner};
}

nb::tuple as_tuple(const EncodedRow& row) {
  return nb::make_tuple(row.begin, row.begin + row.length, row.title_begin, row.truncated,
                        row.query_tokens, row.query_kept, row.title_tokens);
}

nb::list facts_of(const EncodedRows& rows) {
  nb::list facts;
  for (const EncodedRow& row : rows.rows) {
    facts.append(as_tuple(row));
  }
  return facts;
}

nb::tuple encode_pairs(const PairEncoder& encoder, nb::handle sequence) {
  HeldTexts held;
  const std::vector<TextPair> pairs = held.pairs(sequence);
  EncodedRows rows;
  {
    const nb::gil_scoped_release others_run;
    rows = encoder.encode_pairs(pairs);
  }
  const nb::list facts = facts_of(rows);
  return nb::make_tuple(as_array(std::move(rows.ids)), facts);
}

nb::object encode_chunks(const PairEncoder& encoder, nb::handle sequence,
                         std::optional<std::size_t> max_title_tokens, std::size_t max_chunks,
                         std::optional<std::size_t> max_tokens) {
  HeldTexts held;
  const std::vector<TextPair> pairs = held.pairs(sequence);
  std::optional<EncodedRows> rows;
  {
    const nb::gil_scoped_release others_run;
    rows = encoder.encode_chunks(pairs, {max_title_tokens, max_chunks, max_tokens});
  }
  if (!rows) {
    return nb::none();
  }
  nb::list owners;
  for (const EncodedRow& row : rows->rows) {
    owners.append(row.pair);
  }
  const nb::list facts = facts_of(*rows);
  return nb::make_tuple(as_array(std::move(rows->ids)), facts, owners);
}

nb::tuple first_tokens_of(const PairEncoder& encoder, nb::handle sequence) {
  HeldTexts held;
  const std::vector<TextView> texts = held.views(sequence);
  EncodedTexts found;
  {
    const nb::gil_scoped_release others_run;
    found = encoder.first_tokens(texts);
  }
  nb::list facts;
  for (const Tokens& tokens : found.texts) {
    facts.append(nb::make_tuple(tokens.begin, tokens.begin + tokens.count, tokens.more));
  }
  return nb::make_tuple(as_array(std::move(found.ids)), facts);
}

std::shared_ptr<const WordPieces> make_pieces(const nb::dict& vocabulary, std::int64_t unknown) {
  HeldTexts held;
  std::vector<Token> tokens;
  for (const auto [token, id] : vocabulary) {
    tokens.push_back({held.view(token.ptr()), nb::cast<std::int64_t>(id)});
  }
  return std::make_shared<const WordPieces>(tokens, unknown);
}

nb::list words_of(const WordPieces& pieces, nb::handle sequence) {
  HeldTexts held;
  const std::vector<TextView> texts = held.views(sequence);
  std::vector<std::vector<std::int64_t>> found(texts.size());
  {
    const nb::gil_scoped_release others_run;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      append_words(pieces, texts[i], found[i]);
    }
  }
  nb::list all;
  for (const std::vector<std::int64_t>& ids : found) {
    nb::list of_text;
    for (const std::int64_t id : ids) {
      of_text.append(id);
    }
    all.append(of_text);
  }
  return all;
}

}  // namespace

NB_MODULE(native_encoder, module) {
  // an encoder may live until the process ends, which is nothing to report then
  nb::set_leak_warnings(false);
  module.attr("INTERFACE") = kInterface;
  module.attr("TABLES") = kTablesDigest;
  module.attr("SOURCES") = SOURCES_DIGEST;
  nb::class_<WordPieces>(module, "WordPieces")
      .def(nb::new_(&make_pieces), nb::arg("vocabulary"), nb::arg("unknown"))
      .def("__call__", &words_of, nb::arg("texts"));
  nb::class_<PairEncoder>(module, "PairEncoder")
      .def(
          "__init__",
          [](PairEncoder* self, std::shared_ptr<const WordPieces> pieces, std::int64_t begin,
             std::int64_t end, bool lower_case, bool compatible, bool symbols_alone,
             std::size_t max_seq_length, bool title_first) {
            auto rules = std::make_shared<const CharacterRules>(
                Normalization{lower_case, compatible, symbols_alone}, *pieces);
            new (self)
                PairEncoder(std::move(pieces), std::move(rules), {begin, end}, max_seq_length,
                            title_first ? Truncation::kTitleFirst : Truncation::kLongestFirst);
          },
          nb::arg("pieces"), nb::kw_only(), nb::arg("begin"), nb::arg("end"), nb::arg("lower_case"),
          nb::arg("compatible"), nb::arg("symbols_alone"), nb::arg("max_seq_length"),
          nb::arg("title_first"))
      .def("encode_pairs", &encode_pairs, nb::arg("pairs"))
      .def("encode_chunks", &encode_chunks, nb::arg("pairs"), nb::arg("max_title_tokens").none(),
           nb::arg("max_chunks"), nb::arg("max_tokens").none())
      .def("first_tokens", &first_tokens_of, nb::arg("texts"));
}

}  // namespace tensor_service
