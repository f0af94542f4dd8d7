// Languages: which one is chosen, and how it looks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { ROOT, eventually } from "./demo.mjs";
import { suite } from "./scenario.mjs";

const scenario = suite();
const LANGUAGES = ["ar", "de", "es", "fr", "he", "it", "ja", "nl", "pl", "pt-BR", "zh-Hans"];

/** The sentences of a language by their names. */
async function sentences(language) {
  const text = await readFile(join(ROOT, "pkg/src/locales", `${language}.txt`), "utf8");
  return Object.fromEntries(text.trim().split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** Opens a page whose widget says its language itself. */
async function openIn(visit, language, path = "/") {
  await visit.page.route((url) => url.pathname === path, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace("<triptych-copilot", `<triptych-copilot locale="${language}"`);
    return route.fulfill({ response: answer, body });
  });
  await visit.page.goto(visit.demo.url + path);
  await visit.page.locator(".credits .amount").getByText(/\p{Nd}/u).waitFor();
}

const setLocale = (visit, locale) => visit.page.locator("triptych-copilot").evaluate((element, locale) => (element.locale = locale), locale);

scenario("the browser knows the forms of numbers that each file has", async (visit) => {
  await visit.open("/");
  for (const language of LANGUAGES) {
    const { PluralForms } = await sentences(language);
    const known = await visit.page.evaluate((tag) => new Intl.PluralRules(tag).resolvedOptions().pluralCategories, language);
    assert.deepEqual(PluralForms.split("|").sort(), known.sort(), language);
  }
});

scenario("the attribute chooses the language, at run time as well, and what was typed stays", async (visit) => {
  const fetched = [];
  visit.page.on("request", (request) => request.url().includes("/locales/") && fetched.push(request.url().split("/").pop()));
  await visit.open("/chat.html");
  assert.deepEqual(fetched, [], "English needs no file");
  await visit.message().fill("Guten Tag");
  await setLocale(visit, "de-AT");
  const message = visit.page.getByRole("textbox", { name: "Nachricht" });
  await message.waitFor();
  assert.equal(await message.inputValue(), "Guten Tag");
  assert.equal(await visit.page.locator(".copilot").getAttribute("lang"), "de-AT");
  await visit.button("Senden").click();
  const answer = visit.page.getByRole("article", { name: "Copilot" });
  await eventually(async () => (await answer.getAttribute("aria-busy")) === "false", "the answer ends");
  assert.match(await answer.innerText(), /berechnet.*erstes Token nach \d+,\d\d? s/s);
  await setLocale(visit, null);
  await visit.message().waitFor();
  assert.match(await visit.answers().innerText(), /first token/, "the conversation is drawn anew");
  assert.deepEqual(fetched, ["de.txt"]);
});

scenario(
  "without an attribute the page's language is taken, and without one the browser's",
  async (visit) => {
    await visit.page.route((url) => url.pathname === "/chat.html", async (route) => {
      const answer = await route.fetch();
      return route.fulfill({ response: answer, body: (await answer.text()).replace(/ lang="\w+"/, "") });
    });
    await visit.page.goto(`${visit.demo.url}/chat.html`);
    await visit.page.getByRole("textbox", { name: "Nachricht" }).waitFor();
    await visit.page.getByRole("status", { name: "Guthaben" }).getByText("1.000").waitFor();
    await visit.open("/");
    await visit.message().waitFor();
  },
  { locale: "de-DE" },
);

scenario("a language whose file cannot be had, and one that is none, are English", async (visit) => {
  visit.expect(/404|ERR_FAILED/);
  await visit.page.route("**/locales/de.txt", (route) => route.fulfill({ status: 404, body: "Not found" }));
  for (const language of ["de", "tlh", "x_!", "constructor"]) {
    await openIn(visit, language);
    await visit.message().waitFor();
    assert.match(await visit.page.locator(".copilot").getAttribute("lang"), /^en/, language);
  }
});

scenario("single sentences are the page's own where it says so", async (visit) => {
  await visit.page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      document.querySelector("triptych-copilot").strings = { askAnything: "Ask our {0}\nlibrarian", noSuch: "x" };
    });
  });
  await visit.open("/chat.html");
  assert.equal(await visit.message().getAttribute("placeholder"), "Ask our {0} librarian");
});

scenario("a language from right to left turns the widget, unless the page has a direction of its own", async (visit) => {
  await openIn(visit, "he");
  assert.equal(await visit.page.locator(".copilot").evaluate((element) => getComputedStyle(element).direction), "rtl");
  await visit.page.evaluate(() => (document.documentElement.dir = "ltr"));
  await setLocale(visit, "ar");
  await eventually(async () => (await visit.page.locator(".copilot").getAttribute("lang")) === "ar", "Arabic");
  assert.equal(await visit.page.locator(".copilot").evaluate((element) => getComputedStyle(element).direction), "ltr");
});
