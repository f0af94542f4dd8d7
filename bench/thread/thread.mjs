// How soon a conversation of 1,000 messages is there: chosen from the list, and after a reload of the page. It runs the
// built widget in Chromium against a server of its own: `node bench/thread/thread.mjs` after `cargo xtask dist`.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";

import { launch } from "../../tests/e2e/browser.mjs";
import { ROOT } from "../../tests/e2e/demo.mjs";

const MESSAGES = 1000;
const ROUNDS = 5;
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
  request.resume();
  const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
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
await browser.close();
server.close();
