// The page in a real Chromium, before a real review-api.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { axe, browser, reviews, until } from "./stack.mjs";

let chromium, service, page, complaints;

before(async () => {
  [chromium, service] = await Promise.all([browser(), reviews()]);
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

beforeEach(async () => {
  page = await open(service.url);
});

afterEach(async () => {
  await page.context().close();
  assert.deepEqual(complaints, []);
});

// A page that notes what goes wrong in it, and every request that leaves its origin.
async function open(url, options = {}) {
  const opened = await (await chromium.newContext(options)).newPage();
  const noted = (complaints = []);
  opened.on("pageerror", (error) => noted.push(String(error)));
  opened.on("dialog", (dialog) => noted.push(`dialog: ${dialog.message()}`));
  opened.on("console", (message) => {
    if (message.type() === "error" && !/status of 40[0-9]/.test(message.text())) noted.push(message.text());
  });
  opened.on("request", (request) => {
    if (!request.url().startsWith(url)) noted.push(`a request to ${request.url()}`);
  });
  await opened.goto(url);
  return opened;
}

const texts = () => page.locator("#reviews li p").allTextContents();
const live = () => page.locator("#live.on").waitFor();

test("a review posted by curl shows up on the open page within 3 seconds", async () => {
  await live();
  service.post({ text: "The lettuce was still crisp", rating: 5 });
  const posted = Date.now();
  await page.getByText("The lettuce was still crisp").waitFor({ timeout: 3000 });
  console.log(`seen after ${Date.now() - posted} ms`);
});

test("a search finds, marks what it found and stands in the address", async () => {
  service.post({ text: "The yoghurt was warm and the milk too", rating: 1, hub: "north" });
  service.post({ text: "The bread was warm, how nice", rating: 5, hub: "south" });
  await page.getByRole("searchbox").fill("warm -bread");
  await page.keyboard.press("Enter");
  await until("only the yoghurt is listed", async () => {
    const found = await texts();
    return found.length === 1 && found[0].includes("yoghurt");
  });
  assert.equal(await page.locator("#reviews mark").first().textContent(), "warm");
  assert.match(page.url(), /q=warm/);
  await page.reload();
  await page.getByText("The yoghurt was").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "warm -bread");
});

test("what a customer writes is text, never markup", async () => {
  const text = "<img src=x onerror=alert(1)><script>alert(2)</script> ravioli & \"quotes\"";
  service.post({ text, tags: ["<b>tag</b>"], hub: "<i>hub</i>" });
  await page.getByRole("searchbox").fill("ravioli");
  await page.keyboard.press("Enter");
  await until("the text is shown as it is", async () => (await texts()).some((shown) => shown === text));
  assert.equal(await page.locator("#reviews img, #reviews script, #reviews b, #reviews i").count(), 0);
});

test("the numbers, pictures and worst hubs follow what was written", async () => {
  for (let n = 0; n < 12; n++) service.post({ delivery_id: `w-${n}`, text: `Sour cream ${n}, sour again`, rating: 1, hub: "worst" });
  for (let n = 0; n < 12; n++) service.post({ delivery_id: `b-${n}`, text: `All fine ${n}`, rating: 5, hub: "best" });
  await page.reload();
  const hub = page.locator("#worst tbody tr").first();
  await until("the worst hub is first", async () => (await hub.textContent().catch(() => ""))?.startsWith("worst"));
  assert.match(await page.locator("#volume svg").getAttribute("aria-label"), /reviews in \d+ intervals/);
  assert.equal(await page.locator("#ratings tbody tr").count(), 5);
  await page.getByRole("button", { name: "sour", exact: true }).waitFor();
  await hub.getByRole("button").click();
  await until("only that hub is listed", async () => {
    const found = await texts();
    return found.length === 12 && found.every((text) => text.includes("Sour"));
  });
});

test("older reviews come by a button, each once", async () => {
  for (let n = 0; n < 35; n++) service.post({ delivery_id: `o-${n}`, text: `Pages of pancakes ${n}` });
  await page.getByRole("searchbox").fill("pancakes");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Show older" }).click();
  await until("all are listed", async () => (await texts()).length === 35);
  assert.equal(new Set(await texts()).size, 35);
  assert.equal(await page.getByRole("button", { name: "Show older" }).isVisible(), false);
});

test("it works by keyboard", async () => {
  await live();
  await page.keyboard.press("/");
  await page.keyboard.type("nothing-like-this");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing matches.").waitFor();
  for (const name of ["range", "rating", "hub"]) {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.name), name);
  }
  await page.locator("#pause").focus();
  await page.keyboard.press("Space");
  assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "true");
});

test("a query that the service refuses is told in its words", async () => {
  await page.getByRole("searchbox").fill("*milk");
  await page.keyboard.press("Enter");
  await until("the fault is told", async () => /q .*\*/.test((await page.locator("#fault").textContent()) ?? ""));
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    test(`nobody is shut out: ${colorScheme}, ${width} pixels wide`, async () => {
      await page.context().close();
      service.post({ text: "Good to see on every screen", rating: 2, hub: "a-hub-with-a-rather-long-name-in-the-north" });
      page = await open(service.url, { colorScheme, viewport: { width, height: 800 } });
      await page.getByText("Good to see on every screen").first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} pixels stick out`);
      // Evaluated by the debugger, which the page's Content-Security-Policy does not bind.
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
    });
  }
}

test("where reading needs a token, the page asks for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokens-"));
  writeFileSync(join(folder, "tokens"), "analyst s3cret-for-reading\n");
  const closed = await reviews({ READ_TOKENS_FILE: join(folder, "tokens") });
  try {
    await page.context().close();
    page = await open(closed.url);
    await page.getByLabel("a token that may read").fill("s3cret-for-reading");
    closed.post({ text: "Behind a token" });
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("Behind a token").waitFor();
  } finally {
    // It would say of a service that is gone that it is gone.
    await page.context().close();
    await closed.stop();
    rmSync(folder, { recursive: true });
  }
});
