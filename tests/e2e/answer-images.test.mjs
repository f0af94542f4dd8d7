// Images in answers: an address alone can carry away what was said, so none is asked for before somebody wants it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { eventually } from "./demo.mjs";
import { startParrot } from "./parrot.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const LIMIT = { timeout: 120_000 };

let browser;
let parrot;
let said = "";
/** 600 × 900 pixels of one colour. */
let picture;

before(async () => {
  parrot = await startParrot(() => said.split(/(?<= )/), `image-hosts="img.example *.pics.example"`);
  browser = await launch();
  const page = await browser.newPage({ viewport: { width: 600, height: 900 } });
  picture = await page.screenshot();
  await page.close();
});

after(async () => {
  await browser?.close();
  parrot?.stop();
});

/** A page whose copilot has answered with `text`, and what it has asked strangers for. */
async function answered(text, { broken = () => false, ...options } = {}) {
  said = text;
  const page = await browser.newPage({ viewport: { width: 500, height: 800 }, ...options });
  const asked = [];
  await page.route(/^https:/, async (route) => {
    asked.push({ url: route.request().url(), headers: await route.request().allHeaders() });
    if (broken()) return route.abort();
    return route.fulfill({ contentType: "image/png", body: picture });
  });
  await page.goto(parrot.url);
  await say(page);
  return { page, asked };
}

async function say(page, index = 0) {
  await page.getByRole("textbox", { name: "Message" }).fill("Show me");
  await page.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("article", { name: "Copilot" }).nth(index);
  await eventually(async () => (await answer.getAttribute("aria-busy")) === "false", "the answer ends");
  return answer;
}

const shown = (image) => image.evaluate((node) => node.complete && node.naturalWidth > 0 && !node.ariaBusy);

async function shot(page, name) {
  if (process.env.TRIPTYCH_SHOTS) await page.screenshot({ path: `${process.env.TRIPTYCH_SHOTS}/answer-image-${name}.png` });
}

test("an image is a button with its host until it is clicked, and is asked for without a word about the page", LIMIT, async () => {
  const { page, asked } = await answered("Look:\n\n![A red cup](https://stranger.example/cup.png?q=secret 'Cup')\n\nThat is it.");
  const button = page.getByRole("button", { name: "Load image from stranger.example" });
  await button.waitFor();
  assert.match(await button.innerText(), /A red cup/);
  assert.equal(await page.locator(".body img").count(), 0);
  await shot(page, "placeholder");
  assert.deepEqual(asked, [], "nothing was asked for");
  await button.focus();
  await page.keyboard.press("Enter");
  const image = page.getByRole("img", { name: "A red cup" });
  await eventually(() => shown(image), "the picture is shown");
  assert.deepEqual(asked.map(({ url }) => url), ["https://stranger.example/cup.png?q=secret"]);
  assert.equal(asked[0].headers.referer, undefined);
  assert.equal(await image.getAttribute("title"), "Cup");
  assert.ok(await image.evaluate((node) => node.matches(":focus")), "the focus stays where it was");
  const { width, height } = await image.boundingBox();
  assert.ok(width <= 500 && height <= 360, `${width} × ${height}`);
  assert.ok(Math.abs(width / height - 600 / 900) < 0.02, "nothing is squeezed");
  assert.equal(await page.evaluate("scrollY"), 0);
  await shot(page, "loaded");
  await page.close();
});

test("an image that does not come is a button again that says so, and can be asked for once more", LIMIT, async () => {
  let broken = true;
  const { page, asked } = await answered("![A cup](https://stranger.example/cup.png)", { broken: () => broken });
  await page.getByRole("button", { name: "Load image from stranger.example" }).click();
  const again = page.getByRole("button", { name: "Not loaded. Try again from stranger.example" });
  await again.waitFor();
  assert.match(await again.innerText(), /A cup/);
  assert.ok(await again.evaluate((node) => node.matches(":focus")));
  await shot(page, "failed");
  broken = false;
  await again.click();
  await eventually(() => shown(page.getByRole("img", { name: "A cup" })), "the picture is shown");
  assert.equal(asked.length, 2);
  await page.close();
});

