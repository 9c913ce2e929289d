// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// A refusal in, what is wrong and what to do about it out.

import { h } from "./dom.js";
import { t, waiting } from "./i18n.js";

const KNOWN = [400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 504];

export function problemBox(problem) {
  const { status, field, message } = problem;
  if (status === 0) return h("div", { class: "problem" }, h("p", {}, t("unreachable")));
  const remedy = t(`remedy_${KNOWN.includes(status) ? status : 500}`, { wait: waiting(problem.retryAfter ?? 1) });
  return h("div", { class: "problem" },
    h("h2", {}, t("problem")),
    message && h("p", { class: "said", lang: "en" }, field ? t("problem_field", { field, message }) : message),
    h("p", {}, remedy),
    h("p", { class: "hint" }, t("status_line", { status })));
}
