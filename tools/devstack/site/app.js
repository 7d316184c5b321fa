"use strict";

// Asks as a browser does and shows the head of the answer: how the file server cached, coded and cut it.

const answer = document.querySelector("#answer");

/** The entity tag of each path that was asked for before. */
const tags = new Map();

async function ask({ path, range, known }) {
  const headers = {};
  if (range) headers["Range"] = range;
  if (known !== undefined && tags.has(path)) headers["If-None-Match"] = tags.get(path);
  const response = await fetch(path, { headers, cache: "no-store" });
  // The body is read so that the connection can be used again.
  const { byteLength } = await response.arrayBuffer();
  if (response.headers.has("ETag")) tags.set(path, response.headers.get("ETag"));
  const asked = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  const told = [...response.headers].map(([name, value]) => `${name}: ${value}\n`);
  return `GET /${path}\n${asked.join("")}\n${response.status} ${response.statusText}\n${told.join("")}\n`
    + `${byteLength.toLocaleString("en")} bytes after decoding`;
}

document.querySelector("#questions").addEventListener("click", async ({ target }) => {
  if (!(target instanceof HTMLButtonElement)) return;
  answer.textContent = "…";
  try {
    answer.textContent = await ask(target.dataset);
  } catch (error) {
    answer.textContent = `No answer: ${error.message}. Does the stack still run?`;
  }
});
