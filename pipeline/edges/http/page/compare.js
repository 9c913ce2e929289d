// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// The first tab: query and titles in; both orders, the interleaved one, or a unit's answer out.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import { currentLanguage, number, t } from "./i18n.js";
import { problemBox } from "./problem.js";
import { BadFile, readFile, titlesOf } from "./titles.js";
import { Views } from "./views.js";

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
    this.cascade = null;
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
    byId("file").addEventListener("change", (event) => {
      this.takeFile(event.target.files[0]);
      // the same file, mended, may be chosen again
      event.target.value = "";
    });
    byId("file-query").addEventListener("change", (event) => this.takeFileQuery(event.target.value));
    byId("views").addEventListener("change", (event) => this.useView(event.target.value));
  }

  /** What the service serves, and the built-in examples. */
  async load() {
    const [info, examples] = await Promise.allSettled([api.info(), api.examples()]);
    if (info.value) this.rankers = [...new Set(info.value.bundles.map((bundle) => bundle.ranker))];
    this.cascade = info.value?.cascade ?? null;
    byId("view-cascade").hidden = !this.cascade;
    if (examples.value) this.examples = examples.value;
    this.showExamples();
    const failed = [info, examples].find((one) => one.reason instanceof api.Problem);
    if (failed) this.fail(() => problemBox(failed.reason));
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
    this.fileNote = null;
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
      const [text, values] = error instanceof BadFile ? [error.text, error.values] : ["file_unread", {}];
      this.fail(() => h("p", {}, t(text, values)));
      return;
    }
    this.fail(null);
    const queries = [...this.files.keys()];
    const titles = [...this.files.values()].reduce((sum, list) => sum + list.length, 0);
    this.fileNote = { name: file.name, queries: queries[0] ? queries.length : 0, titles };
    this.showFileQueries();
    byId("file-query").value = queries[0];
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
      if (this.running !== running) return;
      // a change of the view from here on asks for what it needs, and for no second ranking
      this.ranked = ranked;
      const extra = this.extra ?? (await this.askExtra(ranked, running.signal));
      if (this.running !== running) return;
      this.extra = extra;
      this.fail(null);
      this.show();
    } catch (error) {
      if (error.name === "AbortError" || this.running !== running) return;
      if (!(error instanceof api.Problem)) throw error;
      if (!this.ranked || this.shownFor !== this.ranked) byId("answer").replaceChildren();
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
    if (this.view === "cascade") {
      return { cascaded: await api.rankBy("cascade", query, titles, signal) };
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
    if (this.ranked && this.extra && !this.failure) parts.push(t("done", { count: number(this.asked.titles.length) }));
    byId("status").textContent = parts.join(" ") || (this.failure ? "" : t("welcome"));
  }

  /** Everything in the language of the moment. */
  translate() {
    this.showExamples();
    this.showFileQueries();
    this.showCount();
    this.fail(this.failure);
    this.say();
    if (this.ranked && this.extra) this.show();
  }

  show() {
    this.shown?.joined?.stop();
    this.shownFor = this.ranked;
    const { asked, ranked, extra, rankers, unit } = this;
    const typed = byId("unit")?.value;
    const [onToss, onUnit] = [() => this.toss(), (wanted) => this.useUnit(wanted)];
    this.shown = new Views({ asked, ranked, extra, rankers, unit, onToss, onUnit });
    byId("answer").replaceChildren(...this.shown[this.view]().filter(Boolean));
    if (typed !== undefined && byId("unit")) byId("unit").value = typed;
    this.shown.joined?.draw();
  }

  toss() {
    this.tosses += 1;
    this.extra = null;
    this.refresh().then(() => byId("redraft")?.focus());
  }

  useUnit(unit) {
    this.unit = unit;
    this.extra = null;
    this.onChange();
    this.refresh().then(() => byId("unit")?.focus());
  }
}

/** Where the form stands above the results, what was asked for is scrolled to. */
function showResults() {
  if (window.matchMedia("(max-width: 960px)").matches) byId("results").scrollIntoView();
}
