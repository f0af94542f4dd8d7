// Formulas and diagrams in answers: their source until the part of the widget that draws them is there, and nothing
// fetched where the page has not asked for them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PAUSE, serveAnswers } from "./answers.mjs";
import { launch } from "./browser.mjs";
import { eventually } from "./demo.mjs";

const FLOW = `flowchart TD
  A[Start] --> B{Ready?}
  B -->|yes| C([Go])
  B -->|no| A
`;
const TEXTS = {
  formula: `The roots of $ax^2 + b${PAUSE}x + c = 0$ are\n\n$$\nx = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}\n$$\n\nand cost $5 or $10, \\(\\alpha_1\\) too.\n`,
  wrong: "This is $\\href{javascript:alert(1)}{x}$ and this $\\frac{1}{2}$.\n",
  diagram: `A plan:\n\n\`\`\`mermaid\n${FLOW.replace("  B -->|no|", `${PAUSE}  B -->|no|`)}\`\`\`\n\nDone.\n`,
  unknown: "```mermaid\ngantt\n  title A plan\n```\n",
};
const BOTH = "?attributes=math%20diagrams";

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

async function visit(query, { block = null, ...options } = {}) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  page.on("console", (message) => /security policy/i.test(message.text()) && problems.push(message.text()));
  const parts = [];
  page.on("request", (request) => parts.push(...(/triptych_(math|diagram)_bg/.exec(request.url())?.slice(1) ?? [])));
  if (block) await page.route(block, (route) => route.abort());
  await page.goto(server.url + query);
  const say = async (text) => {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
  };
  const ended = async () => {
    const answer = page.getByRole("article", { name: "Copilot" }).last();
    await eventually(async () => (await answer.getAttribute("aria-busy")) === "false", "the answer ends");
    return answer;
  };
  return { page, problems, parts, say, ended, close: () => context.close() };
}

test("A formula is its source until it is complete, and then MathML", async () => {
  const { page, problems, parts, say, ended, close } = await visit(BOTH);
  await say("formula");
  const answer = page.getByRole("article", { name: "Copilot" }).last();
  await eventually(async () => (await answer.textContent()).includes("$ax^2 + b"), "half of the formula is there");
  assert.deepEqual(parts, []);
  assert.equal(await answer.locator("math").count(), 0);
  server.goOn();
  await ended();
  await eventually(async () => (await answer.locator("math").count()) === 3, "three formulas are drawn");
  assert.deepEqual(parts, ["math"]);
  assert.equal(await answer.locator("math[display=block] mfrac msqrt").count(), 1);
  assert.equal(await answer.locator("math").first().evaluate((math) => math.namespaceURI), "http://www.w3.org/1998/Math/MathML");
  assert.match(await answer.innerText(), /cost \$5 or \$10/);
  // What is copied is what was written.
  const copied = await answer.locator("p").first().evaluate((paragraph) => {
    const selection = getSelection();
    selection.setBaseAndExtent(paragraph.firstChild, 0, paragraph.lastChild, paragraph.lastChild.length ?? 0);
    return `${selection}`;
  });
  assert.match(copied, /\$ax\^2 \+ bx \+ c = 0\$/);
  assert.doesNotMatch(copied, /−|𝑎/u);
  assert.deepEqual(problems, []);
  await close();
});

test("What is not understood stays source and says why", async () => {
  const { page, problems, say, ended, close } = await visit(BOTH);
  await say("wrong");
  const answer = await ended();
  await eventually(async () => (await answer.locator("math").count()) === 1, "the other formula is drawn");
  const wrong = answer.locator(".math.unread");
  assert.equal(await wrong.innerText(), "$\\href{javascript:alert(1)}{x}$");
  assert.equal(await wrong.getAttribute("title"), "Not understood: \\href");
  assert.equal(await page.locator("a[href^=javascript]").count(), 0);
  await say("unknown");
  await ended();
  const block = page.locator("figure.diagram");
  await eventually(async () => (await block.getAttribute("title")) === "Not understood: gantt", "the block says why");
  assert.equal(await block.locator("pre").innerText(), "gantt\n  title A plan\n");
  assert.deepEqual(problems, []);
  await close();
});

test("A diagram is drawn once it is complete, is told to screen readers, and shows its source on demand", async () => {
  const { page, problems, parts, say, ended, close } = await visit(BOTH);
  await say("diagram");
  const answer = page.getByRole("article", { name: "Copilot" }).last();
  await eventually(async () => (await answer.textContent()).includes("B -->|yes| C([Go])"), "half of the diagram is there");
  assert.deepEqual(parts, []);
  server.goOn();
  await ended();
  const drawing = answer.getByRole("img", { name: "Start → Ready?; Ready? → Go (yes); Ready? → Start (no)" });
  await drawing.waitFor();
  assert.deepEqual(parts, ["diagram"]);
  assert.equal(await drawing.locator(".node").count(), 3);
  const source = answer.locator("pre");
  assert.equal(await source.isVisible(), false);
  const button = answer.getByRole("button", { name: "Show source" });
  await button.press("Enter");
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  assert.equal(await source.innerText(), FLOW);
  await answer.getByRole("button", { name: "Copy", exact: true }).click();
  await eventually(async () => (await page.evaluate(() => navigator.clipboard.readText())) === FLOW, "the source is copied");
  assert.deepEqual(problems, []);
  await close();
});

test("A page that has not asked for them fetches nothing and sees the source", async () => {
  const { parts, problems, say, ended, close } = await visit("?attributes=math%3D%22false%22");
  server.goOn();
  await say("formula");
  const answer = await ended();
  assert.equal(await answer.locator("math, .math").count(), 0);
  assert.match(await answer.innerText(), /The roots of \$ax\^2/);
  server.goOn();
  await say("diagram");
  await ended();
  assert.deepEqual(parts, []);
  assert.deepEqual(problems, []);
  await close();
});

test("Without the part an answer is complete, and the next one asks for it again", async () => {
  const { page, parts, say, ended, close } = await visit(BOTH, { block: /triptych_math_bg/ });
  await say("wrong");
  const answer = await ended();
  assert.match(await answer.innerText(), /and this \$\\frac\{1\}\{2\}\$\./);
  await page.unroute(/triptych_math_bg/);
  const before = parts.length;
  await say("wrong");
  const next = await ended();
  await eventually(async () => (await next.locator("math").count()) === 1, "the formula is drawn");
  assert.ok(parts.length > before);
  await close();
});

test("Properties turn them on and off", async () => {
  const { page, say, ended, close } = await visit("");
  await page.evaluate(() => {
    const old = document.querySelector("triptych-copilot");
    const own = { gateway: old.gateway, mode: "inline", panels: "chat", math: true, diagrams: false };
    old.replaceWith(Object.assign(document.createElement("triptych-copilot"), own));
  });
  await say("wrong");
  const answer = await ended();
  await eventually(async () => (await answer.locator("math").count()) === 1, "the formula is drawn");
  await say("unknown");
  assert.equal(await (await ended()).locator("figure.diagram").count(), 0);
  await close();
});
