// The page: what is asked for stands in its address, so that a picture can be sent to a colleague.
//
// 1. A search asks for the list, the statistics and the terms, and follows the stream of what matches.
// 2. What comes in goes to the top of the list at once, and into the numbers with the next refresh.
// 3. A new search ends all that the one before has running.

import { byId, count, decimal, duration, element, percent } from "./elements.js";
import { change, none, ratings, trend, volume, worst } from "./charts.js";
import { arrive, show } from "./reviews.js";
import { Refused, ask, follow, setToken } from "./service.js";

const REFRESH = 5000;
const TERMS_EVERY = 6;
const PAGE = 30;

const form = byId("search");
let running = new AbortController();
let paused = false;
let waiting = [];
let arrived = false;
let next;

// What the form says, as parameters of the service.
function query() {
  const { q, range, rating, hub } = form.elements;
  const asked = new URLSearchParams();
  if (q.value.trim()) asked.set("q", q.value.trim());
  if (hub.value.trim()) asked.set("hub", hub.value.trim());
  if (rating.value === "low") asked.set("max_rating", "2");
  else if (rating.value) asked.set("rating", rating.value);
  return { asked, from: range.value };
}

function within({ asked, from }, more = {}) {
  return new URLSearchParams([...asked, ["from", from], ...Object.entries(more)]);
}

async function search() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const wanted = query();
  waiting = [];
  arrived = false;
  fault();
  await Promise.all([
    guarded(signal, async () => {
      const page = await ask("reviews", within(wanted, { size: PAGE, highlight: true }), signal);
      show(page);
      older(page);
    }),
    numbers(wanted, signal),
    terms(wanted, signal),
  ]);
  if (signal.aborted) return;
  follow(wanted.asked, signal, incoming, live);
  refresh(wanted, signal);
}

async function numbers(wanted, signal) {
  await guarded(signal, async () => draw(await ask("reviews/stats", within(wanted), signal)));
}

async function terms(wanted, signal) {
  await guarded(signal, async () => {
    const asked = new URLSearchParams([...wanted.asked].filter(([name]) => !name.endsWith("rating")));
    const answer = await ask("reviews/terms", within({ ...wanted, asked }, { size: 16 }), signal);
    drawTerms(answer);
  });
}

// Looks again while somebody looks at the page.
async function refresh(wanted, signal) {
  for (let round = 1; !signal.aborted; round++) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH));
    if (signal.aborted || document.hidden || paused) continue;
    if (arrived || round % TERMS_EVERY === 0) {
      arrived = false;
      await numbers(wanted, signal);
    }
    if (round % TERMS_EVERY === 0) await terms(wanted, signal);
  }
}

function draw(stats) {
  byId("total").textContent = count(stats.total);
  byId("unrated").textContent = stats.partial ? "in part: the store ended early" : `${count(stats.unrated)} not rated`;
  byId("average").textContent = decimal(stats.average);
  byId("low").textContent = percent(stats.low.share);
  byId("before").replaceChildren(change(stats.low), ` points to ${percent(stats.low.previous)} before`);
  byId("lag").textContent = duration(stats.lag.p95_ms);
  byId("volume").replaceChildren(...volume(stats.series));
  byId("trend").replaceChildren(...trend(stats.series));
  byId("ratings").replaceChildren(ratings(stats));
  byId("worst").replaceChildren(worst(stats.hubs, (hub) => choose({ hub })));
  byId("hubs").replaceChildren(...stats.hubs.map(({ hub }) => element("option", { value: hub })));
  const languages = stats.languages.slice(0, 8).map(({ language, count: of }) =>
    element("li", {}, `${language} `, element("small", {}, percent(of / stats.total))));
  byId("languages").replaceChildren(languages.length > 0 ? element("ul", { class: "chips" }, ...languages) : none("None."));
}

function drawTerms(answer) {
  const chips = answer.terms.map(({ term, low, all }) => element("li", {},
    element("button", { type: "button", class: "quiet", title: `${low} of ${answer.low} low ratings, ${all} of all ${answer.all}`,
      onclick: () => choose({ q: term }) }, term)));
  byId("terms").replaceChildren(chips.length > 0 ? element("ul", { class: "chips" }, ...chips) : none("Nothing stands out."));
}

function choose(values) {
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  submit();
}

function incoming(review) {
  arrived = true;
  if (paused) {
    waiting.push(review);
    waiting.splice(0, waiting.length - 100);
    byId("pause").textContent = `Go on (${waiting.length})`;
  } else {
    arrive(review);
  }
}

function live(connected, error) {
  const state = byId("live");
  state.classList.toggle("on", connected);
  state.textContent = connected ? "live" : error ? error.message : "connecting …";
}

function older(page) {
  next = page.next;
  byId("more").hidden = !next;
}

// Runs what asks the service, and says where it failed. What a newer search has ended is no failure.
async function guarded(signal, work) {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) byId("token").hidden = false;
    fault(error instanceof Refused ? error.message : "The service does not answer.");
  }
}

function fault(message) {
  const shown = byId("fault");
  shown.hidden = !message;
  shown.textContent = message ?? "";
}

function submit() {
  const address = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", `?${address}`);
  search();
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements.namedItem(name);
    if (!field || !("value" in field)) continue;
    const before = field.value;
    field.value = value;
    // A select takes no value that it does not offer.
    if (field.value === "" && value !== "") field.value = before;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
form.addEventListener("reset", () => setTimeout(submit));
for (const name of ["range", "rating", "hub"]) form.elements[name].addEventListener("change", submit);
byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(event.target.elements.token.value);
  event.target.hidden = true;
  search();
});
byId("pause").addEventListener("click", ({ target }) => {
  paused = !paused;
  target.setAttribute("aria-pressed", String(paused));
  target.textContent = paused ? "Go on" : "Pause";
  if (!paused) waiting.splice(0).forEach(arrive);
});
byId("more").addEventListener("click", () => {
  const { signal } = running;
  guarded(signal, async () => {
    const page = await ask("reviews", within(query(), { size: PAGE, highlight: true, cursor: next }), signal);
    show(page, true);
    older(page);
  });
});
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  form.elements.q.focus();
});

fromAddress();
search();
