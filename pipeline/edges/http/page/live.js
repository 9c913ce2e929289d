// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// The second tab: the service's traffic of the last minutes and its experiments, asked again and
// again while the tab is seen.

import * as api from "./api.js";
import { byId, facts, h, svg } from "./dom.js";
import { clock, milliseconds, moment, number, percent, rankerName, t } from "./i18n.js";
import { problemBox } from "./problem.js";

const EVERY_MS = 2000;
const COLUMNS = ["answered", "p50", "p99", "failed", "refused", "rejected"];

export class Live {
  /** onUnauthorized is told of a 401. */
  constructor(onUnauthorized) {
    this.onUnauthorized = onUnauthorized;
    this.seen = false;
    this.paused = false;
    this.report = null;
    this.problem = null;
    this.timer = null;
    byId("pause").addEventListener("click", () => this.pause(!this.paused));
    document.addEventListener("visibilitychange", () => this.schedule(0));
  }

  /** Whether the tab is open. */
  open(seen) {
    this.seen = seen;
    this.schedule(0);
  }

  pause(paused) {
    this.paused = paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    this.schedule(0);
  }

  schedule(delay) {
    clearTimeout(this.timer);
    if (!this.seen || this.paused || document.hidden) return;
    this.timer = setTimeout(() => this.ask(), delay);
  }

  async ask() {
    try {
      this.report = await api.traffic();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      this.problem = error;
      if (error.status === 401) {
        this.onUnauthorized();
        this.show();
        return; // until a key is entered
      }
    }
    this.show();
    this.schedule(EVERY_MS);
  }

  show() {
    const box = byId("live-problem");
    const text = this.problem && `${this.problem.status} ${this.problem.message}`;
    // told once, not at every try
    if (box.dataset.text !== (text ?? "") || !text) {
      box.dataset.text = text ?? "";
      box.replaceChildren(...(this.problem ? [problemBox(this.problem)] : []));
    }
    if (this.report) this.fill(byId("live"));
  }

  translate() {
    delete byId("live-problem").dataset.text;
    this.show();
  }

  /** The parts anew; what has the focus or was scrolled is put back. */
  fill(place) {
    const old = place.querySelector(".scroll");
    const held = { focused: old !== null && old === document.activeElement, left: old?.scrollLeft ?? 0 };
    place.replaceChildren(summary(this.report), chart(this.report), lines(this.report), ...experiments(this.report));
    const now = place.querySelector(".scroll");
    if (!now) return;
    now.scrollLeft = held.left;
    if (held.focused) now.focus({ preventScroll: true });
  }
}

const orDash = (ms) => (ms === null ? "–" : milliseconds(ms));

function summary(report) {
  const { total } = report;
  const minutes = report.window_s / 60;
  const asked = total.answered + total.failed + total.refused + total.rejected;
  const rows = report.rankers.map((one) => one.rows).filter(Boolean);
  const sum = (name) => rows.reduce((all, one) => all + (one[name] ?? 0), 0);
  const scored = sum("computed") + sum("joined") + sum("cached");
  return h("div", { class: "card" },
    h("p", { class: "hint" },
      h("span", { class: report.ready ? "state running" : "state ended" }, t(report.ready ? "live_ready" : "live_not_ready")),
      report.reason && h("span", { lang: "en" }, ` ${report.reason}`),
      " ", t("live_window", { minutes: number(minutes, 1), time: clock(report.time) })),
    facts([
      [t("live_requests"), [number(asked), h("small", {}, t("live_rate", { value: number(asked / minutes, 1) }))]],
      [t("live_p50"), total.p50_ms === null ? "–" : t("ms", { value: milliseconds(total.p50_ms) })],
      [t("live_p99"), total.p99_ms === null ? "–" : t("ms", { value: milliseconds(total.p99_ms) })],
      [t("live_not_ok"), number(total.refused + total.failed)],
      [t("live_in_work"), number(report.in_flight)],
      [t("live_waiting"), rows.length ? number(sum("waiting")) : "–"],
      [t("live_cached"), scored ? [number(sum("cached")), h("small", {}, percent(sum("cached") / scored))] : "–"],
    ], "facts figures"));
}

