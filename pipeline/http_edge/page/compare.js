// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// The first tab: query and titles in; both orders, the interleaved one, or a unit's answer out.

import * as api from "./api.js";
import { byId, facts, h } from "./dom.js";
import { currentLanguage, milliseconds, number, rankerName, t } from "./i18n.js";
import { Highlight, Joined, RankedList } from "./lists.js";
import { problemBox } from "./problem.js";
import { servedSentence } from "./served.js";
import { BadFile, readFile, titlesOf } from "./titles.js";

const MOST_DISAGREEMENTS = 5;
const SIDES = ["left", "right"];

export class Compare {
  /** onUnauthorized is told of a 401; onChange when there is something to keep in the URL. */
  constructor(onUnauthorized, onChange) {
    this.onUnauthorized = onUnauthorized;
    this.onChange = onChange;
    this.view = "both";
    this.unit = "";
    this.tosses = 0;
    this.examples = [];
    this.rankers = ["both"];
    this.asked = null;
    this.ranked = null;
    this.extra = null;
    this.failure = null;
    this.fileNote = null;
    this.files = new Map();
    this.running = null;
    this.listen();
  }

  listen() {
    byId("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.rank().then(showResults);
    });
    byId("ask").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.rank().then(showResults);
      }
    });
    byId("titles").addEventListener("input", () => this.showCount());
    byId("example").addEventListener("change", (event) => this.takeExample(event.target.value));
    byId("file").addEventListener("change", (event) => this.takeFile(event.target.files[0]));
    byId("file-query").addEventListener("change", (event) => this.takeFileQuery(event.target.value));
    byId("views").addEventListener("change", (event) => this.useView(event.target.value));
  }

  /** What the service serves, and the built-in examples. */
  async load() {
    const [info, examples] = await Promise.all([api.info(), api.examples()]);
    this.rankers = [...new Set(info.bundles.map((bundle) => bundle.ranker))];
    this.examples = examples;
    this.showExamples();
  }

  showExamples() {
    const select = byId("example");
    const chosen = select.value;
    const options = this.examples.map((example, i) =>
      h("option", { value: i }, example.name[currentLanguage()]),
    );
    select.replaceChildren(h("option", { value: "" }, t("example_own")), ...options);
    select.value = chosen;
  }

  takeExample(value) {
    const example = this.examples[value];
    if (!example) return;
    this.fill(example.query, example.titles);
    return this.rank();
  }

  async takeFile(file) {
    if (!file) return;
    this.fileNote = null;
    byId("file-query-field").hidden = true;
    try {
      this.files = await readFile(file);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.fail(() => h("p", {}, t(error.text, error.values)));
      return;
    }
    this.fail(null);
    const queries = [...this.files.keys()];
    const titles = [...this.files.values()].reduce((sum, list) => sum + list.length, 0);
    this.fileNote = { name: file.name, queries: queries[0] ? queries.length : 0, titles };
    this.showFileQueries();
    this.takeFileQuery(queries[0]);
    this.say();
  }

  showFileQueries() {
    const queries = [...this.files.entries()];
    byId("file-query-field").hidden = queries.length < 2;
    const select = byId("file-query");
    const chosen = select.value;
    select.replaceChildren(
      ...queries.map(([query, titles]) =>
        h("option", { value: query }, t("file_query_option", { query, count: titles.length })),
      ),
    );
    if (this.files.has(chosen)) select.value = chosen;
  }

  takeFileQuery(query) {
    this.fill(query || byId("query").value, this.files.get(query));
    byId("example").value = "";
  }

  fill(query, titles) {
    byId("query").value = query;
    byId("titles").value = titles.join("\n");
    // kept beside the text: a list may begin or end with an empty title
    this.filled = { text: byId("titles").value, titles };
    this.showCount();
  }

  titles() {
    const text = byId("titles").value;
    return this.filled?.text === text ? this.filled.titles : titlesOf(text);
  }

  showCount() {
    const titles = this.titles();
    const empty = titles.filter((title) => !title).length;
    byId("titles-count").textContent = t(empty ? "titles_count_empty" : "titles_count", {
      count: number(titles.length),
      empty: number(empty),
    });
  }

  useView(view) {
    this.view = view;
    byId("views").querySelector(`[value="${view}"]`).checked = true;
    this.extra = null;
    this.onChange();
    if (this.ranked) this.refresh();
  }

  /** Rank what stands in the form. */
  rank() {
    const query = byId("query").value;
    const titles = this.titles();
    const missing = !query.trim() ? ["need_query", "query"] : !titles.length ? ["need_titles", "titles"] : null;
    if (missing) {
      this.fail(() => h("p", {}, t(missing[0])));
      byId(missing[1]).setAttribute("aria-invalid", "true");
      byId(missing[1]).focus();
      return Promise.resolve();
    }
    for (const id of ["query", "titles"]) byId(id).removeAttribute("aria-invalid");
    this.asked = { query, titles };
    this.tosses = 0;
    this.ranked = this.extra = null;
    this.onChange();
    return this.refresh();
  }

  /** Ask for what the view needs and is not there yet; a later call ends an earlier one. */
  async refresh() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const { query, titles } = this.asked;
    byId("answer").setAttribute("aria-busy", "true");
    byId("status").textContent = t("working");
    try {
      const ranker = this.rankers.length > 1 ? "both" : this.rankers[0];
      const ranked = this.ranked ?? (await api.rankBy(ranker, query, titles, running.signal));
      const extra = this.extra ?? (await this.askExtra(ranked, running.signal));
      if (this.running !== running) return;
      this.ranked = ranked;
      this.extra = extra;
      this.fail(null);
      this.show();
    } catch (error) {
      if (error.name === "AbortError" || this.running !== running) return;
      if (!(error instanceof api.Problem)) throw error;
      if (!this.ranked) byId("answer").replaceChildren();
      this.fail(() => problemBox(error));
      if (error.status === 401) this.onUnauthorized();
    } finally {
      if (this.running === running) {
        byId("answer").setAttribute("aria-busy", "false");
        this.say();
      }
    }
  }

  async askExtra(ranked, signal) {
    const { query, titles } = this.asked;
    if (this.view === "interleaved" && ranked.rankings) {
      const orders = Object.values(ranked.rankings).map((ranking) => ranking.order);
      return api.interleave(orders, `${ranked.request_id}/${this.tosses}`, signal);
    }
    if (this.view === "experiment") {
      const [served, assigned] = await Promise.all([
        api.rankAs(this.unit, query, titles, signal),
        api.assignment(this.unit, query, signal),
      ]);
      return { served, assigned };
    }
    return {};
  }

  fail(make) {
    this.failure = make;
    byId("problem").replaceChildren(...(make ? [make()] : []));
  }

  /** The one line that says what happened last. */
  say() {
    const parts = [];
    if (this.fileNote) parts.push(t("file_read", this.fileNote));
    if (this.ranked && !this.failure) parts.push(t("done", { count: number(this.asked.titles.length) }));
    byId("status").textContent = parts.join(" ") || (this.failure ? "" : t("welcome"));
  }

  /** Everything in the language of the moment. */
  translate() {
    this.showExamples();
    this.showFileQueries();
    this.showCount();
    this.fail(this.failure);
    this.say();
    if (this.ranked) this.show();
  }

  show() {
    this.joined?.stop();
    this.joined = null;
    const make = { both: this.both, interleaved: this.interleaved, experiment: this.experiment };
    byId("answer").replaceChildren(...make[this.view].call(this).filter(Boolean));
    this.joined?.draw();
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
      return [this.figures(rankings), h("p", { class: "hint" }, alone), lists[0].element];
    }
    this.joined = new Joined(...lists, highlight);
    return [
      this.figures(rankings),
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

  item(index, score, other, team) {
    return { index, title: this.asked.titles[index], score, other, team };
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
    const again = () => {
      this.tosses += 1;
      this.extra = null;
      this.refresh().then(() => byId("redraft")?.focus());
    };
    return [
      h("p", { class: "lead" }, t("interleaved_text")),
      h("div", { class: "inline" },
        h("button", { type: "button", id: "redraft", class: "quiet", onclick: again }, t("redraft")),
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
      return this.item(result.index, result.score, undefined, team);
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
      this.unit = input.value.trim();
      this.extra = null;
      this.onChange();
      this.refresh().then(() => byId("unit")?.focus());
    };
    return h("form", { class: "unit", onsubmit: show },
      h("label", { for: "unit" }, t("unit")),
      h("div", { class: "inline" }, input, h("button", { type: "submit", class: "quiet" }, t("unit_show"))),
      h("p", { class: "hint", id: "unit-hint" }, t("unit_hint")));
  }
}

/** Where the form stands above the results, what was asked for is scrolled to. */
function showResults() {
  if (window.matchMedia("(max-width: 960px)").matches) byId("results").scrollIntoView();
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
