// Runs the tests of a module in a browser: `node run.mjs FOLDER`, with the module and its glue as tests_bg.wasm and
// tests.js. The page is what wasm-bindgen-test expects of one.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { argv, exit } from "node:process";

import { launch } from "../e2e/browser.mjs";

const LIMIT_MS = 180_000;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = `<!doctype html><meta charset="utf-8"><title>Tests</title><pre id="output" style="visibility: hidden"></pre>
<script type="module" src="/run.js"></script>`;
const SCRIPT = `import * as tests from "./tests.js";
// What is written while a test runs belongs to that test, and is shown if it fails.
for (const method of ["debug", "log", "info", "warn", "error"]) {
  console[method] = (...args) => tests["__wbgtest_console_" + method](args);
}
window.__wbg_test_invoke = (test) => test();
window.run = async () => {
  const module = await tests.default({ module_or_path: "./tests_bg.wasm" });
  const names = Object.keys(module).filter((name) => name.startsWith("__wbgt_"));
  const context = new tests.WasmBindgenTestContext(false);
  return { count: names.length, passed: await context.run(names.map((name) => module[name])) };
};
`;

async function answer(folder, path) {
  if (path === "/") return ["text/html", PAGE];
  if (path === "/run.js") return [TYPES[".js"], SCRIPT];
  return [TYPES[extname(path)] ?? "text/plain", await readFile(join(folder, new URL(path, "http://tests").pathname))];
}

async function serve(folder) {
  const server = createServer((request, response) => {
    answer(folder, request.url).then(
      ([type, content]) => response.writeHead(200, { "content-type": type }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const server = await serve(argv[2]);
const browser = await launch();
// Narrow enough for panels to be tabs.
const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
let outcome;
try {
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`not within ${LIMIT_MS / 1000} s`)), LIMIT_MS));
  outcome = await Promise.race([page.evaluate(() => window.run()), late]);
} catch (error) {
  console.error(error);
}
const output = await page.locator("#output").textContent({ timeout: 5000 }).catch(() => "");
console.log(output);
await browser.close();
const ok = outcome?.passed === true && outcome.count > 0 && output.includes("test result: ok");
if (!ok) console.error(`the tests in the browser failed: ${JSON.stringify(outcome)}`);
exit(ok ? 0 : 1);