function chart(report) {
  const answered = report.timeline.map((one) => one.answered);
  const most = Math.max(1, ...answered);
  const slots = 30;
  const bars = answered.map((count, i) => {
    const height = (count / most) * 40;
    return svg("rect", { x: (slots - answered.length + i) * 10 + 1, y: 42 - height, width: 8, height: Math.max(height, count ? 1 : 0), rx: 1 });
  });
  const label = t("live_chart_label", { seconds: report.interval_s, most: number(Math.max(0, ...answered)) });
  return h("figure", { class: "card chart" },
    h("figcaption", {}, t("live_chart", { seconds: report.interval_s })),
    svg("svg", { viewBox: "0 0 300 43", preserveAspectRatio: "none", role: "img", "aria-label": label },
      svg("path", { d: "M0 42.5H300", class: "axis" }), ...bars));
}

function lines(report) {
  const heading = h("h2", { id: "lines-heading" }, t("live_table"));
  if (!report.lines.length) return h("section", { class: "card" }, heading, h("p", {}, t("live_none")));
  const cell = (line, column) =>
    column === "p50" || column === "p99" ? orDash(line[`${column}_ms`]) : number(line[column]);
  const row = (line) =>
    h("tr", {},
      h("th", { scope: "row" }, line.experiment || t("no_experiment")),
      h("td", {}, line.variant || "–"),
      h("td", {}, rankerName(line.ranker)),
      COLUMNS.map((column) => h("td", { class: "number" }, cell(line, column))));
  return h("section", { class: "card" }, heading,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "lines-heading" },
      h("table", {},
        h("thead", {}, h("tr", {},
          ["experiment", "variant", "ranker"].map((column) => h("th", { scope: "col" }, t(`col_${column}`))),
          COLUMNS.map((column) => h("th", { scope: "col", class: "number" }, t(`col_${column}`))))),
        h("tbody", {}, report.lines.map(row)))),
    h("p", { class: "hint" }, t("live_accuracy", { percent: number(report.quantile_error * 100) })));
}

function experiments(report) {
  const heading = h("h2", {}, t("experiments"));
  const held = report.holdout
    ? h("p", { class: "hint" }, t("experiments_holdout", { percent: percent(report.holdout) }))
    : null;
  if (!report.experiments.length) {
    const none = t("experiments_none", { ranker: rankerName(report.default_ranker) });
    return [h("section", { class: "card" }, heading, h("p", {}, none))];
  }
  return [
    h("section", {}, heading, held, h("div", { class: "experiments" }, report.experiments.map(experiment))),
  ];
}

function experiment(one) {
  const times = [
    one.start !== null && t("state_from", { time: moment(one.start) }),
    one.end !== null && t("state_until", { time: moment(one.end) }),
  ].filter(Boolean);
  const shown = one.variants.filter((variant) => !variant.shadow);
  const share = (variant) => {
    if (variant.shadow) return t("share_shadow");
    return one.mode === "interleave" ? t("share_team") : t("share", { percent: percent(variant.share) });
  };
  const bar = h("div", { class: "shares", "aria-hidden": "true" },
    shown.map((variant, i) => {
      const part = h("i", { class: `v${i % 4}` });
      part.style.width = `${(variant.share / (one.mode === "interleave" ? shown.length : 1)) * 100}%`;
      return part;
    }));
  return h("article", { class: "card experiment" },
    h("h3", {}, h("span", {}, one.name), h("span", { class: `state ${one.state}` }, t(`state_${one.state}`))),
    h("p", { class: "hint" }, [t("state_of", { mode: t(`mode_${one.mode}`), percent: percent(one.coverage) }), ...times].join(" · ")),
    bar,
    h("ul", {}, one.variants.map((variant, i) =>
      h("li", {},
        h("i", { class: variant.shadow ? "dot" : `dot v${i % 4}`, "aria-hidden": "true" }),
        h("b", {}, variant.variant), " ", h("span", {}, rankerName(variant.ranker)), " ",
        h("span", { class: "hint" }, share(variant)),
        h("span", { class: "hint bundle" }, t("bundle", { version: variant.bundle }))))));
}
