// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// Calls of the service, its errors, and the API key of this tab.

import { secrets } from "./storage.js";

const KEY = "ranking-api-key";
// a service that hangs is told of after so long
const LONGEST_MS = 120_000;

/** What the service refused, or that it did not answer (status 0). */
export class Problem extends Error {
  constructor(status, message, field = null, retryAfter = null) {
    super(message);
    this.status = status;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

export const key = {
  get: () => secrets.get(KEY),
  set: (value) => secrets.set(KEY, value),
  forget: () => secrets.forget(KEY),
};

/** A GET, or a POST of a body; the decoded JSON of a good answer. */
async function call(path, { body, headers = {}, signal } = {}) {
  const asked = { ...headers };
  if (key.get()) asked["x-api-key"] = latin1(key.get());
  if (body !== undefined) asked["content-type"] = "application/json";
  const limit = AbortSignal.timeout(LONGEST_MS);
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: asked,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "");
  }
  const answer = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (!response.ok) throw problemOf(response, answer);
  if (answer === null) throw new Problem(0, ""); // cut, or of something else
  return answer;
}

/** Headers are bytes: the key goes as its UTF-8. */
const latin1 = (text) => String.fromCharCode(...new TextEncoder().encode(text));

function problemOf(response, answer) {
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  if (answer?.error) {
    return new Problem(response.status, answer.error.message, answer.error.field, retryAfter);
  }
  // the gateway's shape: "field: message"
  const [, field, message] = /^([^\s:]+): (.*)$/s.exec(answer?.err_msg ?? "") ?? [];
  return new Problem(response.status, message ?? answer?.err_msg ?? "", field, retryAfter);
}

/** Rank through the service's own wire; keys and values become one object, its JSON decoded. */
async function rank(fields, headers, signal) {
  const start = performance.now();
  const answer = await call("ranker/prediction", { body: fields, headers, signal });
  const wire = Object.fromEntries(answer.key.map((name, i) => [name, answer.value[i]]));
  for (const name of ["predict", "results", "usage", "timings_ms", "rankings", "stages", "warnings"]) {
    if (wire[name] !== undefined) wire[name] = JSON.parse(wire[name]);
  }
  return { ...wire, total_ms: performance.now() - start };
}

/** Both rankers, the only one that is served, or the cascade; in no experiment. */
export const rankBy = (ranker, query, documents, signal) =>
  rank({ query, documents, ranker }, {}, signal);

/** What a unit would be served, without a record of it. */
export function rankAs(unit, query, documents, signal) {
  const fields = unit ? { query, documents, unit_id: unit } : { query, documents };
  return rank(fields, { "x-dry-run": "true" }, signal);
}

export const assignment = (unit, query, signal) =>
  call("v1/assignments", { body: unit ? { unit_id: unit } : { query }, signal });

export const interleave = (orders, seed, signal) =>
  call("v1/interleave", { body: { orders, seed }, signal });

export const info = () => call("info");

export const traffic = (signal) => call("v1/traffic", { signal });

export const examples = () => call("page/examples.json");
