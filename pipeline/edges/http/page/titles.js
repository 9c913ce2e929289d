// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
// Pasted text and files in, titles out. Nothing here leaves the browser.

const MOST_BYTES = 32 * 1024 * 1024;

/** A file that cannot be used: the name of a text, and what goes into it. */
export class BadFile extends Error {
  constructor(text, values) {
    super(text);
    this.text = text;
    this.values = values;
  }
}

/** Titles of a text, one a line; empty lines count between others, not before or after them. */
export function titlesOf(text) {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.length && !lines[0].trim()) lines.shift();
  while (lines.length && !lines[lines.length - 1].trim()) lines.pop();
  return lines.map((line) => (line.trim() ? line : ""));
}

/** Queries of a file with their titles: a map; under "" the titles of a file without queries. */
export async function readFile(file) {
  const name = file.name;
  if (file.size > MOST_BYTES) {
    const [size, most] = [file.size, MOST_BYTES].map((bytes) => Math.ceil(bytes / 1024 / 1024));
    throw new BadFile("file_large", { name, size, most });
  }
  return parseTsv(name, decoded(name, await bytesOf(file)));
}

function bytesOf(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(file);
  });
}

function decoded(name, bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new BadFile("file_not_utf8", { name });
  }
  if (text.includes("\0")) throw new BadFile("file_not_utf8", { name });
  return text;
}

function parseTsv(name, text) {
  const lines = text.split(/\r\n|\n|\r/).map((line, i) => ({ line, place: i + 1 }));
  const filled = lines.filter(({ line }) => line.trim());
  const grouped = new Map();
  if (!filled.some(({ line }) => line.includes("\t"))) {
    const titles = titlesOf(text);
    if (!titles.length) throw new BadFile("file_empty", { name });
    return grouped.set("", titles);
  }
  for (const { line, place } of filled) {
    const [query, title] = line.split("\t");
    if (title === undefined) throw new BadFile("file_no_tab", { name, line: place });
    if (place === 1 && query.trim().toLowerCase() === "query") continue; // the names of columns
    if (!query.trim()) throw new BadFile("file_no_query", { name, line: place });
    if (!grouped.has(query)) grouped.set(query, []);
    grouped.get(query).push(title.trim() ? title : "");
  }
  if (!grouped.size) throw new BadFile("file_empty", { name });
  return grouped;
}
