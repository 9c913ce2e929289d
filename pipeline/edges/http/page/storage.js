// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// What the browser keeps for this page; where it keeps nothing, the page does until it is closed.

function keeper(name) {
  const held = new Map();
  const stored = () => {
    try {
      return window[name];
    } catch {
      return null; // blocked
    }
  };
  return {
    get: (key) => stored()?.getItem(key) ?? held.get(key) ?? null,
    set: (key, value) => {
      held.set(key, value);
      stored()?.setItem(key, value);
    },
    forget: (key) => {
      held.delete(key);
      stored()?.removeItem(key);
    },
  };
}

/** Kept by the browser. */
export const choices = keeper("localStorage");

/** Kept for this tab. */
export const secrets = keeper("sessionStorage");
