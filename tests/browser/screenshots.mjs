#!/usr/bin/env node
// Pictures of the page for docs/: `tests/browser/screenshots` after `cargo build --release` of review-api and review-load.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

process.env.BALLAST_PROFILE ??= "release";
const { browser, reviews, start } = await import("./stack.mjs");

const docs = resolve(import.meta.dirname, "../../docs/images");
const views = [
  { name: "reviews-light", colorScheme: "light", viewport: { width: 1280, height: 1150 } },
  { name: "reviews-dark", colorScheme: "dark", viewport: { width: 1280, height: 1150 } },
  { name: "reviews-phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
];

mkdirSync(docs, { recursive: true });
const service = await reviews();
const feed = await start("review-load", ["feed"], { ADMIN_ADDRESS: "127.0.0.1:0", REVIEWS_URL: service.url });
const chromium = await browser();
try {
  for (const { name, ...options } of views) {
    const page = await (await chromium.newContext(options)).newPage();
    await page.goto(`${service.url}/?range=24h`);
    await page.locator("#live.on").waitFor();
    await page.locator("#reviews li").first().waitFor();
    await page.screenshot({ path: join(docs, `${name}.png`) });
  }
} finally {
  await chromium.close();
  await feed.stop();
  await service.stop();
}
