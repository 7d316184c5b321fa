// Elements without markup: text that came from a customer is only ever text.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function table(caption, heads, rows) {
  return element("table", { "aria-label": caption },
    element("thead", {}, element("tr", {}, ...heads.map((head) =>
      head ? element("th", { scope: "col" }, head) : element("td")))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) =>
      cell instanceof HTMLTableCellElement ? cell : element("td", {}, cell))))));
}

const number = new Intl.NumberFormat("en");
export const count = (value) => number.format(value);
export const decimal = (value) => (value == null ? "–" : value.toFixed(2));
export const percent = (value) => (value == null ? "–" : `${(value * 100).toFixed(1)}\u00a0%`);

export function duration(milliseconds) {
  if (milliseconds == null) return "–";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export function moment(text, short) {
  const options = short
    ? { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }
    : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat("en", options).format(new Date(text));
}
