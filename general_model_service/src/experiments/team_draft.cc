// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/team_draft.h"

#include <array>

#include "experiments/python_coin.h"

namespace tensor_service {

TeamDraft team_draft(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other,
                     std::string_view seed) {
  PythonCoin coin(seed);
  const std::array orders{&one, &other};
  std::array<std::size_t, 2> next{};
  std::vector<bool> taken(one.size());
  TeamDraft draft;
  while (draft.order.size() < one.size()) {
    const std::size_t first = coin.flip();
    for (const std::size_t team : {first, 1 - first}) {
      if (draft.order.size() == one.size()) {
        break;
      }
      // both orders hold every document, so one that is not taken is always left
      while (taken[(*orders[team])[next[team]]]) {
        ++next[team];
      }
      const std::size_t document = (*orders[team])[next[team]];
      taken[document] = true;
      draft.order.push_back(document);
      draft.pickers.push_back(team);
    }
  }
  return draft;
}

}  // namespace tensor_service
