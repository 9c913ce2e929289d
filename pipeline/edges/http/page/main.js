// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// Puts the parts together: tabs, language, theme, API key, and what the URL keeps.

import { key } from "./api.js";
import { Compare } from "./compare.js";
import { byId } from "./dom.js";
import { currentLanguage, t, useLanguage } from "./i18n.js";
import { Live } from "./live.js";
import { choices } from "./storage.js";

const TABS = ["compare", "live"];
const VIEWS = ["both", "interleaved", "cascade", "experiment"];
const THEMES = ["auto", "light", "dark"];
// a longer URL is cut by some programs that pass it on: then it keeps no texts
const LONGEST_HASH = 1800;

const compare = new Compare(askForKey, keepInUrl);
const live = new Live(askForKey);
let theme = THEMES.includes(choices.get("theme")) ? choices.get("theme") : "auto";
let tab = "compare";

function useTab(wanted) {
  tab = wanted;
  for (const name of TABS) {
    const chosen = name === wanted;
    byId(`tab-${name}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${name}`).setAttribute("tabindex", chosen ? "0" : "-1");
    byId(`panel-${name}`).hidden = !chosen;
  }
  live.open(wanted === "live");
  keepInUrl();
}

function listenToTabs() {
  for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => useTab(name));
  byId("tab-compare").parentElement.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = TABS.indexOf(tab);
    const next = { Home: 0, End: TABS.length - 1 }[event.key] ?? (step && (at + step + TABS.length) % TABS.length);
    if (next === undefined) return;
    event.preventDefault();
    useTab(TABS[next]);
    byId(`tab-${TABS[next]}`).focus();
  });
}

function translate(language) {
  useLanguage(language);
  byId("language").textContent = t("language");
  byId("language").setAttribute("aria-label", t("language_label"));
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  showTheme();
  compare.translate();
  live.translate();
  showKeyText();
}

function showTheme() {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = t(`theme_${theme}`);
}

function askForKey() {
  byId("key-form").hidden = false;
  showKeyText();
  byId("key").focus();
}

function showKeyText() {
  byId("key-text").textContent = t(key.get() ? "key_wrong" : "key_missing");
  byId("forget-key").hidden = !key.get();
}

function useKey(event) {
  event.preventDefault();
  const value = byId("key").value.trim();
  if (!value) return;
  key.set(value);
  byId("key").value = "";
  byId("key-form").hidden = true;
  showKeyText();
  if (compare.asked) compare.refresh();
  live.open(tab === "live");
}

function forgetKey() {
  key.forget();
  askForKey();
}

/** The state, if it is short; only the choices when it is not. */
function keepInUrl() {
  const kept = new URLSearchParams({ lang: currentLanguage(), tab, view: compare.view });
  const short = kept.toString();
  if (compare.unit) kept.set("unit", compare.unit);
  if (compare.asked) {
    kept.set("query", compare.asked.query);
    for (const title of compare.asked.titles) kept.append("title", title);
  }
  const all = kept.toString();
  history.replaceState(null, "", `#${all.length > LONGEST_HASH ? short : all}`);
}

async function start() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const language = kept.get("lang") ?? choices.get("language") ?? navigator.language;
  translate(language.startsWith("zh") ? "zh" : "en");
  byId("language").addEventListener("click", () => {
    translate(currentLanguage() === "zh" ? "en" : "zh");
    choices.set("language", currentLanguage());
    keepInUrl();
  });
  byId("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    choices.set("theme", theme);
    showTheme();
  });
  byId("key-form").addEventListener("submit", useKey);
  byId("forget-key").addEventListener("click", forgetKey);
  listenToTabs();
  // another link to this page, followed from within it; replaceState is not heard of here
  window.addEventListener("hashchange", () => location.reload());
  compare.unit = (kept.get("unit") ?? "").slice(0, 256);
  const [query, titles] = [kept.get("query"), kept.getAll("title")];
  if (query && titles.length) compare.fill(query, titles);
  const [view, first] = [kept.get("view"), kept.get("tab")];
  useTab(TABS.includes(first) ? first : "compare");
  await compare.load();
  if (VIEWS.includes(view)) compare.useView(compare.cascade || view !== "cascade" ? view : "both");
  if (query && titles.length) await compare.rank();
  document.documentElement.dataset.ready = "true";
}

start();
