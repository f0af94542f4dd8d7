// A Vite project that installs the packed file, is built for production, and streams a chat from a gateway elsewhere.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, extname, join, normalize } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { install } from "./project.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

describe("the packed file in a Vite project", () => {
  let files, page, site, browser, demo;

  before(async () => {
    const project = install("vite");
    project.npm("run", "build");
    files = join(project.folder, "dist");
    site = await serve(files);
    demo = await startDemo(join(root, "target/pack/demo"), site.origin);
    const executablePath = process.env.TRIPTYCH_CHROMIUM;
    const quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
    browser = await chromium.launch(executablePath ? { executablePath, args: quiet } : { channel: "chromium", args: quiet });
    page = await browser.newPage({ viewport: { width: 900, height: 800 } });
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
    site?.close();
  });

  it("emits each WebAssembly file once", () => {
    const emitted = readdirSync(files, { recursive: true }).filter((name) => name.endsWith(".wasm"));
    const names = emitted.map((name) => basename(name).replace(/-.*/, "")).sort();
    const parts = ["triptych_more", "triptych_more_panels", "triptych_panels"];
    const whole = ["triptych_copilot_bg", "triptych_diagram_bg", "triptych_highlight_bg", "triptych_math_bg"];
    assert.deepEqual(names, [...whole, ...parts].sort(), emitted.join(", "));
  });

  it("streams a chat, and says nothing on the console", async () => {
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    const wasm = page.waitForResponse((response) => response.url().endsWith(".wasm"));
    await page.goto(`${site.origin}/?gateway=${encodeURIComponent(demo.url)}`);
    assert.equal((await wasm).url().startsWith(site.origin), true);
    await page.getByRole("textbox", { name: "Message" }).fill("Tell me about rivers.");
    await page.getByRole("button", { name: "Send" }).click();
    // Stop is there only while words still come: the first of them are on the page before the last.
    await page.getByRole("button", { name: "Stop" }).waitFor();
    const log = page.getByRole("log", { name: "Conversation" });
    await page.waitForFunction((log) => log.textContent.replace("Tell me about rivers.", "").trim().length > 20, await log.elementHandle());
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", timeout: 60_000 });
    // What opens by a click is in files of its own.
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("group", { name: "Announce answers" }).waitFor();
    assert.deepEqual(said, []);
  });
});

/** Serves a folder of built files on a free port. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://site").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(folder) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Starts a demo that allows pages of `origin`, and waits until it is ready. */
async function startDemo(state, origin) {
  rmSync(state, { recursive: true, force: true });
  const args = ["demo", "--port", "0", "--fresh", "--state", state, "--origin", origin];
  const [program, ...rest] = process.env.TRIPTYCH_XTASK ? [process.env.TRIPTYCH_XTASK, ...args] : ["cargo", "xtask", ...args];
  const child = spawn(program, rest, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((done) => child.on("exit", done));
  const ready = new Promise((done, failed) => {
    const listen = (chunk) => {
      said += chunk;
      if (said.includes("Press Ctrl-C to stop.")) done();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    ended.then(() => failed(new Error(`the demo ended:\n${said}`)));
  });
  await ready;
  const { url } = JSON.parse(readFileSync(join(state, "demo.json"), "utf8"));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return { url, stop };
}
