// A test in a browser: its own user, its own context, an empty console and agreeing books.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkBooks, micro } from "./books.mjs";
import { launch } from "./browser.mjs";
import { CREDIT, ROOT, eventually, startDemo } from "./demo.mjs";

/** Room for one panel beside another page's content, so that panels are tabs. */
export const TABS = { width: 1000, height: 900 };
const LIMIT_MS = 30_000;

/** Starts a demo and a browser for the tests of one file, and answers with the function that declares a test. */
export function suite(options = {}) {
  let demo;
  let browser;
  before(async () => {
    demo = await startDemo(options);
    browser = await launch(...(options.browser ?? []));
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  return function scenario(name, body, { credits = 1000, viewport = TABS, ...context } = {}) {
    test(name, { timeout: 180_000 }, async () => {
      const visit = new Visit(demo, name);
      await visit.begin(browser, { viewport, ...context }, credits);
      try {
        await body(visit);
        assert.deepEqual(visit.problems(), [], "the console stays empty");
        await visit.end();
      } catch (error) {
        const file = await visit.keepFailure();
        throw new Error(`${error.message}\nconsole: ${JSON.stringify(visit.console)}\npicture: ${file}`, { cause: error });
      } finally {
        await visit.context.close();
      }
    });
  };
}

class Visit {
  console = [];
  tokens = [];
  #expected = [];
  #granted = 0;
  #billBefore = 0;

  constructor(demo, name) {
    this.demo = demo;
    this.name = name.replaceAll(/\W+/g, "-").slice(0, 80);
  }

  async begin(browser, options, credits) {
    this.user = await this.demo.newUser(credits);
    this.#granted = credits * CREDIT;
    this.#billBefore = (await this.demo.bill()).length;
    this.context = await browser.newContext(options);
    this.context.setDefaultTimeout(LIMIT_MS);
    // The pages ask for the demo's user; every test is somebody else.
    await this.context.route("**/demo/token*", (route) => {
      this.tokens.push(Date.now());
      const url = new URL(route.request().url());
      url.searchParams.set("user", this.user);
      return route.continue({ url: url.href });
    });
    this.page = await this.context.newPage();
    this.watch(this.page);
  }

  /** Hears every warning and error of a page. */
  watch(page) {
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) {
        this.console.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.console.push(`pageerror: ${error.stack ?? error}`));
  }

  /** A message of the browser itself that the test provokes. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  problems() {
    return this.console.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
  }

  /** Opens a page and waits until its widget can be used. */
  async open(path = "/", base = this.demo.url) {
    await this.page.goto(new URL(path, base).href);
    await this.credits().first().getByText(/\d/).first().waitFor();
  }

  /** Has the page's element begin with these attributes: they are there before the copilot is. */
  setFirst(attributes) {
    return this.page.addInitScript((attributes) => {
      const found = new MutationObserver(() => {
        const element = document.querySelector("triptych-copilot");
        for (const [name, value] of Object.entries(attributes)) element?.setAttribute(name, value);
        if (element) found.disconnect();
      });
      found.observe(document, { childList: true, subtree: true });
    }, attributes);
  }

  /** The user buys credits somewhere else. */
  async topUp(credits) {
    await this.demo.grant(this.user, credits * CREDIT);
    this.#granted += credits * CREDIT;
  }

  /** Credits came by another way than `topUp`. */
  granted(amount) {
    this.#granted += amount;
  }

  async end() {
    await checkBooks(this.demo, this.user, this.#billBefore, this.#granted);
  }

  // What people see.

  credits(within = this.page) {
    return within.getByRole("status", { name: "Credits" });
  }

  message(within = this.page) {
    return within.getByRole("textbox", { name: "Message" });
  }

  button(name, within = this.page) {
    return within.getByRole("button", { name, exact: true });
  }

  tab(name, within = this.page) {
    return within.getByRole("tab", { name });
  }

  /** Answers so far, oldest first. */
  answers(within = this.page) {
    return within.getByRole("article", { name: "Copilot" });
  }

  async say(text, within = this.page) {
    await this.message(within).fill(text);
    await this.button("Send", within).click();
  }

  /** Waits for the end of an answer and gives its element. */
  async answered(index = 0, within = this.page) {
    const answer = this.answers(within).nth(index);
    await answer.waitFor();
    await eventually(async () => (await answer.getAttribute("aria-busy")) === "false", "the answer ends");
    return answer;
  }

  /** What the widget says is available, in micro-credits, with every digit. */
  async shownBalance(within = this.page) {
    return micro(await this.credits(within).getAttribute("title"));
  }

  /** Waits until the widget shows what the ledger says. */
  async balanceShown(within = this.page) {
    await eventually(async () => {
      const { available } = await this.demo.balance(this.user);
      return (await this.shownBalance(within)) === available;
    }, "the widget shows the ledger's balance");
  }

  /** The price beside a button, in micro-credits. */
  async priceBeside(button, within = this.page) {
    const form = within.locator("form").filter({ has: button });
    return micro(await form.locator(".price").innerText());
  }

  /** Keeps a picture of this moment where `TRIPTYCH_SHOTS` names a folder. */
  async shot(name) {
    const folder = process.env.TRIPTYCH_SHOTS;
    if (folder) await this.page.screenshot({ path: join(folder, `e2e-${name}.png`) });
  }

  async keepFailure() {
    const folder = join(ROOT, "target", "e2e");
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${this.name}.png`);
    // The page may be what broke.
    return this.page
      .screenshot({ path })
      .then(() => path)
      .catch(() => "none");
  }
}
