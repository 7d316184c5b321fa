// The pictures. Each is an SVG with a sentence for those who do not see it, and the same numbers as a table.

import { count, decimal, element, moment, percent, svg, table } from "./elements.js";

const WIDTH = 1000;
const HEIGHT = 160;

export function volume(series) {
  const most = Math.max(1, ...series.map((point) => point.count));
  const step = WIDTH / Math.max(1, series.length);
  const bars = series.flatMap((point, index) => [
    bar("all", index * step, step, point.count / most, `${moment(point.at, true)}: ${point.count}, low ${point.low}`),
    bar("low", index * step, step, point.low / most),
  ]);
  const busiest = series.reduce((best, point) => (point.count > best.count ? point : best), series[0]);
  const label = busiest && busiest.count > 0
    ? `${count(sum(series))} reviews in ${series.length} intervals; the most, ${count(busiest.count)}, from ${moment(busiest.at)}`
    : "No reviews in this time";
  return picture(label, bars, series, `up to ${count(most)}`);
}

export function trend(series) {
  const rated = series.map((point, index) => ({ ...point, index })).filter((point) => point.average != null);
  if (rated.length === 0) return [none("No ratings in this time.")];
  const step = WIDTH / Math.max(1, series.length);
  const at = (point) => `${((point.index + 0.5) * step).toFixed(1)},${(HEIGHT * (5 - point.average) / 4).toFixed(1)}`;
  const grid = [1, 2, 3, 4, 5].map((rating) => {
    const y = HEIGHT * (5 - rating) / 4;
    return svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y });
  });
  // A single point would draw nothing.
  const points = rated.length === 1 ? [...rated, { ...rated[0], index: rated[0].index + 0.2 }] : rated;
  const line = svg("polyline", { class: "line", points: points.map(at).join(" ") });
  const last = rated[rated.length - 1];
  const label = `Mean rating from ${decimal(rated[0].average)} to ${decimal(last.average)}`;
  return picture(label, [...grid, line], series, "1 to 5");
}

export function ratings(stats) {
  const rated = stats.ratings.reduce((total, of) => total + of, 0);
  if (rated === 0) return none("No ratings in this time.");
  const most = Math.max(...stats.ratings);
  const rows = [5, 4, 3, 2, 1].map((rating) => {
    const of = stats.ratings[rating - 1];
    return [stars(rating), beam(of / most, rating <= 2), count(of), percent(of / rated)];
  });
  return table("Reviews by rating", ["Rating", "", "Reviews", "Share"], rows);
}

export function worst(hubs, choose) {
  if (hubs.length === 0) return none("No hub has enough rated reviews in this time.");
  const rows = hubs.map((hub) => [
    element("td", {}, element("button", { type: "button", class: "link", onclick: () => choose(hub.hub) }, hub.hub)),
    beam(hub.low.share ?? 0, true),
    percent(hub.low.share),
    change(hub.low),
    decimal(hub.average),
    count(hub.count),
  ]);
  return table("Hubs with the highest share of low ratings", ["Hub", "", "Low", "Change", "Mean", "Reviews"], rows);
}

export function change({ share, previous }) {
  if (share == null || previous == null) return element("span", {}, "–");
  const points = (share - previous) * 100;
  const text = `${points > 0 ? "+" : points < 0 ? "−" : "±"}${Math.abs(points).toFixed(1)}`;
  const kind = points > 0.05 ? "worse" : points < -0.05 ? "better" : "";
  return element("span", { class: kind, title: `${percent(previous)} before` }, text);
}

export function stars(rating) {
  return element("span", { class: "stars", role: "img", "aria-label": `${rating} of 5` },
    "★".repeat(rating) + "☆".repeat(5 - rating));
}

export const none = (text) => element("p", { class: "none" }, text);

function picture(label, shapes, series, scale) {
  const graph = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...shapes);
  const from = series.length > 0 ? moment(series[0].at, true) : "";
  const to = series.length > 0 ? moment(series[series.length - 1].at, true) : "";
  const axis = element("div", { class: "axis", "aria-hidden": "true" },
    element("span", {}, from), element("span", {}, scale), element("span", {}, to));
  const rows = series.filter((point) => point.count > 0)
    .map((point) => [moment(point.at), count(point.count), count(point.low), decimal(point.average)]);
  const numbers = element("details", {}, element("summary", {}, "As a table"));
  // Hundreds of rows that mostly nobody looks at are made when somebody does.
  numbers.addEventListener("toggle", () => {
    if (numbers.open) numbers.append(element("div", { tabindex: 0, role: "region", "aria-label": label },
      table(label, ["From", "Reviews", "Low", "Mean"], rows)));
    else numbers.lastElementChild.remove();
  });
  return [graph, axis, numbers];
}

function bar(kind, x, step, share, title) {
  const height = share * HEIGHT;
  const gap = Math.min(2, step / 5);
  const attributes = { class: kind, x: x + gap / 2, y: HEIGHT - height, width: step - gap, height };
  return svg("rect", attributes, title && svg("title", {}, title));
}

function beam(share, low) {
  const fill = svg("rect", { width: 100 * share, height: 10, class: low ? "low" : undefined });
  return element("td", { class: "bar", "aria-hidden": "true" },
    svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none" }, fill));
}

const sum = (series) => series.reduce((total, point) => total + point.count, 0);
