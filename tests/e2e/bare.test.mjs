// Any server that speaks OpenAI's chat: it has one model, no credits, no tokens and no names for its streams.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { ROOT, eventually } from "./demo.mjs";

const PAGE = `<!doctype html><html lang="en"><title>Bare</title>
<script type="module" src="/widget/triptych.js"></script>
<triptych-copilot gateway="GATEWAY" mode="inline" panels="chat"></triptych-copilot>`;
const WIDGET = process.env.TRIPTYCH_DEMO_WIDGET ?? join(ROOT, "pkg/dist");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

let server;
let browser;
/** Bodies of the calls, and how many of their connections were closed before their end. */
let calls = [];
let hungUp = 0;
let authorizations = [];

function answer(request, response) {
  const { pathname, origin } = new URL(request.url, `http://${request.headers.host}`);
  const json = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (pathname === "/") {
    response.writeHead(200, { "content-type": "text/html" });
    return response.end(PAGE.replace("GATEWAY", `${origin}/open`));
  }
  if (pathname === "/closed") {
    response.writeHead(200, { "content-type": "text/html" });
    return response.end(PAGE.replace("GATEWAY", `${origin}/locked`));
  }
  if (pathname.startsWith("/widget/")) {
    const name = basename(pathname);
    return readFile(join(WIDGET, name)).then(
      (bytes) => {
        response.writeHead(200, { "content-type": TYPES[name.slice(name.lastIndexOf("."))] });
        response.end(bytes);
      },
      () => json(404, {}),
    );
  }
  if (pathname.startsWith("/locked/")) return json(401, { error: { message: "No.", type: "invalid_request_error", code: null } });
  authorizations.push(request.headers.authorization);
  if (pathname === "/open/v1/models") return json(200, { object: "list", data: [{ id: "llama", object: "model" }] });
  if (pathname !== "/open/v1/chat/completions") return json(404, { detail: "Not Found" });
  let body = "";
  request.on("data", (bytes) => (body += bytes)).on("end", () => {
    const call = JSON.parse(body);
    calls.push(call);
    const words = call.messages.at(-1).content === "Go on for ever" ? Infinity : 5;
    response.writeHead(200, { "content-type": "text/event-stream" });
    let sent = 0;
    const chunk = (delta, finish_reason = null) =>
      response.write(`data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    const timer = setInterval(() => {
      if (sent++ < words) return chunk({ content: `word${sent} ` });
      clearInterval(timer);
      chunk({}, "stop");
      response.end("data: [DONE]\n\n");
    }, 10);
    response.on("close", () => {
      clearInterval(timer);
      if (!response.writableFinished) hungUp += 1;
    });
  });
}

before(async () => {
  server = createServer(answer);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

async function open(path, prepare = () => {}) {
  [calls, hungUp, authorizations] = [[], 0, []];
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  await prepare(page);
  await page.goto(`http://127.0.0.1:${server.address().port}${path}`);
  return { page, problems };
}

test("a server without credits and tokens can be chatted with, and shows none", { timeout: 120_000 }, async () => {
  const { page, problems } = await open("/");
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText(/^word1.*word5/).first().waitFor();
  await page.getByRole("status", { name: "Credits" }).waitFor({ state: "hidden" });
  assert.equal(calls[0].model, "llama");
  assert.ok(authorizations.length >= 2);
  assert.ok(authorizations.every((header) => header === undefined));
  assert.deepEqual(problems, []);
  await page.close();
});

test("where neither the browser nor the server speaks or hears nothing is offered", { timeout: 120_000 }, async () => {
  const { page, problems } = await open("/", (page) =>
    page.addInitScript(() => {
      for (const name of ["speechSynthesis", "SpeechRecognition", "webkitSpeechRecognition"]) {
        Object.defineProperty(window, name, { value: undefined });
      }
      new MutationObserver(() => document.querySelector("triptych-copilot")?.setAttribute("dictation", "")).observe(document, {
        childList: true,
        subtree: true,
      });
    }),
  );
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Copy answer" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /Read aloud|Dictate/ }).count(), 0);
  assert.deepEqual(problems, []);
  await page.close();
});

test("an answer without a name is stopped by hanging up, and the next one has only its own words", { timeout: 120_000 }, async () => {
  const { page } = await open("/");
  await page.getByRole("textbox", { name: "Message" }).fill("Go on for ever");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText(/^word1.*word3/).first().waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped", { exact: true }).waitFor();
  await eventually(() => hungUp === 1, "the server notices");
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  const second = page.getByRole("article", { name: "Copilot" }).nth(1);
  await eventually(async () => (await second.getAttribute("aria-busy")) === "false", "the answer ends");
  assert.equal((await second.locator(".body").innerText()).trim(), "word1 word2 word3 word4 word5");
  await page.close();
});

test("the end stays in view for who reads there, and nowhere else", { timeout: 120_000 }, async () => {
  const { page } = await open("/");
  await page.setViewportSize({ width: 500, height: 400 });
  await page.getByRole("textbox", { name: "Message" }).fill("Go on for ever");
  await page.getByRole("button", { name: "Send" }).click();
  const transcript = page.getByRole("log", { name: "Conversation" });
  const place = () => transcript.evaluate((log) => ({ top: log.scrollTop, rest: log.scrollHeight - log.scrollTop - log.clientHeight, all: log.scrollHeight }));
  await eventually(async () => (await place()).top > 100, "the answer is longer than the panel");
  assert.ok((await place()).rest < 2);
  // A taller box for typing leaves less room, and the end in it.
  await page.getByRole("textbox", { name: "Message" }).fill("a\nb\nc\nd");
  await eventually(async () => (await place()).rest < 2, "the end is in view again");
  await transcript.hover();
  await page.mouse.wheel(0, -100);
  const back = page.getByRole("button", { name: "Go to the newest message" });
  await back.waitFor();
  const { top, all } = await place();
  await eventually(async () => (await place()).all > all + 20, "the answer goes on");
  assert.equal((await place()).top, top);
  await back.click();
  await eventually(async () => (await place()).rest < 2, "the end is in view");
  await page.close();
});

test("a server that wants a token is answered with the way to give one", { timeout: 120_000 }, async () => {
  const { page } = await open("/closed");
  await page.getByText("set the attribute token-url").waitFor();
  await page.close();
});