test("images of allowed hosts come by themselves, whole and once, and only those", LIMIT, async () => {
  const { page, asked } = await answered(
    "![one](https://img.example/a.png) ![two](https://x.pics.example/b.png) ![three](https://pics.example/c.png) " +
      "![four](https://img.example.evil.example/d.png) ![five](https://img.example@evil.example/e.png) ![six](http://img.example/f.png)",
  );
  for (const name of ["one", "two"]) await eventually(() => shown(page.getByRole("img", { name })), name);
  assert.deepEqual(asked.map(({ url }) => url).sort(), ["https://img.example/a.png", "https://x.pics.example/b.png"]);
  const buttons = await page.locator(".body button").allInnerTexts();
  assert.deepEqual(buttons.map((text) => text.split("\n")[0]), [
    "Load image from pics.example",
    "Load image from img.example.evil.example",
    "Load image from evil.example",
  ]);
  await page.locator(".body a.image", { hasText: "six" }).waitFor();
  await shot(page, "allowed");
  // Answers from here on follow the new list.
  await page.locator("triptych-copilot").evaluate((element) => (element.imageHosts = "pics.example"));
  said = "![seven](https://pics.example/g.png) ![eight](https://img.example/h.png)";
  const second = await say(page, 1);
  await eventually(() => shown(second.getByRole("img", { name: "seven" })), "the host that is allowed now");
  await second.getByRole("button", { name: "Load image from img.example" }).waitFor();
  await page.close();
});

test("what is no address on the web is no image", LIMIT, async () => {
  const { page, asked } = await answered(
    "![relative](/v1/credits) ![data](data:image/png;base64,iVBORw0KGgo=) ![script](javascript:alert(1)) " +
      "![other](//img.example/a.png) ![blob](blob:https://img.example/a) ![none]() [![in a link](https://img.example/a.png)](https://b.example)",
  );
  const body = page.locator(".body");
  assert.equal(await body.locator("img, button").count(), 0);
  assert.equal(await body.innerText(), "relative data script other blob none in a link");
  assert.deepEqual(asked, []);
  await page.close();
});

test("a link says whose it is, whatever its text and its title say", LIMIT, async () => {
  const { page } = await answered(
    "[https://apple.example](https://\u0430pple.example/login 'https://apple.example')\n\n[bank](https://bank.example@evil.example/)\n\n[mail](mailto:a@b.example)",
  );
  const titles = await page.locator(".body a").evaluateAll((links) => links.map((link) => link.title));
  assert.deepEqual(titles, ["xn--pple-43d.example\nhttps://apple.example", "evil.example", "mailto:a@b.example"]);
  await page.locator(".body a").first().focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  const tip = await page.locator(".body a").first().evaluate((link) => getComputedStyle(link, "::after").content);
  assert.match(tip, /xn--pple-43d\.example/);
  await shot(page, "link");
  await page.close();
});

for (const [name, options] of [["dark", { colorScheme: "dark" }], ["narrow", { viewport: { width: 320, height: 600 } }], ["forced", { forcedColors: "active" }]]) {
  test(`a button for an image is accessible: ${name}`, LIMIT, async () => {
    const { page } = await answered("![A cup of coffee on a wooden table beside a window](https://a-very-long-name-of-a-host.stranger.example/cup.png)", {
      ...options,
      bypassCSP: true,
    });
    await page.getByRole("button", { name: /Load image/ }).waitFor();
    await page.addScriptTag({ path: AXE });
    const { violations } = await page.evaluate(() => window.axe.run(document.querySelector("triptych-copilot")));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id} ${nodes[0].html}`), []);
    assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= page.viewportSize().width);
    await shot(page, name);
    await page.close();
  });
}
