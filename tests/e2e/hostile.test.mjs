// Published attacks as answers, on a page with the strictest policy: no script runs, nobody is asked for anything, and
// the page consists of what an answer may consist of.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { ROOT, eventually } from "./demo.mjs";
import { WIDGET, startParrot } from "./parrot.mjs";

/** Elements of an answer, each with its attributes. */
const KNOWN = {
  a: ["href", "target", "rel", "part", "title", "class"],
  button: ["type", "class", "part", "value", "title", "data-alt", "data-title"],
  div: ["class", "tabindex", "role", "aria-label"],
  input: ["type", "disabled", "aria-label", "checked"],
  ol: ["class", "start"],
  span: ["class", "dir"],
  th: ["class", "scope"],
  figure: ["class"], p: ["class"], pre: ["tabindex", "role", "aria-label"], td: ["class"], ul: ["class"],
  blockquote: [], br: [], code: [], del: [], em: [], figcaption: [], hr: [], li: [], strong: [], table: [], tbody: [], thead: [], tr: [],
  h1: [], h2: [], h3: [], h4: [], h5: [], h6: [],
};
/** Conversations of so many answers each: a page with all of them would be slow for no reason. */
const PART = 75;

const payloads = (
  await Promise.all(["owasp", "dompurify"].map((name) => readFile(join(ROOT, `crates/markdown/tests/fixtures/xss/${name}.txt`), "utf8")))
).flatMap((text) => text.replace(/\n$/, "").split("\n%%\n").slice(1));

/** An answer with the payload where it might do something; what may swallow the rest comes last. */
function attack(payload) {
  const line = payload.replaceAll(/[\r\n]/g, " ");
  const packed = line.replaceAll(" ", "%20");
  const code = [...payload].map((character) => `&#x${character.codePointAt(0).toString(16)};`).join("");
  return [
    `Before ${line} and **after ${line}** it.`,
    `[label](${line})`,
    `[label](<${line}> "${line}")`,
    `[label](https://a.example '${line}')`,
    `[label](https://a.example/${packed})`,
    `[${line}](https://a.example)`,
    `![${line}](https://a.example/i.png '${line}')`,
    `![alt](<${line}>)`,
    `[![${line}](${packed})](${packed})`,
    `<${line}> <https://${packed}>`,
    `| ${line} | b |\n|---|:-:|\n| ${line} | [c](${line}) |`,
    `> ${line}\n\n- ${line}\n\n# ${line}`,
    code,
    `[label](${code})`,
    `\`\`\`${line}\n${payload}\n\`\`\``,
    `[late][r]\n\n[r]: <${line}> '${line}'`,
    payload,
  ].join("\n\n");
}

/** Cuts a text at places that look random and are the same in each run. */
function* pieces(text, seed) {
  const characters = [...text];
  for (let at = 0; at < characters.length; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const length = 1 + (seed % 400);
    yield characters.slice(at, at + length).join("");
    at += length;
  }
}

let browser;
let parrot;

before(async () => {
  parrot = await startParrot((said) => pieces(attack(payloads[Number(said)]), Number(said) + 1));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  parrot?.stop();
});

/** Notes whatever runs that should not. */
function instrument() {
  window.ran = [];
  const note = (name) => (...values) => void window.ran.push([name, ...values].join(" "));
  for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = note(name);
  document.addEventListener("securitypolicyviolation", (event) => window.ran.push(`violation ${event.violatedDirective} ${event.sample}`));
  window.addEventListener("error", (event) => window.ran.push(`error ${event.message}`), true);
  window.names = Object.keys(window);
}

/** What stands in the answers and should not. */
function unknown(known) {
  const found = [];
  const root = document.querySelector("triptych-copilot").shadowRoot;
  for (const element of root.querySelectorAll(".answer .body *")) {
    // What a pointer does on its way over the page.
    for (const type of ["pointerover", "mouseover", "mouseenter", "focus"]) element.dispatchEvent(new Event(type, { bubbles: true }));
    const attributes = known[element.localName];
    if (!attributes) found.push(element.localName);
    for (const name of element.getAttributeNames()) {
      if (!attributes?.includes(name)) found.push(`${name} of ${element.outerHTML.slice(0, 200)}`);
    }
    if (element.localName === "a" && !["http:", "https:", "mailto:", ":"].includes(element.protocol)) found.push(element.href);
    if (element.localName === "a" && element.rel !== "noopener noreferrer nofollow") found.push(element.outerHTML);
  }
  return found;
}

// Leptos sets whole elements of a view that never change as markup, which this keeps out of them: `{"text"}` instead
// of `"text"` is enough.
test("nothing in the widget can turn a string into markup or code", async () => {
  const scripts = (await readdir(WIDGET)).filter((name) => name.endsWith(".js"));
  assert.ok(scripts.length > 1);
  for (const name of scripts) {
    const found = (await readFile(join(WIDGET, name), "utf8")).match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
    assert.equal(found, null, name);
  }
});

for (let first = 0; first < payloads.length; first += PART) {
  const part = payloads.slice(first, first + PART).map((_, index) => first + index);
  test(`attacks ${first} to ${first + part.length - 1} stay words`, { timeout: 180_000 }, async () => {
    const page = await browser.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const problems = [];
    page.on("console", (message) => ["warning", "error"].includes(message.type()) && problems.push(message.text()));
    page.on("dialog", (dialog) => (problems.push(dialog.message()), dialog.dismiss()));
    page.on("framenavigated", (frame) => frame === page.mainFrame() || problems.push(frame.url()));
    await page.addInitScript(instrument);
    await page.goto(parrot.url);
    await page.locator("triptych-copilot").evaluate((element, all) => all.forEach((index) => element.send(`${index}`)), part);
    const answers = page.locator(".answer");
    await eventually(async () => (await answers.count()) === part.length, "all answers begin", 150_000);
    await eventually(async () => (await answers.last().getAttribute("aria-busy")) === "false", "the last one ends");
    assert.deepEqual(await page.evaluate(unknown, KNOWN), []);
    assert.deepEqual(await page.evaluate("window.ran"), []);
    assert.deepEqual(await page.evaluate("Object.keys(window).filter((name) => !names.includes(name) && name !== 'names')"), []);
    assert.deepEqual(problems, []);
    const own = /^\/($|icon$|widget\/|v1\/(models|credits|estimate|chat\/completions)$)/;
    assert.deepEqual(asked.filter((url) => !url.startsWith(parrot.url) || !own.test(new URL(url).pathname)), []);
    assert.equal(asked.filter((url) => url.endsWith("/completions")).length, part.length);
    assert.ok(await page.locator(".body").last().innerText(), "there is something to see");
    await page.close();
  });
}
