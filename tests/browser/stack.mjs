// The programs and the browser that the tests use. Whatever is started here is ended by its own process id.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const root = resolve(import.meta.dirname, "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const profile = process.env.BALLAST_PROFILE ?? "debug";
const require = createRequire(join(target, "browser", "package.json"));

export const axe = require("axe-core").source;
const { chromium } = require("playwright-core");

const DEADLINE = 30_000;

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Waits until `look` gives something true, which it returns.
export async function until(what, look, deadline = DEADLINE) {
  const end = Date.now() + deadline;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await sleep(20);
  }
}

// Starts one of the workspace's programs on port 0; gives its listeners' addresses by name.
export async function start(program, args, environment) {
  const child = spawn(join(target, profile, program), args, {
    env: { PATH: process.env.PATH, LISTEN_HOST: "127.0.0.1", LOG_FORMAT: "json", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const addresses = {};
  const said = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      if (said.length > 50) said.shift();
      const listening = /"name":"(\w+)".*"address":"([^"]+)"|"address":"([^"]+)".*"name":"(\w+)"/.exec(line);
      if (line.includes("listening") && listening) addresses[listening[1] ?? listening[4]] = listening[2] ?? listening[3];
    });
  }
  const stop = async () => {
    process.removeListener("exit", kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(kill, DEADLINE);
    await once(child, "exit");
    clearTimeout(timer);
  };
  const ready = async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${said.join("\n")}`);
    if (!addresses.admin) return false;
    return fetch(`http://${addresses.admin}/readyz`).then((answer) => answer.ok, () => false);
  };
  try {
    await until(`${program} is ready`, ready, 120_000);
  } catch (error) {
    kill();
    throw error;
  }
  return { addresses, stop };
}

// review-api on an index of its own.
export async function reviews(environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), "reviews-"));
  const service = await start("review-api", [], {
    PORT: "0", ADMIN_ADDRESS: "127.0.0.1:0", REVIEWS_STORE: "embedded", REVIEWS_DIR: folder, ...environment,
  });
  const url = `http://${service.addresses.http}`;
  return {
    url,
    // As a customer's app does it; curl, because that is what the README's reader types.
    post(review, ...more) {
      const body = JSON.stringify({ delivery_id: "d-1", written_at: new Date().toISOString(), ...review });
      return execFileSync("curl", ["-sS", "--fail-with-body", "-H", "content-type: application/json", ...more,
        "-d", body, `${url}/reviews`], { encoding: "utf8" });
    },
    async stop() {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// Chromium. The sandbox does not work for root, which is what containers and CI are.
export function browser() {
  return chromium.launch({
    executablePath: execFileSync("sh", ["-c", "command -v \"$0\"", process.env.CHROMIUM ?? "chromium"], { encoding: "utf8" }).trim(),
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}
