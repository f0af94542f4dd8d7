// What the main thread pays for one streamed answer, page by page; prints a table.
//
//   node run.mjs --repository DIR --bundles DIR [--sizes 8000,32000] [--rate 500] [--only triptych,…]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

import { pieces, serve } from "./server.mjs";

const PAGES = {
  triptych: "/repo/bench/stream/triptych.html",
  "streaming-markdown": "/repo/bench/stream/peers/streaming-markdown.html",
  Streamdown: "/repo/bench/stream/peers/streamdown.html",
  "deep-chat": "/repo/bench/stream/peers/deep-chat.html",
};
const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--js-flags=--expose-gc", "--enable-precise-memory-info"];
/** A page that has fallen behind by as much as its answer takes, and this, will not catch up. */
const PATIENCE_MS = 30_000;

const { values: given } = parseArgs({
  options: {
    repository: { type: "string", default: fileURLToPath(new URL("../..", import.meta.url)) },
    bundles: { type: "string" },
    sizes: { type: "string", default: "8000,32000" },
    rate: { type: "string", default: "500" },
    only: { type: "string" },
  },
});
const rate = Number(given.rate);
const names = given.only?.split(",") ?? Object.keys(PAGES);

/** Notes long tasks and the gaps between frames, until the page says that it is done. */
function watch() {
  globalThis.gc?.();
  window.seen = { longest: 0, gaps: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.seen.longest = Math.max(window.seen.longest, duration);
  }).observe({ entryTypes: ["longtask"] });
  let last = performance.now();
  requestAnimationFrame(function frame(now) {
    window.seen.gaps.push(now - last);
    last = now;
    if (!window.__done) requestAnimationFrame(frame);
  });
}

/** What becomes of it, or nothing once that time is up: a page that is frozen answers to no timeout either. */
function within(milliseconds, promise) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
  return Promise.race([promise.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}

async function measure(browser, origin, name, size) {
  const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
  page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const of = Object.fromEntries(metrics.map((metric) => [metric.name, metric.value]));
    return { script: of.ScriptDuration, layout: of.LayoutDuration, style: of.RecalcStyleDuration, all: of.TaskDuration };
  };
  await page.goto(`${origin}${PAGES[name]}?bytes=${size}&rate=${rate}`);
  await page.waitForFunction("window.__ready === true");
  await page.evaluate(watch);
  const before = await spent();
  const start = performance.now();
  await page.evaluate(() => void window.__go());
  const due = (pieces(size).length / rate) * 1000;
  const done = await within(2 * due + PATIENCE_MS, page.waitForFunction("window.__done === true", null, { timeout: 0 }));
  if (!done) {
    const length = await within(PATIENCE_MS, page.evaluate("window.__text().length"));
    const waited = Math.round((performance.now() - start) / 1000);
    return [name, size, `not done after ${waited} s, ${length === undefined ? "and does not answer" : `${length} characters are shown`}`, ...Array(8).fill("")];
  }
  const took = (performance.now() - start) / 1000;
  const after = await spent();
  const shown = await page.evaluate(() => {
    const gaps = window.seen.gaps.sort((a, b) => a - b);
    return { longest: window.seen.longest, gap: gaps[Math.floor(gaps.length * 0.99)] ?? 0, characters: window.__text().length };
  });
  const tokens = pieces(size).length;
  const each = (seconds) => Math.round((seconds / tokens) * 1e6);
  const [script, layout, style, all] = ["script", "layout", "style", "all"].map((part) => after[part] - before[part]);
  const late = Math.max(0, took - tokens / rate).toFixed(1);
  return [name, size, each(script + layout + style), each(script), each(layout), each(style), each(all), Math.round(shown.longest), Math.round(shown.gap), late, shown.characters];
}

const folders = { "/repo/": given.repository, "/bundles/": given.bundles ?? given.repository };
const server = await serve(folders);
const head = ["page", "characters", "work (µs a token)", "script", "layout", "style", "with painting", "longest task (ms)", "frame gap p99 (ms)", "behind (s)", "shown"];
console.log(`\n| ${head.join(" | ")} |\n| --- |${" --: |".repeat(head.length - 1)}`);
for (const size of given.sizes.split(",").map(Number)) {
  for (const name of names) {
    // Each in a browser of its own, which ends with it, frozen or not.
    const browser = await chromium.launch({ executablePath: process.env.TRIPTYCH_CHROMIUM || "/usr/bin/chromium", args: SWITCHES });
    const row = await measure(browser, `http://127.0.0.1:${server.address().port}`, name, size).catch((error) => [name, size, `failed: ${error.message.split("\n")[0]}`]);
    console.log(`| ${row.join(" | ")} |`);
    await within(PATIENCE_MS, browser.close());
  }
}
server.closeAllConnections();
server.close();
// A browser that did not close is ended by the library with us.
process.exit();
