// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// What the service answered in, the elements of each view of it out.

import { facts, h } from "./dom.js";
import { milliseconds, number, rankerName, t } from "./i18n.js";
import { Highlight, Joined, RankedList } from "./lists.js";
import { servedSentence } from "./served.js";

const MOST_DISAGREEMENTS = 5;
const SIDES = ["left", "right"];

export class Views {
  /**
   * asked: {query, titles}; ranked: by both rankers; extra: what a view asked for besides; rankers:
   * that are served; unit: who is asked for; onToss and onUnit: what a reader can do in a view.
   */
  constructor({ asked, ranked, extra, rankers, unit, onToss, onUnit }) {
    Object.assign(this, { asked, ranked, extra, rankers, unit, onToss, onUnit });
    this.joined = null;
  }

  /** The rankings, as [{ranker, bundle, scores, order, places}]. */
  rankings() {
    const { rankings, ranker, bundle, results } = this.ranked;
    const all = rankings
      ? Object.entries(rankings).map(([name, one]) => ({ ...one, ranker: name }))
      : [{ ranker, bundle, scores: scoresOf(results), order: results.map((r) => r.index) }];
    for (const one of all) {
      one.places = [];
      one.order.forEach((index, place) => (one.places[index] = place));
    }
    return all;
  }

  both() {
    const rankings = this.rankings();
    const highlight = new Highlight();
    const lists = rankings.map((ranking, i) => {
      const other = rankings[1 - i];
      return this.list(
        t("list_label", { ranker: rankerName(ranking.ranker) }),
        SIDES[i],
        ranking.order.map((index) => this.item(index, ranking.scores[index], other?.places[index])),
        highlight,
      );
    });
    const heads = rankings.map((ranking, i) =>
      h("div", { class: `head ${SIDES[i]}` },
        h("h2", {}, rankerName(ranking.ranker)),
        h("p", { class: "hint" }, t("bundle", { version: ranking.bundle }))),
    );
    lists.forEach((list, i) => list.element.prepend(heads[i]));
    if (lists.length < 2) {
      const alone = t("only_one", { ranker: rankerName(rankings[0].ranker) });
      return [this.figures(rankings), ...doubts(this.ranked), h("p", { class: "hint" }, alone), lists[0].element];
    }
    this.joined = new Joined(...lists, highlight);
    return [
      this.figures(rankings),
      ...doubts(this.ranked),
      this.joined.element,
      h("p", { class: "hint" }, t("list_help")),
      this.disagreements(rankings),
    ];
  }

  /** The colour of a ranker; none for two. */
  sideOf(ranker) {
    return SIDES[this.rankers.indexOf(ranker)] ?? "";
  }

  list(label, side, items, highlight) {
    return new RankedList({ label, side, items, highlight });
  }

  item(index, score, other, team, stage) {
    return { index, title: this.asked.titles[index], score, other, team, stage };
  }

  /** Of a cascade's result: the ranker that scored it last. */
  stageOf(result) {
    return result.stage && { name: rankerName(result.stage), side: this.sideOf(result.stage) };
  }

  cascade() {
    const { cascaded } = this.extra;
    const items = cascaded.results.map((result) =>
      this.item(result.index, result.score, undefined, undefined, this.stageOf(result)),
    );
    const stages = cascaded.stages.map((stage) => [
      rankerName(stage.ranker),
      stage.dropped ? t("stage_dropped", { code: stage.dropped }) : t("stage_scored", { count: stage.documents }),
    ]);
    return [
      h("p", { class: "lead" }, t("cascade_text")),
      this.figures(null, cascaded),
      facts(stages),
      ...doubts(cascaded),
      this.list(t("list_label", { ranker: rankerName("cascade") }), "single", items, new Highlight()).element,
    ];
  }

  figures(rankings, answer = this.ranked) {
    const { usage, timings_ms: times } = answer;
    const ms = (value) => t("ms", { value: milliseconds(value) });
    return facts([
      [t("figure_total"), ms(answer.total_ms)],
      [t("figure_compute"), ms(times.compute)],
      [t("figure_queue"), ms(times.queue)],
      [t("figure_tokenize"), ms(times.tokenize)],
      [t("figure_titles"), number(this.asked.titles.length)],
      [t("figure_tokens"), number(usage.tokens)],
      usage.truncated.length && [t("figure_cut"), number(usage.truncated.length)],
      rankings?.length > 1 && shared(rankings),
    ], "facts figures");
  }

