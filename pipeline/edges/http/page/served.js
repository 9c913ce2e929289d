// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// An assignment in, the sentence that tells it out.

import { rankerName, t } from "./i18n.js";

export function servedSentence(assigned) {
  const [first, second] = assigned.answers;
  const ranker = rankerName(first.ranker);
  const { experiment, variant } = assigned;
  if (!experiment) return t(assigned.held_out ? "served_held" : "served_none", { ranker });
  if (assigned.mode === "interleave") {
    return t("served_interleave", { experiment, a: first.variant, b: second.variant });
  }
  if (assigned.shadow) {
    const shadow = rankerName(assigned.shadow.ranker);
    return t("served_shadow", { experiment, variant, ranker, shadow });
  }
  return t("served_split", { experiment, variant, ranker });
}
