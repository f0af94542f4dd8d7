// Blocks of code: coloured by a part of the widget that comes when it is needed, and copied as they were written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { PAUSE, serveAnswers } from "./answers.mjs";
import { eventually } from "./demo.mjs";

const SCRIPT = `// Counts "words".
export async function count(text: string): Promise<number> {
  const words = text.split(/\\s+/).filter((word) => word !== "");
  return words.length + 0x1f; /* a comment
  over lines */ \`\${words[0]} and \${"more"}\`
}
`;
const TEXTS = {
  code: `Look:\n\n\`\`\`ts\n${SCRIPT.replace("  return", `${PAUSE}  return`)}\`\`\`\n\nThat was it.\n`,
  words: "No code at all.",
};

let server;
let browser;

before(async () => {
  server = await serveAnswers(TEXTS);
  browser = await chromium.launch({
    executablePath: process.env.TRIPTYCH_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function visit({ block = null, query = "", ...options } = {}) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  if (block) await page.route(block, (route) => route.abort());
  await page.goto(server.url + query);
  const say = async (text) => {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  };
  const answered = async (index = 0) => {
    const answer = page.getByRole("article", { name: "Copilot" }).nth(index);
    await eventually(async () => (await answer.getAttribute("aria-busy")) === "false", "the answer ends");
    return answer;
  };
  return { page, problems, requests, say, answered, close: () => context.close() };
}

/** Texts of the parts of a class. */
const parts = (answer, name) => answer.locator(`code .${name}`).allTextContents();

test("code is coloured while it comes, and its text is what was written", { timeout: 60_000 }, async () => {
  const { page, problems, requests, say, answered, close } = await visit();
  await say("words");
  await answered(0);
  assert.deepEqual(requests.filter((path) => path.includes("highlight")), [], "nobody needed colours");
  await say("code");
  await page.locator("code .k", { hasText: "export" }).waitFor();
  server.goOn();
  const answer = await answered(1);
  assert.equal(await answer.locator("pre").textContent(), SCRIPT);
  assert.deepEqual(await parts(answer, "k"), ["export", "async", "function", "const", "return"]);
  assert.deepEqual(await parts(answer, "f"), ["count", "split", "filter"]);
  assert.deepEqual(await parts(answer, "c"), ['// Counts "words".', "/* a comment\n", "  over lines */"]);
  assert.deepEqual(await parts(answer, "n"), ["0x1f", "0"]);
  assert.equal(await answer.locator("figcaption span").textContent(), "TypeScript");
  assert.equal(requests.filter((path) => path.endsWith("highlight_bg.wasm")).length, 1);
  assert.deepEqual(problems, []);
  await close();
});
