// Blocks of code: coloured by a part of the widget that comes when it is needed, and copied as they were written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PAUSE, serveAnswers } from "./answers.mjs";
import { launch } from "./browser.mjs";
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
  plain: "```\nno language\n```\n\n```text\nplain\n```\n",
  unknown: "```klingon\nqapla' // 1\n```\n",
  wide: `\`\`\`rust\nfn main() { println!("${"wide ".repeat(60)}"); }\n\`\`\`\n`,
  long: `\`\`\`js\n${'const answer = { a: 1, b: "two" }; // three\n'.repeat(300)}\`\`\`\n\nEnd.`,
};

let server;
let browser;

before(async () => {
  server = await serveAnswers(TEXTS);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function visit({ block = null, late = null, query = "", ...options } = {}) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  if (block) await page.route(block, (route) => route.abort());
  if (late) await page.route(/highlight_bg/, (route) => late.then(() => route.continue()));
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

test("code is coloured while it comes, and its text is what was written", { timeout: 120_000 }, async () => {
  const { page, problems, requests, say, answered, close } = await visit();
  await say("words");
  await answered(0);
  assert.deepEqual(requests.filter((path) => path.includes("highlight")), [], "nobody needed colours");
  await say("code");
  await page.locator("code .k", { hasText: "export" }).waitFor();
  server.goOn();
  const answer = await answered(1);
  assert.equal(await answer.locator("pre").textContent(), SCRIPT);
  const selected = await answer.locator("pre").evaluate((pre) => {
    getSelection().selectAllChildren(pre);
    return `${getSelection()}`;
  });
  assert.equal(selected.trimEnd(), SCRIPT.trimEnd());
  assert.deepEqual(await parts(answer, "k"), ["export", "async", "function", "const", "return"]);
  assert.deepEqual(await parts(answer, "f"), ["count", "split", "filter"]);
  assert.deepEqual(await parts(answer, "c"), ['// Counts "words".', "/* a comment\n", "  over lines */"]);
  assert.deepEqual(await parts(answer, "n"), ["0x1f", "0"]);
  assert.equal(await answer.locator("figcaption span").textContent(), "TypeScript");
  assert.equal(requests.filter((path) => path.endsWith("highlight_bg.wasm")).length, 1);
  assert.deepEqual(problems, []);
  await close();
});

test("colours that come late do not move the text", { timeout: 120_000 }, async () => {
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  const { page, problems, say, answered, close } = await visit({ late: arrived });
  await say("long");
  const answer = await answered();
  const code = answer.locator("code");
  assert.equal(await code.locator("span:not(.lines)").count(), 0, "plain while there are no colours");
  const place = () => answer.locator("pre").evaluate((pre) => [pre.scrollHeight, pre.scrollWidth, pre.getBoundingClientRect().top]);
  const [before, text] = [await place(), await code.textContent()];
  arrive();
  await eventually(async () => (await code.locator(".c").count()) === 300, "all lines are coloured");
  assert.deepEqual(await place(), before);
  assert.equal(await code.textContent(), text);
  await code.evaluate((code) => getSelection().selectAllChildren(code));
  await page.keyboard.press("Control+C");
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trimEnd(), text.trimEnd(), "a selection has no lines of its own");
  assert.deepEqual(problems, []);
  await close();
});

test("where colours cannot be had, code is plain, and the next block asks again", { timeout: 120_000 }, async () => {
  const { page, problems, requests, say, answered, close } = await visit({ block: /highlight_bg/ });
  await say("wide");
  const first = await answered(0);
  assert.match(await first.locator("pre").textContent(), /^fn main.*wide/);
  assert.equal(await first.locator("code span:not(.lines)").count(), 0);
  assert.equal(await first.locator("figcaption span").textContent(), "rust");
  await page.unroute(/highlight_bg/);
  await say("unknown");
  const second = await answered(1);
  await eventually(() => requests.filter((path) => path.endsWith("highlight_bg.wasm")).length === 2, "asks again");
  await say("wide");
  const third = await answered(2);
  await third.locator("code .k", { hasText: "fn" }).waitFor();
  assert.equal(await second.locator("pre").textContent(), "qapla' // 1\n");
  assert.equal(await second.locator("code span:not(.lines)").count(), 0);
  assert.deepEqual(problems, []);
  await close();
});

test("code without a language asks for nothing", { timeout: 120_000 }, async () => {
  const { requests, say, answered, close } = await visit();
  await say("plain");
  const answer = await answered();
  assert.deepEqual(await answer.locator("pre").allTextContents(), ["no language\n", "plain\n"]);
  assert.deepEqual(requests.filter((path) => path.includes("highlight")), []);
  await close();
});

test("the button copies exactly what was written, by keyboard too, and says so", { timeout: 120_000 }, async () => {
  const { page, say, answered, close } = await visit();
  server.goOn();
  await say("code");
  const answer = await answered();
  await answer.locator("code .k").first().waitFor();
  await answer.getByRole("button", { name: "Copy", exact: true }).focus();
  await page.keyboard.press("Enter");
  await answer.getByRole("button", { name: "Copied", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), SCRIPT);
  await page.locator("[role=log].hidden", { hasText: "Copied" }).waitFor({ state: "attached" });
  await answer.getByRole("button", { name: "Copy", exact: true }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.getAttribute("aria-label")), "TypeScript");
  await close();
});

test("a clipboard that refuses is told", { timeout: 120_000 }, async () => {
  const { page, say, answered, close } = await visit();
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
  });
  await say("unknown");
  const answer = await answered();
  await answer.getByRole("button", { name: "Copy", exact: true }).click();
  await answer.getByRole("button", { name: "Copy failed", exact: true }).waitFor();
  await page.locator("[role=log].hidden", { hasText: "Copy failed" }).waitFor({ state: "attached" });
  await close();
});

test("wide code scrolls within its block, by keyboard, and stays left to right", { timeout: 120_000 }, async () => {
  const { page, say, answered, close } = await visit({ query: "?dir=rtl", viewport: { width: 320, height: 640 } });
  await say("wide");
  const answer = await answered();
  const pre = answer.locator("pre");
  await pre.focus();
  await page.keyboard.press("ArrowRight");
  await eventually(async () => (await pre.evaluate((pre) => pre.scrollLeft)) > 0, "it scrolls");
  assert.equal(await pre.evaluate((pre) => getComputedStyle(pre).direction), "ltr");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "the page does not");
  await close();
});
