// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// One ranked list as a listbox, and two of them joined by lines.

import { h, svg } from "./dom.js";
import { number, t } from "./i18n.js";

// so many are shown at first: a thousand rows are no overview, and the rest is a click away
const FIRST = 50;

/** What is pointed at, shared by all lists: a title lights up wherever it stands. */
export class Highlight {
  constructor() {
    this.places = new Map();
    this.current = null;
  }

  add(index, element) {
    if (!this.places.has(index)) this.places.set(index, []);
    this.places.get(index).push(element);
    element.classList.toggle("hit", this.current === index);
  }

  show(index) {
    if (index === this.current) return;
    for (const [place, on] of [[this.current, false], [index, true]]) {
      for (const element of this.places.get(place) ?? []) element.classList.toggle("hit", on);
    }
    this.current = index;
  }

  /** Before lines are drawn anew. */
  keepOnlyConnected() {
    for (const [index, elements] of this.places) {
      this.places.set(index, elements.filter((element) => element.isConnected));
    }
  }
}

/**
 * One list. Items, best first: {index, title, score, other?: place in the other list,
 * team?: {name, side}, stage?: {name, side}}.
 */
export class RankedList {
  constructor({ label, side, items, highlight, onChange = () => {} }) {
    this.items = items;
    this.side = side;
    this.highlight = highlight;
    this.onChange = onChange;
    this.neighbour = null;
    this.rows = new Map();
    this.list = h("ol", { role: "listbox", "aria-label": label, class: `ranked ${side}` });
    this.more = h(
      "button",
      { type: "button", class: "quiet more", onclick: () => this.showAll() },
      t("show_all", { count: number(items.length) }),
    );
    this.element = h("div", { class: "list" }, this.list, this.more);
    this.grow(FIRST);
    this.list.firstElementChild?.setAttribute("tabindex", "0");
    this.listen();
  }

  grow(most) {
    const from = this.rows.size;
    const rows = this.items.slice(from, most).map((item, i) => this.row(item, from + i));
    this.list.append(...rows);
    this.more.hidden = this.rows.size >= this.items.length;
  }

  showAll() {
    this.grow(this.items.length);
    this.onChange();
  }

  row(item, place) {
    const bar = h("i", {});
    bar.style.width = `${Math.max(0, Math.min(1, item.score)) * 100}%`;
    const title = h("span", { class: item.title ? "title" : "title none" }, item.title || t("empty_title"));
    const row = h(
      "li",
      {
        role: "option",
        tabindex: "-1",
        "aria-selected": "false",
        "aria-label": describe(item, place),
        "data-index": item.index,
        class: item.team ? item.team.side : undefined,
      },
      h("span", { class: "place" }, String(place + 1)),
      h("span", { class: "what" }, title, h("span", { class: "bar" }, bar)),
      h("span", { class: "score" }, number(item.score, 3)),
      note(item, place),
    );
    this.rows.set(item.index, row);
    this.highlight.add(item.index, row);
    return row;
  }

  listen() {
    const rowOf = (event) => event.target.closest?.("li");
    this.list.addEventListener("pointerover", (event) => {
      const row = rowOf(event);
      if (row && event.pointerType === "mouse") this.highlight.show(Number(row.dataset.index));
    });
    this.list.addEventListener("pointerleave", (event) => {
      const held = document.activeElement?.closest(".ranked li");
      if (event.pointerType === "mouse") this.highlight.show(held ? Number(held.dataset.index) : null);
    });
    this.list.addEventListener("focusin", (event) => this.select(rowOf(event)));
    this.list.addEventListener("focusout", () => this.highlight.show(null));
    this.list.addEventListener("click", (event) => rowOf(event)?.focus());
    this.list.addEventListener("keydown", (event) => this.onKey(event));
  }

  select(row) {
    for (const old of this.list.querySelectorAll('[tabindex="0"], [aria-selected="true"]')) {
      old.setAttribute("tabindex", "-1");
      old.setAttribute("aria-selected", "false");
    }
    row.setAttribute("tabindex", "0");
    row.setAttribute("aria-selected", "true");
    this.highlight.show(Number(row.dataset.index));
  }

  onKey(event) {
    const row = event.target.closest("li");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = {
      ArrowDown: () => row.nextElementSibling,
      ArrowUp: () => row.previousElementSibling,
      Home: () => this.list.firstElementChild,
      End: () => this.list.lastElementChild,
      ArrowLeft: () => this.across(row),
      ArrowRight: () => this.across(row),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    target()?.focus();
  }

  /** The same title in the other list, shown first if it is not yet. */
  across(row) {
    if (!this.neighbour) return null;
    const index = Number(row.dataset.index);
    if (!this.neighbour.rows.has(index)) this.neighbour.showAll();
    return this.neighbour.rows.get(index);
  }
}

function describe(item, place) {
  const parts = [
    t("option_label", {
      rank: place + 1,
      title: item.title || t("empty_title"),
      score: number(item.score, 3),
    }),
  ];
  if (item.other !== undefined) parts.push(t("option_other", { rank: item.other + 1 }));
  if (item.team) parts.push(t("option_team", { team: item.team.name }));
  if (item.stage) parts.push(t("option_stage", { stage: item.stage.name }));
  return parts.join(", ");
}

/** What stands at the end of a row: where the other list has the title, or who picked or scored it. */
function note(item, place) {
  const who = item.team ?? item.stage;
  if (who) return h("span", { class: `team ${who.side}` }, who.name);
  if (item.other === undefined) return null;
  const moved = item.other - place;
  const arrow = moved === 0 ? "=" : `${moved > 0 ? "▼" : "▲"}${Math.abs(moved)}`;
  return h("span", { class: moved === 0 ? "move" : "move moved", title: `→ ${item.other + 1}` }, arrow);
}

/** Two lists side by side with a line between the places of each title. */
export class Joined {
  constructor(left, right, highlight) {
    this.left = left;
    this.right = right;
    this.highlight = highlight;
    this.lines = svg("svg", { class: "lines", "aria-hidden": "true", focusable: "false" });
    this.element = h("div", { class: "joined" }, left.element, this.lines, right.element);
    left.neighbour = right;
    right.neighbour = left;
    left.onChange = right.onChange = () => this.draw();
    this.observer = new ResizeObserver(() => this.draw());
    for (const list of [left.list, right.list]) this.observer.observe(list);
  }

  /** When the lists are thrown away. */
  stop() {
    this.observer.disconnect();
  }

  draw() {
    const box = this.lines.getBoundingClientRect();
    this.lines.replaceChildren();
    this.highlight.keepOnlyConnected();
    if (!box.width) return;
    const middle = (row) => {
      const place = row.getBoundingClientRect();
      return place.top + place.height / 2 - box.top;
    };
    const places = new Map([...this.right.rows].map(([index, row]) => [index, middle(row)]));
    const half = box.width / 2;
    const paths = [];
    for (const [place, item] of this.left.items.slice(0, this.left.rows.size).entries()) {
      const to = places.get(item.index);
      if (to === undefined) continue;
      const from = middle(this.left.rows.get(item.index));
      const kind = item.other === place ? "same" : item.other > place ? "left" : "right";
      const path = svg("path", {
        d: `M0 ${from} C${half} ${from} ${half} ${to} ${box.width} ${to}`,
        class: kind,
      });
      this.highlight.add(item.index, path);
      paths.push(path);
    }
    this.lines.append(...paths);
  }
}
