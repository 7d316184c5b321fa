// The list: what was found, and what comes in while the page is open.

import { byId, count, element, moment } from "./elements.js";
import { none, stars } from "./charts.js";

const SHOWN_MAX = 200;
const NEW_FOR = 4000;

const list = byId("reviews");
let ids = new Set();

export function show(page, append) {
  if (!append) {
    ids = new Set();
    list.replaceChildren();
  }
  for (const review of page.items) {
    if (!ids.has(review.id)) list.append(item(review));
  }
  if (ids.size === 0) list.replaceChildren(element("li", {}, none("Nothing matches.")));
  byId("reviews-count").textContent =
    `${page.total.exact ? "" : "more than "}${count(page.total.value)} ${page.total.value === 1 ? "review" : "reviews"}`;
}

// Puts a review that just came in at the top. False where it is there already.
export function arrive(review) {
  if (ids.has(review.id)) return false;
  if (ids.size === 0) list.replaceChildren();
  const added = item(review);
  added.classList.add("new");
  setTimeout(() => added.classList.remove("new"), NEW_FOR);
  list.prepend(added);
  while (list.children.length > SHOWN_MAX) {
    ids.delete(list.lastElementChild.dataset.id);
    list.lastElementChild.remove();
  }
  return true;
}

function item(review) {
  ids.add(review.id);
  const low = review.rating != null && review.rating <= 2;
  const text = element("p", { lang: review.language, dir: "auto" }, ...passages(review));
  const meta = element("div", { class: "meta" },
    review.rating == null ? element("span", {}, "not rated") : stars(review.rating),
    element("time", { datetime: review.written_at }, moment(review.written_at)),
    review.hub && element("span", {}, review.hub),
    review.tour && review.tour !== review.hub ? element("span", {}, `tour ${review.tour}`) : undefined,
    review.language && element("span", {}, review.language),
    ...(review.tags ?? []).map((tag) => element("span", {}, `#${tag}`)));
  return element("li", { class: low ? "low" : "", "data-id": review.id }, meta, text);
}

// Highlights are escaped HTML with <mark>; only their text and their marks are taken over.
function passages(review) {
  if (!review.highlights?.length) return [review.text];
  const parts = [];
  for (const [index, passage] of review.highlights.entries()) {
    if (index > 0) parts.push(" … ");
    const parsed = new DOMParser().parseFromString(passage, "text/html").body;
    for (const node of parsed.childNodes) {
      parts.push(node.nodeName === "MARK" ? element("mark", {}, node.textContent) : node.textContent);
    }
  }
  return parts;
}
