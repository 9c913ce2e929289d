// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// The language of the moment: texts by name, numbers and times as it writes them.

import { STRINGS } from "./strings.js";

let language = "en";

export function useLanguage(wanted) {
  language = STRINGS[wanted] ? wanted : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.dataset.i18n);
  }
  for (const element of document.querySelectorAll("[data-i18n-label]")) {
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
  }
}

export const currentLanguage = () => language;

/**
 * The text of a name; an unknown name is a mistake and shows itself. In it, {count} is a value and
 * {count:title|titles} what one and what more of them are called.
 */
export function t(name, values = {}) {
  const text = STRINGS[language][name];
  if (text === undefined) throw new Error(`no text ${name}`);
  return text.replace(/\{(\w+)(?::(\w+)\|(\w+))?\}/g, (_, key, one, more) =>
    one === undefined ? String(values[key]) : String(values[key]) === "1" ? one : more,
  );
}

/** A ranker's name for people; two joined by + too; its own name when the page knows no other. */
export function rankerName(ranker) {
  if (!ranker) return "–";
  return ranker
    .split("+")
    .map((one) => STRINGS[language][one] ?? one)
    .join(" + ");
}

const locale = () => (language === "zh" ? "zh-CN" : "en-GB");

export const number = (value, digits = 0) =>
  value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const percent = (share) =>
  share.toLocaleString(locale(), { style: "percent", maximumFractionDigits: 1 });

/** So many seconds in the largest unit of which there are two, rounded up. */
export function waiting(seconds) {
  const [unit, length] = [["hour", 3600], ["minute", 60], ["second", 1]].find(
    ([, size]) => seconds >= 2 * size || size === 1,
  );
  return Math.ceil(seconds / length).toLocaleString(locale(), { style: "unit", unit, unitDisplay: "long" });
}

/** Milliseconds with as many digits as mean something. */
export const milliseconds = (ms) => number(ms, ms < 10 ? 1 : 0);

export const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(locale());

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
