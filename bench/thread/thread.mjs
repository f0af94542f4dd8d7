// How soon a conversation of 1,000 messages is there: chosen from the list, and after a reload of the page; and what a
// token costs at its end, and in an empty one. It runs the built widget in Chromium against a server of its own:
// `node bench/thread/thread.mjs` after `cargo xtask dist`.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";

import { launch } from "../../tests/e2e/browser.mjs";
import { ROOT } from "../../tests/e2e/demo.mjs";

const MESSAGES = 1000;
const ROUNDS = 5;
/** Words of a streamed answer, and how many of them come in a second. */
const WORDS = 1000;
const RATE = 500;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = `<!doctype html><html lang="en"><title>Thread</title>
<script type="module" src="/widget/triptych.js"></script>
<triptych-copilot gateway="ORIGIN/open" mode="inline" panels="chat" style="height: 800px"></triptych-copilot>`;
const ANSWER = `## What to look at

1. **Latency**, which is how long one answer takes.
2. *Throughput*, which is how many there are in a second.

| Term | In plain words |
| --- | --- |
| Idempotent | doing it twice changes nothing more |

A system is easy to explain when every part can say what it is waiting for. \`retry(call)\` is a good next step.`;

async function answer(request, response) {
  const { pathname, origin } = new URL(request.url, `http://${request.headers.host}`);
  const send = (type, body) => {
    response.writeHead(200, { "content-type": type });
    response.end(body);
  };
  if (pathname === "/") return send("text/html", PAGE.replace("ORIGIN", origin));
  if (pathname.startsWith("/widget/")) {
    const name = basename(pathname);
    return send(TYPES[name.slice(name.lastIndexOf("."))], await readFile(join(ROOT, "pkg/dist", name)));
  }
  if (pathname === "/open/v1/models") return send("application/json", '{"object":"list","data":[{"id":"llama","object":"model"}]}');
  if (pathname !== "/open/v1/chat/completions") return response.writeHead(404).end();
  let asked = "";
  for await (const piece of request) asked += piece;
  const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  if (JSON.parse(asked).messages.at(-1).content === "Stream") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const begin = performance.now();
    let sent = 0;
    const pour = setInterval(() => {
      const due = Math.min(WORDS, Math.floor(((performance.now() - begin) * RATE) / 1000));
      for (; sent < due; sent++) response.write(chunk({ content: sent % 60 === 59 ? "word.\n\n" : "word " }));
      if (sent < WORDS) return;
      clearInterval(pour);
      response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
    }, 10);
    return;
  }
  send("text/event-stream", `${chunk({ content: ANSWER })}${chunk({}, "stop")}data: [DONE]\n\n`);
}

const server = createServer(answer);
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const box = page.getByRole("textbox", { name: "Message" });
await box.waitFor();

for (let count = 2; count <= MESSAGES; count += 2) {
  await box.fill(`Question ${count}`);
  await box.press("Enter");
  await page.locator(`article.answer[aria-busy=false]`).nth(count / 2 - 1).waitFor({ state: "attached" });
}

/** Milliseconds until the last message has its words in a painted frame, and until every message has. */
const watch = (from) =>
  page.evaluate(
    ([messages, from]) =>
      new Promise((told) => {
        const root = document.querySelector("triptych-copilot").shadowRoot;
        let first;
        const look = () => {
          const all = root.querySelectorAll("article");
          const now = performance.now() - (window[from] ?? 0);
          if (all.length === messages) {
            if (all[messages - 1].querySelector(".body p")) first ??= now;
            if (first && [...all].every((one) => one.childElementCount)) return told([first, now]);
          }
          requestAnimationFrame(look);
        };
        look();
      }),
    [MESSAGES, from],
  );
const middle = (all) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)].toFixed(0);
const report = (what, rounds) =>
  console.log(`${what}: last messages in ${middle(rounds.map(([first]) => first))} ms, all in ${middle(rounds.map(([, all]) => all))} ms (middle of ${ROUNDS})`);

const chosen = [];
for (let round = 0; round < ROUNDS; round++) {
  await page.getByRole("button", { name: "New chat" }).first().click();
  await page.locator("article").first().waitFor({ state: "detached" });
  const list = page.getByRole("button", { name: "Chats", exact: true });
  if ((await list.getAttribute("aria-expanded")) === "false") await list.click();
  const row = page.locator("[data-act=open]").first();
  await row.waitFor();
  await row.evaluate((row) => {
    window.clicked = performance.now();
    row.click();
  });
  chosen.push(await watch("clicked"));
}
report("Chosen from the list", chosen);

const reloaded = [];
for (let round = 0; round < ROUNDS; round++) {
  await page.reload();
  reloaded.push(await watch("none"));
}
report("After a reload, from its start", reloaded);

const session = await page.context().newCDPSession(page);
await session.send("Performance.enable");
const spent = async () => {
  const { metrics } = await session.send("Performance.getMetrics");
  return ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].map((name) => metrics.find((one) => one.name === name).value);
};
const streamed = async (where) => {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const answers = page.locator("article.answer[aria-busy=false]");
    const count = await answers.count();
    const before = await spent();
    await box.fill("Stream");
    await box.press("Enter");
    await answers.nth(count).waitFor({ state: "attached", timeout: 60_000 });
    rounds.push((await spent()).map((after, place) => ((after - before[place]) * 1e6) / WORDS));
  }
  const [script, layout, style] = [0, 1, 2].map((place) => middle(rounds.map((round) => round[place])));
  console.log(`A token ${where}: script ${script} µs, layout ${layout} µs, style ${style} µs (middle of ${ROUNDS})`);
};
await streamed(`after ${MESSAGES} messages`);
await page.getByRole("button", { name: "New chat" }).first().click();
await page.locator("article").first().waitFor({ state: "detached" });
await streamed("in a new conversation");
await browser.close();
server.close();
