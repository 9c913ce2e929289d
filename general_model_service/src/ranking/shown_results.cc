// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "ranking/rank_response.h"

namespace tensor_service {

std::vector<Shown> shown_of(const RankResponse& response) {
  std::vector<Shown> shown;
  if (!response.draft) {
    for (const std::size_t index : response.order) {
      shown.push_back({index, &response, {}});
    }
    return shown;
  }
  const Draft& draft = *response.draft;
  const std::size_t all = draft.order.size();
  for (std::size_t place = 0; place < std::min(all, response.top_n.value_or(all)); ++place) {
    const std::size_t picker = draft.pickers[place];
    const Ranking& ranking = picker == 0 ? response : response.others[picker - 1];
    shown.push_back({draft.order[place], &ranking, draft.teams[picker]});
  }
  return shown;
}

}  // namespace tensor_service