  disagreements(rankings) {
    const [a, b] = rankings;
    const apart = a.order
      .map((index) => ({ index, far: Math.abs(a.places[index] - b.places[index]) }))
      .filter(({ far }) => far)
      .sort((x, y) => y.far - x.far)
      .slice(0, MOST_DISAGREEMENTS);
    const row = ({ index, far }) =>
      h("tr", {},
        h("th", { scope: "row" }, h("span", { class: "title" }, this.asked.titles[index] || t("empty_title"))),
        rankings.map((one, i) =>
          h("td", { class: SIDES[i] }, h("b", {}, `#${one.places[index] + 1}`), " ", number(one.scores[index], 3))),
        h("td", {}, far === 1 ? t("disagree_place") : t("disagree_places", { n: far })));
    return h("section", { class: "card disagree", "aria-labelledby": "disagree-heading" },
      h("h2", { id: "disagree-heading" }, t("disagree")),
      apart.length
        ? h("table", {},
            h("thead", {}, h("tr", {},
              h("th", { scope: "col" }, t("disagree_title")),
              rankings.map((one) => h("th", { scope: "col" }, rankerName(one.ranker))),
              h("td", {}))),
            h("tbody", {}, apart.map(row)))
        : h("p", {}, t("disagree_none")));
  }

  interleaved() {
    const rankings = this.rankings();
    if (rankings.length < 2) return this.both();
    const { order, pickers } = this.extra;
    const items = order.map((index, place) => {
      const picker = pickers[place];
      const team = { name: rankerName(rankings[picker].ranker), side: SIDES[picker] };
      return this.item(index, rankings[picker].scores[index], undefined, team);
    });
    const top = pickers.slice(0, 10);
    const counts = t("draft_counts", {
      a: top.filter((picker) => picker === 0).length,
      b: top.filter((picker) => picker === 1).length,
      a_name: rankerName(rankings[0].ranker),
      b_name: rankerName(rankings[1].ranker),
    });
    return [
      h("p", { class: "lead" }, t("interleaved_text")),
      ...doubts(this.ranked),
      h("div", { class: "inline" },
        h("button", { type: "button", id: "redraft", class: "quiet", onclick: this.onToss }, t("redraft")),
        h("span", { class: "hint" }, counts)),
      this.list(t("interleaved_label"), "single", items, new Highlight()).element,
    ];
  }

  experiment() {
    const { served, assigned } = this.extra;
    const teams = assigned.answers.map((answer) => answer.variant);
    const items = served.results.map((result) => {
      const team = result.team && {
        name: result.team,
        side: SIDES[teams.indexOf(result.team)] ?? "left",
      };
      return this.item(result.index, result.score, undefined, team, this.stageOf(result));
    });
    return [
      this.unitForm(),
      h("div", { class: "card served" },
        h("p", { class: "lead" }, servedSentence(assigned)),
        assigned.experiment &&
          facts([
            [t("fact_experiment"), assigned.experiment],
            [t("fact_mode"), t(`mode_${assigned.mode}`)],
            [t("fact_variant"), assigned.variant],
            [t("fact_reason"), t(`reason_${assigned.reason}`)],
            [t("fact_fallback"), assigned.fallback ? rankerName(assigned.fallback) : t("none")],
            [t("fact_unit"), assigned.unit],
          ])),
      this.figures(null, served),
      ...doubts(served),
      this.list(t("served_label"), `single ${this.sideOf(served.ranker)}`, items, new Highlight()).element,
    ];
  }

  unitForm() {
    const input = h("input", {
      id: "unit", type: "text", autocomplete: "off", spellcheck: "false", maxlength: 256,
      "aria-describedby": "unit-hint",
    });
    input.value = this.unit;
    const show = (event) => {
      event.preventDefault();
      this.onUnit(input.value.trim());
    };
    return h("form", { class: "unit", onsubmit: show },
      h("label", { for: "unit" }, t("unit")),
      h("div", { class: "inline" }, input, h("button", { type: "submit", class: "quiet" }, t("unit_show"))),
      h("p", { class: "hint", id: "unit-hint" }, t("unit_hint")));
  }
}

/** What makes an answer doubtful, in the service's own words; nothing when nothing does. */
function doubts({ warnings }) {
  if (!warnings?.length) return [];
  return [h("section", { class: "card doubts", "aria-labelledby": "doubts-heading" },
    h("h2", { id: "doubts-heading" }, t("doubts")),
    h("ul", { lang: "en" }, warnings.map((warning) => h("li", {}, warning))))];
}

function scoresOf(results) {
  const scores = [];
  for (const { index, score } of results) scores[index] = score;
  return scores;
}

/** How many titles the better halves of both orders share, of ten at most. */
function shared([a, b]) {
  const most = Math.min(10, Math.ceil(a.order.length / 2));
  const top = new Set(b.order.slice(0, most));
  const both = a.order.slice(0, most).filter((index) => top.has(index)).length;
  return [t("figure_shared", { n: most }), t("of", { a: both, b: most })];
}
