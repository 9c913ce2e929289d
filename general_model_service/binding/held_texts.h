// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Python's texts in, views of their characters out, which stay good without Python's lock: each
// text is held meanwhile, and none is copied.

#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <vector>

#include "text/pair_encoder.h"
#include "text/text_view.h"

namespace tensor_service {

class HeldTexts {
 public:
  // Throws nanobind's exceptions for what is no str.
  TextView view(PyObject* text) {
    if (!PyUnicode_Check(text)) {
      throw nanobind::type_error("a text must be a str");
    }
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(text) < 0) {
      throw nanobind::python_error();
    }
#endif
    held_.push_back(nanobind::borrow(text));
    return {PyUnicode_DATA(text), static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)),
            form_of(text)};
  }

  std::vector<TextView> views(nanobind::handle texts) {
    const Items items(texts, "texts must be a sequence");
    std::vector<TextView> found;
    found.reserve(items.size());
    held_.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      found.push_back(view(items[i]));
    }
    return found;
  }

  std::vector<TextPair> pairs(nanobind::handle pairs) {
    const Items items(pairs, "pairs must be a sequence");
    std::vector<TextPair> found;
    found.reserve(items.size());
    held_.reserve(2 * items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Items pair(items[i], "a pair must be (query, title)");
      if (pair.size() != 2) {
        throw nanobind::value_error("a pair must be (query, title)");
      }
      const TextView query = view(pair[0]);
      found.push_back({query, view(pair[1])});
    }
    return found;
  }

 private:
  // A list or a tuple as it is, or a list of anything else's items.
  class Items {
   public:
    Items(nanobind::handle sequence, const char* otherwise)
        : items_(nanobind::steal(PySequence_Fast(sequence.ptr(), otherwise))) {
      if (!items_.is_valid()) {
        throw nanobind::python_error();
      }
    }
    std::size_t size() const {
      return static_cast<std::size_t>(PySequence_Fast_GET_SIZE(items_.ptr()));
    }
    PyObject* operator[](std::size_t place) const {
      return PySequence_Fast_GET_ITEM(items_.ptr(), static_cast<Py_ssize_t>(place));
    }

   private:
    nanobind::object items_;
  };

  static TextForm form_of(PyObject* text) {
    switch (PyUnicode_KIND(text)) {
      case PyUnicode_1BYTE_KIND:
        return TextForm::kLatin1;
      case PyUnicode_2BYTE_KIND:
        return TextForm::kUcs2;
      default:
        return TextForm::kUcs4;
    }
  }

  std::vector<nanobind::object> held_;
};

}  // namespace tensor_service
